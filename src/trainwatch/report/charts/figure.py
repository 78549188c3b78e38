"""The picture: losses, learning rate and gradient over the same steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from trainwatch.model.series import Series
from trainwatch.report.charts import curves, marks
from trainwatch.report.charts.curves import Point
from trainwatch.report.charts.layout import Layout, layout
from trainwatch.report.charts.panel import Panel
from trainwatch.report.charts.readout import readouts
from trainwatch.report.charts.xml import element, text, words
from trainwatch.report.compose import Report
from trainwatch.report.floor import print_floor

WIDE, NARROW = 920, 360
"""Widths in pixels: for a desktop and for a phone."""

READOUT = 34.0
"""The baseline of the first line of figures."""

DOTS = 150
"""Evaluations that get a dot of their own."""


def stylesheet() -> str:
    """The style of the picture, for light paper."""
    return files("trainwatch.report.charts").joinpath("style.css").read_text(encoding="utf-8")


def standalone(report: Report, *, live: bool = True, width: int = WIDE) -> str:
    """The picture as a file of its own, white behind it; empty when there is nothing to draw.

    `live` False leaves out what only a pointer can see.
    """
    drawn = figure(report, width, style=stylesheet(), live=live)
    return drawn + "\n" if drawn else ""


def figure(report: Report, width: int = WIDE, *, style: str = "", live: bool = True) -> str:
    """The picture; empty when the run has nothing to draw. Without `style` the page around it has to bring the style."""
    evaluations, train = curves.evaluations(report), curves.train_loss(report)
    if not evaluations and train is None:
        return ""
    room = 0 if not live else 20 if width > 2 * NARROW else 50
    plan = layout(report, train, evaluations, width, 80 + room)
    body = (
        *marks.phases(report, plan.losses, plan.bottom),
        *_losses(report, plan, train, evaluations),
        *_rates(report, plan),
        *marks.epochs(report, plan.losses, plan.losses.y - marks.STRIP - 6),
        *plan.lowest.steps(),
        *_legend(report, plan.losses),
        *(_pointed(report, plan) if live else ()),
    )
    name = words(f"{report.snapshot.run.name}: train and eval loss, learning rate and gradient over steps")
    inside = [
        f"<title>{name}</title>",
        *((f"<style>{style}</style>", element("rect", width=width, height=plan.height, class_="paper")) if style else ()),
    ]
    box = f"0 0 {width} {plan.height:.0f}"
    return element(
        "svg",
        "\n".join([*inside, *body]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=width,
        height=plan.height,
        class_="figure",
    )


def _pointed(report: Report, plan: Layout) -> Iterator[str]:
    """The figures of the stretch that somebody points at."""
    yield text(plan.losses.x, READOUT, "point at the chart, or touch it, to read its values", class_="dim hint")
    yield from readouts(report, plan.losses, READOUT, plan.bottom)


def _losses(report: Report, plan: Layout, train: Series | None, evaluations: Sequence[Point]) -> Iterator[str]:
    """The losses, linear and where it helps logarithmic, with what is marked in them."""
    metric = _metric(report)
    own = plan.right is not plan.losses
    yield from plan.losses.frame("loss", f"{metric}: right axis" if own else _clipped(train, plan.losses))
    yield from plan.right.right_axis() if own else ()
    yield from _both(train, evaluations, plan.losses, plan.right, metric)
    yield from marks.best(report, plan.right, plan.bottom)
    yield from marks.checkpoints(report, plan.losses)
    yield from marks.stop(report, plan.losses, plan.bottom)
    if plan.logarithmic is not None:
        yield from plan.logarithmic.frame("loss, logarithmic", _zeros(train))
        yield from _both(train, evaluations, plan.logarithmic, plan.logarithmic, metric)


def _both(train: Series | None, evaluations: Sequence[Point], left: Panel, right: Panel, metric: str) -> Iterator[str]:
    """Train loss and evaluations."""
    yield from curves.curve(train, left, "train") if train is not None else ()
    yield from curves.line(evaluations, right, "eval")
    yield from curves.dots(evaluations[:: max(1, -(-len(evaluations) // DOTS))], right, "eval", metric)


def _metric(report: Report) -> str:
    """The name of what the evaluations show."""
    return report.snapshot.best.metric if report.snapshot.best is not None else "evaluation"


def _zeros(train: Series | None) -> str:
    """What to say of printed zeros on a logarithmic scale."""
    if train is None or 0.0 not in train.values:
        return ""
    floor = print_floor(train.values)
    return "0 is on the lower edge" if floor is None else f"a printed 0, below {floor:.0e}, is on the lower edge"


def _clipped(train: Series | None, panel: Panel) -> str:
    """What to say when values lie above the panel."""
    extremes = train.extremes(0, len(train)) if train is not None else None
    return f"values up to {extremes[1]:.4g} lie above" if extremes is not None and extremes[1] > panel.high * (1 + 1e-9) else ""


def _rates(report: Report, plan: Layout) -> Iterator[str]:
    """Learning rate and gradient."""
    series = report.snapshot.series
    if plan.rate is not None:
        kind = report.lr.configured.get("lr_scheduler_type")
        zero = "" if report.lr.peak else "every printed value is 0"
        yield from plan.rate.frame("learning rate", zero or ("" if kind is None else f"configured: {kind}"))
        yield from curves.curve(series["learning_rate"], plan.rate, "rate")
    if plan.gradient is not None:
        yield from plan.gradient.frame("gradient norm, logarithmic")
        yield from curves.curve(series["grad_norm"], plan.gradient, "gradient")


def _legend(report: Report, panel: Panel) -> Iterator[str]:
    """What the colours are."""
    x, y = panel.x, 15.0
    for kind, name in (("train", "train loss"), ("eval", _metric(report) if report.snapshot.evaluations else "")):
        if name:
            yield element("line", x1=x, x2=x + 18, y1=y - 4, y2=y - 4, class_=f"line {kind}")
            yield text(x + 23, y, name)
            x += 23 + 7.2 * len(name) + 18
    if any(c.step is not None for c in report.disk):
        yield element("path", d=f"M{x + 5:.1f} {y - 9:.1f}l5 9h-10Z", class_="checkpoint")
        yield text(x + 15, y, "checkpoint")
