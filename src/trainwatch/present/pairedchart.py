"""The main chart of a run that is not judged by an eval loss: two metrics, each over its own range.

In reinforcement learning the reward with the distance from the reference; where evaluations print something else than a loss, the train
loss with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.rewards import DISTANCES, REWARDS
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import GUTTER, Part, title
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import TRAIN, ColumnCache, checkpoints, frame, marks, notes, phase_part
from trainwatch.present.clean import clean
from trainwatch.present.columns import extremes
from trainwatch.present.look import Look
from trainwatch.present.numbers import number
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import Limits, y_limits
from trainwatch.present.width import cells
from trainwatch.present.xaxis import axis_of


def pair(snapshot: Snapshot) -> tuple[str, ...]:
    """The one or two metrics to show in place of train and eval loss; empty where those are what the run is judged by."""
    reward = _first(snapshot, REWARDS)
    if reward:
        return reward, *_named(_first(snapshot, DISTANCES))
    judged = _first(snapshot, [snapshot.best.metric]) if snapshot.best is not None else ""
    if not judged or _first(snapshot, ["eval_loss"]):
        return ()
    return *_named(_first(snapshot, TRAIN)), judged


def paired_chart(snapshot: Snapshot, names: Sequence[str], width: int, height: int, *, look: Look, cache: ColumnCache) -> Canvas:
    """The chart with title and axes; the values of the second axis stand at its right edge, in the colour of their curve."""
    canvas, plot = Canvas(width, height), Canvas(width - GUTTER, height - 3)
    axis, roles = axis_of(snapshot), ("series.train", "series.eval")
    words = ["train" if n in TRAIN else look.text(clean(_short(n))) for n in names]
    parts: list[Part] = [
        (f"{look.points[i] if look.ascii else '━'} {words[i]} {number(snapshot.series[n].last)}", roles[i]) for i, n in enumerate(names)
    ]
    title(canvas, _heading(names[0], look), parts, phase_part(snapshot, look), look)
    if not plot.width or not plot.height:
        return canvas
    across = plot.width * density(look)[0]
    cut = [cache.columns(n, snapshot.series[n], axis.end, across) for n in names]
    curves = [Curve(cut[i], roles[i], look.points[i], "" if i else "series.band") for i in range(len(names))]
    limits = [y_limits([extremes(curve.columns)]) for curve in curves]
    for curve, limit in reversed(list(zip(curves, limits, strict=True))):
        draw(plot, [curve], limit, look)
    if len(limits) == 2:
        _second_axis(plot, limits[1], roles[1])
    marks(plot, snapshot, axis, look)
    frame(canvas, plot, limits[0], axis, look)
    checkpoints(canvas, snapshot, axis)
    notes(canvas, snapshot, axis)
    return canvas


def _first(snapshot: Snapshot, names: Sequence[str]) -> str:
    """The first of these names that was printed; empty when none was."""
    return next((n for n in names if (s := snapshot.series.get(n)) is not None and len(s)), "")


def _named(name: str) -> tuple[str, ...]:
    """A metric, or none."""
    return (name,) if name else ()


def _heading(name: str, look: Look) -> str:
    """What the chart is about: its first metric."""
    return "reward" if name in REWARDS else "loss" if name in TRAIN else look.text(clean(_short(name)))


def _short(name: str) -> str:
    """A name without the folders that trackers put it in."""
    return name.rpartition("/")[2]


def _second_axis(plot: Canvas, limits: Limits, role: str) -> None:
    """Its highest, middle and lowest value at the right edge."""
    rows = sorted({0, (plot.height - 1) // 2, plot.height - 1})
    for row in rows:
        share = row / max(plot.height - 1, 1)
        text = f" {number(limits.high - share * (limits.high - limits.low), 2)}"
        plot.put(plot.width - cells(text), row, text, role)
