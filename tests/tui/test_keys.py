from __future__ import annotations

import pytest
from tests.tui.fakefeed import snapshot

from trainwatch.present.helppage import help_lines, help_view
from trainwatch.present.keyline import key_line
from trainwatch.present.layout import MINIMUM
from trainwatch.present.look import ASCII
from trainwatch.tui import keys
from trainwatch.tui.screens.alerts import AlertPage
from trainwatch.tui.screens.log import LogPage
from trainwatch.tui.screens.overview import OverviewPage

PAGES = {"overview": OverviewPage, "alerts": AlertPage, "log": LogPage}


@pytest.mark.parametrize("where", PAGES)
def test_one_table_feeds_bindings_help_and_footer(where: keys.Where):
    """Every key of the table is bound to a method of its screen and stands in help; what the last row shows is one of them."""
    page = PAGES[where]
    bound = {(b.key, b.action) for b in page.BINDINGS}  # type: ignore[union-attr]
    assert bound == {(k.name, k.action) for k in keys.of(where)}
    assert all(callable(getattr(page, f"action_{k.action}")) for k in keys.of(where))
    text = "\n".join("".join(part for part, _ in line) for line in help_lines(keys.help_rows(where), 80, ASCII))
    assert all(f"{k.shown:<10}{k.help}" in text for k in keys.of(where))
    assert {shown for shown, _ in keys.footer(where)} <= {k.shown for k in keys.of(where)}


def test_no_two_meanings():
    """On one screen no key is bound twice."""
    for where in PAGES:
        names = [name for k in keys.KEYS if k.where == where for name in k.name.split(",")]
        assert len(set(names)) == len(names)


def test_no_plain_letter_touches_the_job():
    """What asks for a save, a stop or a cancel is a capital letter."""
    assert {k.name for k in keys.KEYS if k.action in ("save", "stop", "cancel")} == {"K", "X", "C"}


@pytest.mark.parametrize("where", PAGES)
def test_the_last_row_is_whole_at_the_smallest_size(where: keys.Where):
    """At the smallest width with charts no key is left out of the last row, and at 80 none of the log's."""
    width = 80 if where == "log" else MINIMUM[0]
    line = key_line(keys.footer(where), width, ASCII).lines()[0]
    assert all(f"{shown} {word}" in line for shown, word in keys.footer(where))


def test_help_fits_the_standard_terminal():
    """At 80x24 the help of the overview shows everything, its last line included."""
    lines = help_lines(keys.help_rows("overview"), 80, ASCII)
    assert len(lines) < 24
    assert "any key closes" in help_view(lines, 0, 80, 24, ASCII).lines()[0]
    assert snapshot(0).alerts == ()
