"""The loss chart: train and eval loss over the whole run, the best evaluation and what is saved marked."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, Snapshot
from trainwatch.present.axes import GUTTER, Part, title, x_axis, y_axis
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.columns import Column, Columns, extremes
from trainwatch.present.look import Look
from trainwatch.present.nothing import no_curve
from trainwatch.present.numbers import number
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import Limits, y_limits
from trainwatch.present.sentences import best_sentence, saved_sentence, since_sentence
from trainwatch.present.width import cells, wrap
from trainwatch.present.xaxis import XAxis, axis_of, best_at, note_at

TRAIN = ("loss", "train_loss")
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


def loss_chart(snapshot: Snapshot, width: int, height: int, look: Look, cache: ColumnCache) -> Canvas:
    """The chart with title, axes and marks."""
    canvas = Canvas(width, height)
    plot = Canvas(width - GUTTER, height - 3)
    axis = axis_of(snapshot)
    drawn = curves_of(snapshot, look)
    title(canvas, "loss", _legend(drawn, look), phase_part(snapshot, look), look)
    if not drawn or not plot.width or not plot.height:
        return _empty(canvas, snapshot, look)
    across = plot.width * density(look)[0]
    curves = [Curve(cache.columns(d.word, d.series, axis.end, across), d.role, d.point, d.band) for d in drawn]
    limits = y_limits([extremes(curve.columns) for curve in curves])
    draw(plot, curves[::-1], limits, look)
    marks(plot, snapshot, axis, look)
    frame(canvas, plot, limits, axis, look)
    checkpoints(canvas, snapshot, axis)
    notes(canvas, snapshot, axis)
    return canvas


def frame(canvas: Canvas, plot: Canvas, limits: Limits, axis: XAxis, look: Look) -> None:
    """Axes around the plot."""
    y_axis(canvas, 1, plot.height, limits, look)
    canvas.stamp(plot, GUTTER, 1)
    x_axis(canvas, canvas.height - 2, axis, look)


def curves_of(snapshot: Snapshot, look: Look) -> list[Drawn]:
    """Train and eval loss, as far as there are any."""
    train = next((s for n in TRAIN if (s := snapshot.series.get(n)) is not None and len(s)), None)
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
    role, since = f"phase.{span.phase}", since_sentence(span)
    return [(f"{look.phase[span.phase]} {span.phase}", role), *([(since, role)] if since else [])]


def marks(plot: Canvas, snapshot: Snapshot, axis: XAxis, look: Look) -> None:
    """Dotted lines at the best evaluation, with what was best and what of it is on disk beside it, and at each note, with its words."""
    best = snapshot.best
    at = None if best is None else best_at(axis, best, snapshot)
    if best is not None and at is not None:
        _best(plot, _guide(plot, at, axis, look, "text.best"), best, snapshot, look)
    for note in snapshot.notes:
        at = note_at(axis, note)
        if at is not None:
            _label(plot, _guide(plot, at, axis, look, "text.dim"), look.text(clean(note.text)), "text.dim")


def _guide(plot: Canvas, at: float, axis: XAxis, look: Look, role: str) -> int:
    """A dotted line from top to bottom, behind the curves; returns its column."""
    x = _column(plot.width, at, axis)
    for y in range(plot.height):
        if plot.is_blank(x, y, 1):
            plot.put(x, y, look.guide, role)
    return x


def _column(width: int, at: float, axis: XAxis) -> int:
    """The column of a place on the axis."""
    return max(min(int(at / axis.end * width), width - 1), 0)


def _best(plot: Canvas, x: int, best: Best, snapshot: Snapshot, look: Look) -> None:
    """What is written beside the line of the best evaluation."""
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


def notes(canvas: Canvas, snapshot: Snapshot, axis: XAxis) -> None:
    """Notes on the x axis: `n`."""
    for note in snapshot.notes:
        at = note_at(axis, note)
        if at is not None:
            canvas.put(GUTTER + _column(canvas.width - GUTTER, at, axis), canvas.height - 2, "n", "text.key")


def checkpoints(canvas: Canvas, snapshot: Snapshot, axis: XAxis) -> None:
    """Checkpoints on the x axis: `c` complete, `C` the best one saved, `?` not complete."""
    best = snapshot.saved_best[0].path if snapshot.saved_best else ""
    for seen in snapshot.checkpoints:
        at = axis.at(seen.step, None)
        if at is not None and 0 <= at <= axis.end:
            mark = "?" if not seen.complete else "C" if seen.path == best else "c"
            x = GUTTER + _column(canvas.width - GUTTER, at, axis)
            canvas.put(x, canvas.height - 2, mark, "text.best" if mark == "C" else "text.plain")


def _empty(canvas: Canvas, snapshot: Snapshot, look: Look) -> Canvas:
    """What to say where there is no curve."""
    rows = [row for text in no_curve(snapshot) for row in wrap(text, canvas.width - GUTTER - 1, 2, look.cut)]
    for y, row in enumerate(rows, canvas.height // 2):
        canvas.put(GUTTER, y, row, "text.dim")
    return canvas
