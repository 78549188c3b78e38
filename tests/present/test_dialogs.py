from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from tests.tui.fakefeed import RUN, snapshot

from trainwatch.model.series import Series
from trainwatch.present.confirm import confirm_dialog
from trainwatch.present.helppage import help_lines, help_view
from trainwatch.present.logview import LogHeader, log_view
from trainwatch.present.look import ASCII, UNICODE
from trainwatch.present.preframe import preframe
from trainwatch.present.sparkline import sparkline
from trainwatch.present.stopdialog import stop_dialog
from trainwatch.present.theme import GROUPS, load

TYPED = {"id": "", "unsaved_word": ""}


def test_stop_dialog_lists_the_consequences():
    """Before anything is typed it says what runs, what was saved last, what would be lost, and what will be done."""
    text = "\n".join(stop_dialog(snapshot(2600), TYPED, "cancel", "", ASCII).lines())
    for part in (
        "Stop train_v4?",
        "torchrun train.py",
        "8xH100, gpu-17",
        "checkpoint-2000; 600 steps would be lost",
        "best 0.9593 @1600, saved checkpoint-1000",
        "prove the checkpoint, SIGTERM",
        "the job is left running",
        "type train_v4-7471 to confirm",
        "> [ cancel",
    ):
        assert part in text
    assert text.isascii()


def test_stop_dialog_without_any_checkpoint():
    """Without a complete checkpoint it says that everything would be lost."""
    bare = replace(snapshot(400), checkpoints=(), saved_best=None)
    assert "none complete is known: without a save everything is lost" in "\n".join(stop_dialog(bare, TYPED, "id", "", ASCII).lines())


def test_stop_dialog_promises_nothing_that_needs_the_hook():
    """A job without the hook cannot be told to save: the plan says what is done then, and no line of it is cut."""
    text = "\n".join(stop_dialog(snapshot(2600), TYPED, "cancel", "", ASCII).lines())
    assert "save on all ranks; without the hook, await the next own save;" in text


def test_stop_dialog_says_when_the_job_started():
    """A time that has passed is when it started, not how long ago it was running."""
    late = replace(snapshot(2600), run=replace(RUN, started_at=snapshot(2600).now - 12))
    assert any("started    12 s ago, 8xH100" in line for line in stop_dialog(late, TYPED, "cancel", "", ASCII).lines())


def test_stop_dialog_cuts_names_and_not_consequences():
    """Of a long checkpoint name only the name is cut, never how much would be lost."""
    seen = replace(snapshot(2600).checkpoints[0], path="/out/" + "model-of-a-very-long-name-" * 3 + "1000")
    text = "\n".join(stop_dialog(replace(snapshot(2600), checkpoints=(seen,)), TYPED, "cancel", "", ASCII).lines())
    assert "1000; 1,600 steps would be lost without a save" in text


def test_focus_is_a_mark():
    """The part that keys go to is marked by a character, not only by colour."""
    for focus, words in (("cancel", "cancel"), ("id", "to confirm"), ("stop", "save, then stop"), ("unsaved", "without saving")):
        marked = [line for line in stop_dialog(snapshot(400), TYPED, focus, "", UNICODE).lines() if line.startswith("│ >")]
        assert len(marked) == 1
        assert words in marked[0]


def test_what_is_typed_is_harmless_and_fits():
    """Typed text is cleaned and its end stays visible."""
    lines = stop_dialog(snapshot(400), {"id": "x" * 70 + "end\x1b[1m", "unsaved_word": ""}, "id", "", UNICODE).lines()
    assert len({len(line) for line in lines}) == 1
    assert any("end▏" in line for line in lines)


def test_confirm_dialog():
    """The question shows both answers."""
    text = "\n".join(confirm_dialog("Save?", "what it means", ASCII).lines())
    assert "y yes" in text
    assert "any other key: no" in text


def test_help_names_every_glyph():
    """Help at 80x24 shows each severity with what to do, and each phase, in both looks."""
    for look in (ASCII, UNICODE):
        text = "\n".join(help_view(help_lines((("q", "leave"),), 80, look), 0, 80, 24, look).lines())
        assert all(word in text for word in (*GROUPS["severity"], *GROUPS["phase"], "save and stop"))


def test_log_view_marks_hits():
    """What is searched for is marked in each line, whatever its case; markup and escape sequences are text."""
    canvas = log_view(("a Loss [b] \x1b[1mloss",), 30, 3, ASCII, LogHeader("train.out", 0, following=True, term="loss"))
    assert canvas.lines()[1].rstrip() == "a Loss [b] loss"
    assert "".join("^" if r == "text.match" else " " for r in canvas.roles[1]).rstrip() == "  ^^^^     ^^^^"


def test_sparkline_moves_at_its_end_only():
    """While a series grows within one scale, only the last cell changes, until cells begin to stand for twice as many values."""
    series, drawn = Series(), []
    for i in range(48):
        series.extend([(0.0, 1.0, 0.5)[i % 3]], i, i)
        drawn.append(sparkline(series, 12, ASCII).rstrip())
    assert len(drawn[-1]) == 12
    jumps = [i for i in range(4, 48) if not drawn[i].startswith(drawn[i - 1][:-1])]
    assert jumps == [12, 24]
    assert sparkline(Series(), 3, ASCII) == "   "


def test_preframe_is_the_screen():
    """The first frame is the overview itself, and says that keys are not live yet."""
    text = preframe(snapshot(2600), 80, 24, load("default"), ascii=True, colour=False)
    assert text.startswith("\x1b[H\x1b[2J")
    assert "opening the screen" in text
    assert RUN.name in text
    assert text.count("\r\n") == 23


def test_preframe_loads_no_textual():
    """What prints the first frame imports neither textual nor rich."""
    code = "import sys, trainwatch.present.preframe; sys.exit(any(m in sys.modules for m in ('textual', 'rich', 'torch', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
