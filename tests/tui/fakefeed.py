"""A made-up run that overfits, as a feed: what screens, tests, pictures and benchmarks are fed with."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from trainwatch.model.facts import Fact
from trainwatch.model.inputs import CheckpointSeen, Gpu, Sample
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Alert, Best, Command, Evaluation, PhaseName, PhaseSpan, Progress, RunInfo, Snapshot, Stop
from trainwatch.model.verdict import Event, Evidence, RuleStatus, Severity, Verdict

TOTAL = 4400
EVERY = 200
"""Steps between evaluations: 22 of them in a full run."""

SOURCE = "train_v4_7471.out"
RUN = RunInfo("train_v4-7471", "train_v4", (SOURCE,), command=("torchrun", "train.py"), host="gpu-17", job_id="7471", supervised=True)
_STARTS: tuple[tuple[PhaseName, int, str], ...] = (
    ("warm-up", 0, "before the first evaluation"),
    ("healthy", 200, "eval loss falls with train loss"),
    ("divergence", 1400, "eval loss above its best while train loss falls"),
    ("severe", 2200, "eval loss 10 % above its best"),
    ("memorised", 3200, "train loss below 3 % of where it began"),
)
_SEVERITIES = ((1800, Severity.YELLOW), (2000, Severity.ORANGE), (2400, Severity.RED), (3400, Severity.BLACK))
_RULES = ("non_finite", "early_stopping", "hang", "dead_training")


def train_loss(step: int) -> float:
    """The smooth course of the train loss."""
    return 3.1 * math.exp(-step / 620) + 0.03


def eval_loss(step: int) -> float:
    """The smooth course of the eval loss: best at step 1,400."""
    return 2.35 * math.exp(-step / 480) + 0.78 + 0.42 * max(step - 1100, 0) / 2200


def snapshot(step: int = 2600, *, gpus: int = 8, seed: int = 1) -> Snapshot:
    """The run after so many steps."""
    dice = random.Random(seed)
    series = {n: Series() for n in ("loss", "grad_norm", "learning_rate", "eval_loss", "tokens_per_second", "eval_runtime")}
    for s in range(10, step + 1, 10):
        series["loss"].extend([train_loss(s) * (1 + dice.gauss(0, 0.07))], s, s)
        series["grad_norm"].extend([0.4 + 1.2 * math.exp(-s / 500) + abs(dice.gauss(0, 0.09))], s, s)
        series["learning_rate"].extend([learning_rate(s)], s, s)
        series["tokens_per_second"].extend([41200 + dice.gauss(0, 260)], s, s)
    evaluations = [_evaluation(i, s) for i, s in enumerate(range(EVERY, step + 1, EVERY))]
    for e in evaluations:
        series["eval_loss"].extend([e.value], e.step or 0, e.step or 0)
        series["eval_runtime"].extend([21.4 + dice.gauss(0, 0.3)], e.step or 0, e.step or 0)
    return _judged(step, series, tuple(evaluations), gpus)


def learning_rate(step: int) -> float:
    """Linear warm-up over 300 steps, then cosine to zero."""
    return 2e-4 * (step / 300 if step < 300 else 0.5 * (1 + math.cos(math.pi * (step - 300) / (TOTAL - 300))))


def _evaluation(index: int, step: int) -> Evaluation:
    """One evaluation."""
    value = round(eval_loss(step), 4)
    evidence = Evidence("eval_loss", value, step, None, SOURCE, 1, 2 * step)
    return Evaluation(index, value, step, step / 440, {"eval_loss": value}, train_loss(step), evidence)


def _judged(step: int, series: dict[str, Series], evaluations: tuple[Evaluation, ...], gpus: int) -> Snapshot:
    """The snapshot with what rules and phases say of it."""
    best = min(evaluations, key=lambda e: e.value, default=None)
    saved = [
        CheckpointSeen(0.0, f"/scratch/out/checkpoint-{s}", s, complete=True, size=26_100_000_000) for s in range(1000, step + 1, 1000)
    ]
    severity = next((sev for at, sev in reversed(_SEVERITIES) if step >= at), None)
    alerts = (_alert(step, severity, evaluations),) if severity else ()
    return Snapshot(
        RUN,
        "running",
        now=1_800_000_000.0 + step * 0.412,
        progress=Progress(step, TOTAL, step / 440, 10.0, 0.412, (TOTAL - step) * 0.412, None, 41_200.0),
        phases=_phases(step),
        alerts=alerts,
        rules=_rules(severity),
        events=tuple(_events(step)),
        evaluations=evaluations,
        best=Best("eval_loss", "min", best.value, best.step, best.epoch) if best else None,
        checkpoints=tuple(saved),
        saved_best=(saved[0], round(eval_loss(1000), 4)) if saved else None,
        series=series,
        facts={"total_steps": Fact(TOTAL, SOURCE, 3), "learning_rate": Fact(2e-4, SOURCE, 4)},
        sample=sample(gpus),
        tail=_tail(step, series),
        records=step // 10,
        bytes_read=step * 11_000,
        formats=("hf_trainer",),
        data_age=0.4,
    )


def _phases(step: int) -> tuple[PhaseSpan, ...]:
    """The phases so far; the last one is open."""
    seen = [p for p in _STARTS if p[1] <= step]
    ends = [*(p[1] for p in seen[1:]), None]
    return tuple(
        PhaseSpan(name, start, start / 440, end, None if end is None else end / 440, why)
        for (name, start, why), end in zip(seen, ends, strict=True)
    )


def _alert(step: int, severity: Severity, evaluations: tuple[Evaluation, ...]) -> Alert:
    """The overfit alert of that step."""
    last = evaluations[-1]
    best = min(evaluations, key=lambda e: e.value)
    rise = (last.value / best.value - 1) * 100
    why = (
        f"eval_loss {last.value} at step {last.step} is {rise:.1f} % above the best {best.value} at step {best.step}, "
        f"{last.index - best.index} evaluations without improvement, while train loss fell to {train_loss(step):.3f}"
    )
    return Alert("overfit", severity, why, f"eval_loss below {best.value}", 1800, step, 1)


def _rules(severity: Severity | None) -> tuple[RuleStatus, ...]:
    """A rule that may have fired, a blind one, and others that see nothing."""
    fired = Verdict("fired", "eval loss rises", severity) if severity else Verdict("ok")
    rest = tuple(RuleStatus(r, r, Verdict("ok")) for r in _RULES)
    return (
        RuleStatus("overfit", "overfit", fired),
        RuleStatus("best_unsaved", "best_unsaved", Verdict("blind"), needs="checkpoints"),
        *rest,
    )


def _events(step: int) -> list[Event]:
    """The overfit ladder so far."""
    return [
        Event("overfit", "overfit", "fired", severity, 1, "eval loss rises", at, at / 440, SOURCE, 1, 2 * at)
        for at, severity in _SEVERITIES
        if at <= step
    ]


def sample(count: int) -> Sample:
    """That many devices, the fourth one idle; none at all says why."""
    if not count:
        return Sample(0.0, (), "no NVIDIA driver on this host (libnvidia-ml.so.1 not found)")
    use = [0.98, 0.97, 0.98, 0.12, 0.97, 0.98, 0.97, 0.98]
    return Sample(
        0.0,
        tuple(
            Gpu(
                i,
                f"GPU-{i}",
                "NVIDIA H100 80GB HBM3",
                use[i % 8],
                int((71.0 + i / 30) * 1e9),
                80_000_000_000,
                70.0 + i % 3,
                612.0 - 380 * (i == 3),
            )
            for i in range(count)
        ),
    )


def _tail(step: int, series: dict[str, Series]) -> tuple[str, ...]:
    """Lines as a trainer prints them."""
    lines = []
    for s in range(max(step - 100, 10), step + 1, 10):
        i = s // 10 - 1
        loss, norm, rate = (series[n].values[i] for n in ("loss", "grad_norm", "learning_rate"))
        lines.append(f"{{'loss': {loss:.4f}, 'grad_norm': {norm:.4f}, 'learning_rate': {rate:.4g}, 'epoch': {s / 440:.2f}}}")
        if s % EVERY == 0:
            lines.append(f"{{'eval_loss': {eval_loss(s):.4f}, 'eval_runtime': 21.4, 'epoch': {s / 440:.2f}}}")
    lines.append(
        f" {step * 100 // TOTAL:2d}%|{'█' * (step * 10 // TOTAL):<10}| {step}/{TOTAL} [{step * 0.412 // 60:.0f}:00<12:21,  2.43it/s]"
    )
    return tuple(lines)


def stopping(machine: str = "saving", text: str = "all ranks save at step 2,612", **changes: object) -> Snapshot:
    """The run while a rule stops it."""
    stop = Stop(machine, text, "overfit", "", 1_800_000_000.0)
    return replace(snapshot(), state="stopping", stop=stop, **changes)  # type: ignore[arg-type]


class FakeFeed:
    """A feed over snapshots given by hand. `asked` keeps what was requested; `allowed` what can be."""

    def __init__(self, first: Snapshot, *, allowed: frozenset[str] = frozenset({"save", "stop", "cancel", "detach"})) -> None:
        """`first` is the first snapshot."""
        self.newest, self.allowed = first, allowed
        self.asked: list[Command] = []
        self.listeners: list[Callable[[Snapshot], None]] = []
        self.text = tuple(f"line {i}: {{'loss': {i / 100:.2f}}}" for i in range(1, 1001))

    def latest(self) -> Snapshot:
        """The newest snapshot."""
        return self.newest

    def show(self, newer: Snapshot) -> None:
        """Tell all listeners."""
        self.newest = newer
        for tell in self.listeners:
            tell(newer)

    def subscribe(self, tell: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Listen."""
        self.listeners.append(tell)
        return lambda: self.listeners.remove(tell)

    def request(self, command: Command) -> str:
        """Accept everything."""
        self.asked.append(command)
        return f"{command.op}: accepted"

    def refusal(self, op: str) -> str:
        """Everything but what was allowed."""
        return "" if op in self.allowed else "this view is read-only"

    def log(self, end: int | None, lines: int) -> tuple[int, tuple[str, ...]]:
        """Lines of a log in memory; offsets are those of its bytes."""
        ends = [0]
        for line in self.text:
            ends.append(ends[-1] + len(line.encode()) + 1)
        stop = len(self.text) if end is None else max(i for i, e in enumerate(ends) if e <= end)
        start = max(stop - lines, 0)
        return ends[start], self.text[start:stop]
