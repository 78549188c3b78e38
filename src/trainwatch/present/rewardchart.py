"""The main chart of reinforcement learning: the reward, with the distance from the reference on a second axis."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.rewards import DISTANCES, REWARDS
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import GUTTER, Part, title
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import ColumnCache, checkpoints, frame, notes, phase_part
from trainwatch.present.columns import extremes
from trainwatch.present.look import Look
from trainwatch.present.numbers import number
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import Limits, y_limits
from trainwatch.present.width import cells
from trainwatch.present.xaxis import axis_of


def is_rewarded(snapshot: Snapshot) -> bool:
    """Whether a reward was printed."""
    return bool(_first(snapshot, REWARDS))


def reward_chart(snapshot: Snapshot, width: int, height: int, look: Look, cache: ColumnCache) -> Canvas:
    """The chart with title and axes; the values of the second axis stand at its right edge, in the colour of their curve."""
    canvas, plot = Canvas(width, height), Canvas(width - GUTTER, height - 3)
    axis, names = axis_of(snapshot), [n for n in (_first(snapshot, REWARDS), _first(snapshot, DISTANCES)) if n]
    roles = ("series.train", "series.eval")
    parts: list[Part] = [
        (f"{look.points[i] if look.ascii else '━'} {n.rpartition('/')[2]} {number(snapshot.series[n].last)}", roles[i])
        for i, n in enumerate(names)
    ]
    title(canvas, "reward", parts, phase_part(snapshot, look), look)
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
    frame(canvas, plot, limits[0], axis, look)
    checkpoints(canvas, snapshot, axis)
    notes(canvas, snapshot, axis)
    return canvas


def _first(snapshot: Snapshot, names: Sequence[str]) -> str:
    """The first of these names that was printed; empty when none was."""
    return next((n for n in names if (s := snapshot.series.get(n)) is not None and len(s)), "")


def _second_axis(plot: Canvas, limits: Limits, role: str) -> None:
    """Its highest, middle and lowest value at the right edge."""
    rows = sorted({0, (plot.height - 1) // 2, plot.height - 1})
    for row in rows:
        share = row / max(plot.height - 1, 1)
        text = f" {number(limits.high - share * (limits.high - limits.low), 2)}"
        plot.put(plot.width - cells(text), row, text, role)
