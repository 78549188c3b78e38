"""The loss chart: train and eval loss over the whole run, the best evaluation and what is saved marked."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import GUTTER, Part, title, x_axis, y_axis
from trainwatch.present.canvas import Canvas
from trainwatch.present.columns import Column, Columns, extremes
from trainwatch.present.look import Look
from trainwatch.present.numbers import number, size, step
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import Limits, x_end, y_limits
from trainwatch.present.sentences import best_sentence, saved_sentence
from trainwatch.present.width import cells

_TRAIN = ("loss", "train_loss")
"""What the train curve is drawn from: the loss, or where only evaluations print one, theirs."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve of the loss chart: the series, the word for it in the title, and its roles."""

    word: str
    series: Series
    role: str
    band: str
    point: str


class ColumnCache:
    """The columns of each series as they were last cut, by name: a refresh then costs only the newest ones."""

    def __init__(self) -> None:
        """Nothing cut yet."""
        self._cuts: dict[str, Columns] = {}

    def columns(self, name: str, series: Series, end: float, count: int) -> list[Column | None]:
        """The columns of a series over steps 0 to `end`."""
        cut = self._cuts.get(name)
        if cut is None or not cut.fits(series, end, count):
            cut = self._cuts[name] = Columns(series, end, count)
        return cut.all()


def domain(snapshot: Snapshot) -> float:
    """The right end of the step axis that chart and phase strip share."""
    steps = [s.step_at(len(s) - 1) for s in snapshot.series.values() if len(s)]
    return x_end(snapshot.progress, max([*steps, float(snapshot.progress.step or 0)]))


def loss_chart(snapshot: Snapshot, width: int, height: int, look: Look, cache: ColumnCache) -> Canvas:
    """The chart with title, axes and marks."""
    canvas = Canvas(width, height)
    plot = Canvas(width - GUTTER, height - 3)
    end = domain(snapshot)
    drawn = curves_of(snapshot, look)
    title(canvas, "loss", _legend(drawn, look), phase_part(snapshot, look), look)
    if not drawn or not plot.width or not plot.height:
        return _empty(canvas, snapshot, look)
    across = plot.width * density(look)[0]
    curves = [Curve(cache.columns(d.word, d.series, end, across), d.role, d.point, d.band) for d in drawn]
    limits = y_limits([extremes(curve.columns) for curve in curves])
    draw(plot, curves[::-1], limits, look)
    _marks(plot, snapshot, end, look)
    frame(canvas, plot, limits, end, look)
    checkpoints(canvas, snapshot, end)
    return canvas


def frame(canvas: Canvas, plot: Canvas, limits: Limits, end: float, look: Look) -> None:
    """Axes around the plot."""
    y_axis(canvas, 1, plot.height, limits, look)
    canvas.stamp(plot, GUTTER, 1)
    x_axis(canvas, canvas.height - 2, end, look)


def curves_of(snapshot: Snapshot, look: Look) -> list[Drawn]:
    """Train and eval loss, as far as there are any."""
    train = next((s for n in _TRAIN if (s := snapshot.series.get(n)) is not None and len(s)), None)
    evaluated = snapshot.series.get("eval_loss")
    out = [] if train is None else [Drawn("train", train, "series.train", "series.band", look.points[0])]
    return out if evaluated is None or not len(evaluated) else [*out, Drawn("eval", evaluated, "series.eval", "", look.points[1])]


def _legend(drawn: list[Drawn], look: Look) -> list[Part]:
    """Newest values, each in the colour and with the character of its line, and the gap between them."""
    parts = [(f"{d.point if look.ascii else '━'} {d.word} {number(d.series.last)}", d.role) for d in drawn]
    if len(drawn) == 2:
        gap = (drawn[1].series.last or 0.0) - (drawn[0].series.last or 0.0)
        parts.append((f"gap {'+' if gap >= 0 else ''}{number(gap)}", "text.dim"))
    return parts


def phase_part(snapshot: Snapshot, look: Look) -> list[Part]:
    """The phase of now, and since when."""
    if not snapshot.phases:
        return []
    span = snapshot.phases[-1]
    since = "" if span.step_start is None else f" since {step(span.step_start)}"
    return [(f"{look.phase[span.phase]} {span.phase}{since}", f"phase.{span.phase}")]


def _marks(plot: Canvas, snapshot: Snapshot, end: float, look: Look) -> None:
    """A dotted line at the best evaluation, with what was best and what of it is on disk beside it."""
    best = snapshot.best
    if best is None or best.step is None or end <= 0:
        return
    x = min(int(best.step / end * plot.width), plot.width - 1)
    for y in range(plot.height):
        if plot.is_blank(x, y, 1):
            plot.put(x, y, look.guide, "text.best")
    known = bool(snapshot.checkpoints) or snapshot.run.supervised
    saved = saved_sentence(best, snapshot.saved_best, known=known)
    _label(plot, x, f"{look.best} {best_sentence(best)}", "text.best")
    if saved:
        _label(plot, x, look.text(saved), "severity.orange" if snapshot.saved_best is None else "text.best")


def _label(plot: Canvas, x: int, text: str, role: str) -> None:
    """Write beside column `x` where nothing is drawn: the first free row from the top, on the right; else on the left."""
    length = cells(text)
    for at in (x + 2, x - length - 1):
        for y in range(plot.height):
            if plot.is_blank(at, y, length):
                plot.put(at, y, text, role)
                return


def checkpoints(canvas: Canvas, snapshot: Snapshot, end: float) -> None:
    """Checkpoints on the x axis: `c` complete, `C` the best one saved, `?` not complete."""
    width = canvas.width - GUTTER
    best = snapshot.saved_best[0].path if snapshot.saved_best else ""
    for seen in snapshot.checkpoints:
        if seen.step is not None and 0 <= seen.step <= end:
            mark = "?" if not seen.complete else "C" if seen.path == best else "c"
            x = GUTTER + min(int(seen.step / end * width), width - 1)
            canvas.put(x, canvas.height - 2, mark, "text.best" if mark == "C" else "text.plain")


def _empty(canvas: Canvas, snapshot: Snapshot, look: Look) -> Canvas:
    """What to say where there is no curve."""
    read = f"read {size(snapshot.bytes_read)}, {snapshot.records} records"
    text = f"{read}: no loss in it yet." if snapshot.bytes_read else "nothing was printed yet."
    canvas.put(GUTTER, canvas.height // 2, look.text(text), "text.dim")
    return canvas
