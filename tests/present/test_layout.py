from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.layout import MINIMUM, arrange


@given(st.integers(1, 300), st.integers(1, 100), st.sampled_from([None, 0, 1, 8, 64]))
def test_panels_fit_and_do_not_overlap(width: int, height: int, devices: int | None):
    """At every size each panel lies on the screen, and no cell belongs to two."""
    seen: set[tuple[int, int]] = set()
    for place in arrange(width, height, devices):
        assert 0 <= place.x <= place.x + place.width <= width
        assert 0 <= place.y <= place.y + place.height <= height
        cells = {(x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)}
        assert not cells & seen
        seen |= cells


@given(st.integers(MINIMUM[0], 300), st.integers(MINIMUM[1], 100))
def test_what_is_never_dropped(width: int, height: int):
    """Header, phase, alert, a chart of at least four rows and the keys are there at every size that has room for charts."""
    places = {p.panel: p for p in arrange(width, height)}
    assert {"header", "phase", "alert", "chart", "keys", "metrics", "gpu"} <= set(places) | ({"metrics"} if height < 24 else set())
    assert places["chart"].height >= 6
    assert places["keys"].y == height - 1


def test_small_windows_get_the_compact_view():
    """Below the minimum there is one panel and the keys."""
    assert [p.panel for p in arrange(59, 24)] == ["compact", "keys"]
    assert [p.panel for p in arrange(80, 15)] == ["compact", "keys"]


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (120, 40)])
def test_where_nobody_looks_at_devices_others_have_their_room(size: tuple[int, int]):
    """Without a GPU panel metrics take the whole row in a narrow window, rules the whole side in a wide one."""
    places = {p.panel: p for p in arrange(*size, None)}
    assert "gpu" not in places
    neighbour = places["rules"] if size[0] >= 100 else places["metrics"]
    assert neighbour.height == places["chart"].height if size[0] >= 100 else neighbour.width == size[0]
