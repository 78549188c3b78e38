from __future__ import annotations

import io
import os
import pty
import termios

import pytest

from trainwatch.cli.broken import broken

LINE = "  overfit  orange: save, red: save and stop  (patience 3, window 5, orange_loss 0.02)"


def test_a_file_gets_the_line_as_it_is():
    """Scripts read whole lines."""
    assert broken(LINE, io.StringIO()) == LINE


@pytest.mark.parametrize(("width", "count"), [(0, 1), (40, 3), (60, 2), (120, 1)])
def test_a_terminal_gets_rows_that_fit(width: int, count: int):
    """Broken between words at the terminal's width, the rest set in; a line that fits, and a terminal that has no width, change nothing."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, width))
    with os.fdopen(follower, "w") as terminal:
        rows = broken(LINE, terminal).split("\n")
    os.close(leader)
    assert len(rows) == count
    assert " ".join(rows).split() == LINE.split()
    assert all(len(row) <= (width or len(LINE)) for row in rows)
    assert all(row.startswith("      ") for row in rows[1:])
