"""Who the run is and how far: one row, whose least important parts give way first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trainwatch.model.inputs import Sample
from trainwatch.model.snapshot import Snapshot
from trainwatch.present import numbers
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.nothing import yet
from trainwatch.present.sentences import ENDED, state_of
from trainwatch.present.width import cells, cut_middle

Part = tuple[int, str, str]
"""(how dispensable, text, role); 0 is never left out."""

_STALE = 30.0
"""Seconds without news after which the header says how old the data are."""


def header(snapshot: Snapshot, width: int, look: Look) -> Canvas:
    """Name, state, step, percent, time left, step time, GPUs; on wide screens throughput, epoch and host too.

    A long name is cut to a quarter of the row, and shown as far as what else is said leaves room for it.
    """
    canvas = Canvas(width, 1)
    name = look.text(clean(snapshot.run.name))
    parts = [(0, cut_middle(name, max(width // 4, 8), look.cut), "text.strong"), *_parts(snapshot, look)]
    while len(parts) > 2 and _length(parts) > width:
        parts.remove(max(parts))
    parts[0] = (0, cut_middle(name, max(width - _length(parts[1:]) - 2, cells(parts[0][1])), look.cut), "text.strong")
    x = 0
    for _, text, role in parts:
        x = canvas.put(x, 0, text, role) + 2
    return canvas


def short(left: float, eta: float | None) -> bool:
    """Whether the time is over before the run is done; both in seconds, an ETA of None is not known."""
    return eta is not None and eta > left


def time_left(left: float, eta: float | None) -> str:
    """How long the allocation still lasts, and that this is not enough."""
    return f"{numbers.duration(max(left, 0.0))} left{', less than the ETA' if short(left, eta) else ''}"


def _length(parts: list[Part]) -> int:
    """The cells that parts and the gaps between them take."""
    return sum(cells(text) + 2 for _, text, _ in parts) - 2


def _preview(read: float | None) -> str:
    """What is still missing."""
    return "preview: history not read yet" if read is None else f"preview: {read:.0%} of the history read"


def _parts(snapshot: Snapshot, look: Look) -> Iterator[Part]:
    """Everything worth saying after the name, in the order shown."""
    run, progress = snapshot.run, snapshot.progress
    if run.job_id:
        yield 6, look.text(clean(f"#{run.job_id}")), "text.dim"
    yield 0, _state(snapshot, look), f"state.{state_of(snapshot)}"
    if len(snapshot.attempts) > 1:
        yield 5, f"attempt {snapshot.attempts[-1].number}", "text.plain"
    if snapshot.preview:
        yield 3, _preview(snapshot.history_read), "text.dim"
    if snapshot.data_age is not None and snapshot.data_age > _STALE and snapshot.state not in ENDED:
        yield 1, f"no news for {numbers.duration(snapshot.data_age)}", "severity.yellow"
    if progress.step is not None or progress.epoch is None:
        yield 1, _steps(snapshot), "text.plain"
    if snapshot.state not in ENDED:
        yield 2, f"ETA {numbers.duration(progress.eta)}", "text.plain"
    if snapshot.time_left is not None and snapshot.state not in ENDED:
        yield 1, time_left(snapshot.time_left, progress.eta), "severity.yellow" if short(snapshot.time_left, progress.eta) else "text.plain"
    if progress.step_time is not None:
        yield 4, f"{_step_time(progress.step_time)}/step", "text.dim"
    if snapshot.sample is not None and snapshot.sample.gpus:
        yield 5, look.text(clean(gpus(snapshot.sample, look))), "text.dim"
    if progress.tokens_per_second is not None:
        yield 7, f"{numbers.count(progress.tokens_per_second)} tokens/s", "text.dim"
    elif progress.samples_per_second is not None:
        yield 7, f"{numbers.count(progress.samples_per_second)} samples/s", "text.dim"
    if progress.epoch is not None:
        of = "" if progress.total_epochs is None else f"/{numbers.number(progress.total_epochs)}"
        yield 1 if progress.step is None else 8, f"epoch {numbers.number(progress.epoch)}{of}", "text.dim"
    if run.host:
        yield 9, look.text(clean(run.host)), "text.dim"


def _state(snapshot: Snapshot, look: Look) -> str:
    """Glyph and word, with the exit code of what ended by itself."""
    code = "" if snapshot.exit_code is None or snapshot.state not in ENDED - {"stopped"} else f" {snapshot.exit_code}"
    return f"{look.live} {state_of(snapshot)}{code}"


def _steps(snapshot: Snapshot) -> str:
    """`step 9,200/14,000 66 %`."""
    step, total = snapshot.progress.step, snapshot.progress.total_steps
    if step is None:
        return f"no step{yet(snapshot)}"
    if not total:
        return f"step {numbers.integer(step)} of ?"
    return f"step {numbers.integer(step)}/{numbers.integer(total)} {numbers.percent(step / total)}"


def _step_time(seconds: float) -> str:
    """Seconds stay seconds: a step of 210 s is not one of 4 min."""
    return numbers.duration(seconds) if seconds < 1 else f"{numbers.number(seconds, 3)} s"


def gpus(sample: Sample, look: Look) -> str:
    """The devices in the fewest words: `8×H100`."""  # noqa: RUF002  the sign shown
    names = Counter(_model(gpu.name) for gpu in sample.gpus)
    return " ".join(f"{n}{look.times}{name}" for name, n in names.items())


def _model(name: str) -> str:
    """`H100` of `NVIDIA H100 80GB HBM3`."""
    words = name.replace("NVIDIA", "").replace("GeForce", "").replace("Tesla", "").split()
    return "-".join(words[:1]) if words else "GPU"
