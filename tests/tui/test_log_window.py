from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tui.fakefeed import FakeFeed, snapshot

from trainwatch.tui.log_window import LogWindow

FEED = FakeFeed(snapshot(0))
MOVES = st.lists(st.tuples(st.sampled_from(["up", "down", "first", "follow"]), st.integers(1, 400)), max_size=12)


@settings(deadline=None, max_examples=60)
@given(MOVES, st.integers(1, 40))
def test_the_page_moves_as_in_a_list(moves: list[tuple[str, int]], rows: int):
    """Any moves show the same lines as a list of all lines would."""
    window = LogWindow(FEED)
    window.read(rows)
    end, size = len(FEED.text), len(FEED.text)
    for move, by in moves:
        if move == "up":
            window.up(by)
            end = max(end - by, min(rows, size))
        elif move == "down":
            window.down(by)
            end = min(end + by, size)
        elif move == "first":
            window.first(rows)
            end = min(rows, size)
        else:
            window.follow()
            end = size
        window.read(rows)
        assert window.lines == FEED.text[max(end - rows, 0) : end]


def test_search_goes_upwards():
    """The nearest hit above is found whatever its case, the next one from there, and none beyond the first."""
    window = LogWindow(FEED)
    first = window.search("LINE 50", None, lambda: False)
    second = window.search("LINE 50", first, lambda: False)
    window.centre(second or 0, 20)
    window.read(20)
    assert window.lines[10].startswith("line 508:")
    assert first is not None
    assert window.search("line 1:", None, lambda: False) == 0
    assert window.search("nowhere", None, lambda: False) is None


def test_a_long_search_can_be_given_up():
    """Once stopped, a search finds nothing more."""
    assert LogWindow(FEED).search("line 1:", None, lambda: True) is None
