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
