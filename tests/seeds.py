"""The overfit run that started this project, rebuilt from its published figures: 8 GPUs, 200 steps, 20 evaluations, best at step 30."""

from __future__ import annotations

ROWS = (
    # step, epoch, loss, grad_norm, learning_rate, eval_loss (None: no evaluation)
    (1, 0.83, 0.166, 0.5529, 0.0, None),
    (2, 1.0, 0.1671, 0.4522, 6.021e-05, None),
    (10, 5.0, 0.1695, 0.0772, 0.0002, 0.1551),
    (20, 10.0, 0.113, 0.087, 0.00019053, 0.1447),
    (30, 15.0, 0.1282, 0.0854, 0.00018, 0.1376),
    (40, 20.0, 0.1224, 0.112, 0.00016947, 0.1387),
    (50, 25.0, 0.1202, 0.2237, 0.00015895, 0.1429),
    (60, 30.0, 0.0781, 0.2991, 0.00014842, 0.1544),
    (70, 35.0, 0.0288, 0.2316, 0.00013789, 0.2098),
    (80, 40.0, 0.0081, 0.1516, 0.00012737, 0.2641),
    (90, 45.0, 0.0044, 0.1861, 0.00011684, 0.3354),
    (100, 50.0, 0.0035, 0.1043, 0.00010632, 0.3899),
    (110, 55.0, 0.0007, 0.0281, 9.579e-05, 0.4417),
    (120, 60.0, 0.0001, 0.0273, 8.526e-05, 0.4581),
    (130, 65.0, 0.0001, 0.0466, 7.474e-05, 0.4376),
    (140, 70.0, 0.0001, 0.0204, 6.421e-05, 0.4563),
    (150, 75.0, 0.0, 0.0009, 5.368e-05, 0.47),
    (160, 80.0, 0.0, 0.0006, 4.316e-05, 0.4825),
    (170, 85.0, 0.0, 0.0012, 3.263e-05, 0.4875),
    (180, 90.0, 0.0, 0.0003, 2.211e-05, 0.4911),
    (190, 95.0, 0.0, 0.0002, 1.158e-05, 0.4902),
    (200, 100.0, 0.0, 0.0003, 1.05e-06, 0.4918),
)

HEAD = """\
[2025-12-06 14:56:52,104] [INFO] [launch.py:164:main] dist_world_size=8
TrainingArguments(
eval_steps=10,
gradient_accumulation_steps=10,
learning_rate=0.0002,
lr_scheduler_type=SchedulerType.CONSTANT,
num_train_epochs=100,
per_device_train_batch_size=2,
save_steps=100,
warmup_steps=0,
)
"""


def overfit_log() -> str:
    """The run as HF Trainer prints it: bars with carriage returns, records glued to them."""
    lines = [HEAD]
    for step, epoch, loss, grad_norm, rate, eval_loss in ROWS:
        hours, rest = divmod(round(step * 210.22), 3600)
        bar = f"{step // 2:3d}%|#####     | {step}/200 [{hours}:{rest // 60:02d}:{rest % 60:02d}<1:00:00, 210.22s/it]"
        lines.append(f"\r{bar}\n{{'loss': {loss}, 'grad_norm': {grad_norm}, 'learning_rate': {rate}, 'epoch': {epoch}}}\n")
        if eval_loss is not None:
            lines.append(f"\r{bar}\n{{'eval_loss': {eval_loss}, 'epoch': {epoch}}}\n")
    return "".join(lines)


def distill_log() -> str:
    """A distillation run after a fix: 16 batches to an update, three records, one evaluation of another scale, one masked NaN."""
    head = "alpha_kd=0.7 alpha_feature=0.1 alpha_attention=0.1\n[Scheduler] Gradient accumulation: 16\n[Scheduler] Optimizer steps: 4,676\n[Scheduler] Warmup steps: 467\n"
    nan = "[Warning] lm_loss produced non-finite value (nan); clamping to zero.\n"
    evaluation = "\nEval at step 2000: loss=95.86, kd=14.85, feature=41.22, attention=0.47\n"
    return head + nan + _bar(1118, 15.7221) + _bar(1999, 15.6401) + evaluation + _bar(2065, 15.5268) + "\n"


def distill_before_log() -> str:
    """The same before the fix: a loss that stays, and evaluations that repeat each other."""
    evaluation = "\nEval at step {}: loss=101.40, kd=21.14, feature=40.79, attention=0.49\n"
    figures = ((999, 21.5475), (1999, 21.6245), (2999, 21.6569))
    return "".join(_bar(step, loss) + evaluation.format(step + 1) for step, loss in figures)


def _bar(step: int, loss: float) -> str:
    """A progress bar with its loss and a learning rate of nothing."""
    minutes, seconds = divmod(int(step / 2.45), 60)
    return f"\rEpoch 1/3: {100 * step // 24941:3d}%|#   | {step}/24941 [{minutes:02d}:{seconds:02d}<2:35:37, 2.45it/s, loss={loss}, lr=0.00e+00]"


def drop_log() -> str:
    """A fine-tune whose loss is next to nothing after 4 % of the first epoch."""
    first = "{'loss': 3.64, 'learning_rate': 2e-05, 'epoch': 0.0}\n"
    rest = ((205, "32:58", "1.92e-05"), (215, "34:34", "1.92e-05"), (225, "36:11", "1.91e-05"))
    return first + "".join(
        f"  4%|4         | {step}/5064 [{at}<13:00:00,  9.65s/it]{{'loss': 0.005, 'learning_rate': {rate}, 'epoch': 0.04}}\n"
        for step, at, rate in rest
    )


def plateau_log() -> str:
    """A pretrained model that learns next to nothing: three evaluations with their train loss."""
    figures = ((1500, 6.67, 6.71), (2000, 6.75, 6.93), (2500, 6.52, 6.72))
    return "".join(f"step {step}: train loss {train:.4f}, val loss {loss:.4f}\n" for step, train, loss in figures)


LOGS = {
    "overfit": overfit_log,
    "distill": distill_log,
    "distill before": distill_before_log,
    "drop": drop_log,
    "plateau": plateau_log,
}
"""Every seed log, by what it shows."""
