"""Which panel stands where, for any size of the screen."""

from __future__ import annotations

from dataclasses import dataclass

MINIMUM = (60, 16)
"""Columns and rows below which there is no room for charts: the compact view is shown instead."""

WIDE = 100
"""Columns from which GPU and rules stand beside the chart."""


SMALL = ("left", "middle")
"""The panels of the small charts."""


@dataclass(frozen=True, slots=True)
class Place:
    """A panel and its rectangle, in cells from the upper left corner of the screen."""

    panel: str
    x: int
    y: int
    width: int
    height: int


def arrange(width: int, height: int, devices: int | None = 8) -> tuple[Place, ...]:
    """The panels of the overview; they do not overlap. Header, phase, alert, chart and keys are never dropped.

    `devices` is how many the GPU panel has to show: what it does not need beside the chart is left to the rules. None: there is no panel.
    """
    if width < MINIMUM[0] or height < MINIMUM[1]:
        rows = max(height - 1, 0)
        return (Place("compact", 0, 0, width, rows), Place("keys", 0, rows, width, height - rows))
    return _wide(width, height, devices) if width >= WIDE else _narrow(width, height, devices)


def _top(width: int, alert: int, chart: int, chart_rows: int) -> tuple[Place, ...]:
    """What every size has, with the rows of the alert and the size of the chart."""
    return (
        Place("header", 0, 0, width, 1),
        Place("phase", 0, 1, width, 1),
        Place("alert", 0, 2, width, alert),
        Place("chart", 0, 2 + alert, chart, chart_rows),
    )


def _narrow(width: int, height: int, devices: int | None) -> tuple[Place, ...]:
    """One chart, metrics and GPU side by side, a little log."""
    log = 2 if height < 28 else min(height // 5, 12)
    log = 0 if height < 20 else log
    panels = 5 if height >= 22 else 3
    panels = 7 if height >= 32 else panels
    chart = height - 5 - panels - log
    half = width if devices is None else (width - 2) // 2
    y = 4 + chart
    return (
        *_top(width, 2, width, chart),
        Place("metrics", 0, y, half, panels),
        *((Place("gpu", half + 2, y, width - half - 2, panels),) if half < width else ()),
        *((Place("log", 0, y + panels, width, log),) if log else ()),
        Place("keys", 0, height - 1, width, 1),
    )


def _wide(width: int, height: int, devices: int | None) -> tuple[Place, ...]:
    """Chart with GPU and rules beside it, small charts and metrics below, then the log."""
    small = 8 if height >= 34 else 5 if height >= 24 else 0
    log = 9 if height >= 38 else max((height - 16) // 3, 2)
    alert = 3 if height >= 38 else 2
    chart = height - 3 - alert - small - log
    side = max(36, width * 32 // 100)
    x = width - side
    gpu = 0 if devices is None else max(min(chart // 2 + 1, devices + 2), 4)
    third = (width - 4) // 3
    y = 2 + alert + chart
    low = (
        Place(SMALL[0], 0, y, third, small),
        Place(SMALL[1], third + 2, y, third, small),
        Place("metrics", 2 * third + 4, y, width - 2 * third - 4, small),
    )
    return (
        *_top(width, alert, x - 2, chart),
        *((Place("gpu", x, 2 + alert, side, gpu),) if gpu else ()),
        Place("rules", x, 2 + alert + gpu, side, chart - gpu),
        *(low if small else ()),
        Place("log", 0, y + small, width, log),
        Place("keys", 0, height - 1, width, 1),
    )
