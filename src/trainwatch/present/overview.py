"""The first screen: every panel painted by name, and all of them as one picture."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.alert import alert_panel
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import ColumnCache, loss_chart
from trainwatch.present.compact import compact
from trainwatch.present.gpus import devices, gpu_panel
from trainwatch.present.header import header
from trainwatch.present.keyline import key_line
from trainwatch.present.layout import SMALL, Place, arrange
from trainwatch.present.logtail import log_panel
from trainwatch.present.look import Look
from trainwatch.present.metrics import metrics_panel
from trainwatch.present.pairedchart import pair, paired_chart
from trainwatch.present.rulelist import rule_panel
from trainwatch.present.small import small_chart, small_metrics
from trainwatch.present.strip import phase_strip

Keys = Sequence[tuple[str, str]]


class Painter:
    """Paints the panels of one run. It holds nothing but what chart columns cost to find again."""

    def __init__(self, look: Look, keys: Keys = ()) -> None:
        """`keys` are what the key line offers."""
        self.look, self.keys = look, keys
        self._caches: dict[str, ColumnCache] = {}

    def panel(self, place: Place, snapshot: Snapshot, places: Sequence[Place], message: str = "") -> Canvas:
        """One panel in the size of its place. `places` are all of the screen: what stands elsewhere is not shown twice."""
        width, height, look = place.width, place.height, self.look
        match place.panel:
            case "header":
                return header(snapshot, width, look)
            case "phase":
                return phase_strip(snapshot, width, _of(places, "chart"), look)
            case "alert":
                return alert_panel(snapshot, width, height, look)
            case "chart":
                names, cache = pair(snapshot), self._cache("chart")
                if names:
                    return paired_chart(snapshot, names, width, height, look=look, cache=cache)
                return loss_chart(snapshot, width, height, look, cache)
            case "metrics":
                charts = dict(zip(SMALL, small_metrics(snapshot), strict=True))
                shown = tuple(charts[p.panel] for p in places if p.panel in SMALL)
                return metrics_panel(snapshot, width, height, look, without=shown)
            case "gpu":
                return gpu_panel(snapshot, width, height, look)
            case "rules":
                return rule_panel(snapshot, width, height, look)
            case "log":
                return log_panel(snapshot, width, height, look)
            case "keys":
                return key_line(self.keys, width, look, message)
            case "compact":
                return compact(snapshot, width, height, look)
            case name:
                metric = small_metrics(snapshot)[SMALL.index(name)]
                return small_chart(snapshot, metric, width, height, look=look, cache=self._cache(name))

    def _cache(self, panel: str) -> ColumnCache:
        """The columns of a panel; each panel has its own width."""
        return self._caches.setdefault(panel, ColumnCache())

    def screen(self, snapshot: Snapshot, width: int, height: int, message: str = "") -> Canvas:
        """The whole overview."""
        canvas = Canvas(width, height)
        places = arrange(width, height, devices(snapshot))
        for place in places:
            canvas.stamp(self.panel(place, snapshot, places, message), place.x, place.y)
        return canvas


def _of(places: Sequence[Place], panel: str) -> int:
    """The width of a panel, 0 when it is not there."""
    return next((p.width for p in places if p.panel == panel), 0)
