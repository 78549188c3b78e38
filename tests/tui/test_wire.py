"""The screen in a real pseudo terminal: what the bytes make of an emulated screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte
import pytest
from tests.live import WAIT
from tests.tui.fakefeed import snapshot

from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.tui.keys import footer

SCRIPT = Path(__file__).parent / "demo_screen.py"
SIZE = (80, 24)


def play(*words: str, environ: dict[str, str], size: tuple[int, int] = SIZE, keys: dict[bytes, bytes] | None = None) -> tuple[bytes, int]:
    """Run the made-up run in a pseudo terminal; (what it wrote, its exit code). `keys`: what is typed once this was written."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"} | environ
    child = subprocess.Popen(
        [sys.executable, str(SCRIPT), *words], stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
    )
    os.close(slave)
    out, start, waiting = bytearray(), time.monotonic(), dict(keys or {})
    while time.monotonic() - start < WAIT:
        for seen in [seen for seen in waiting if seen in out]:
            os.write(master, waiting.pop(seen))
        if select.select([master], [], [], 0.05)[0]:
            try:
                out += os.read(master, 65536)
            except OSError:
                break
    os.close(master)
    try:
        return bytes(out), child.wait(timeout=WAIT)
    finally:
        child.kill()
        child.wait()


def emulated(data: bytes, size: tuple[int, int] = SIZE) -> list[str]:
    """What a terminal shows after these bytes."""
    screen = pyte.Screen(*size)
    pyte.ByteStream(screen).feed(data)
    return list(screen.display)


def frames(data: bytes) -> bytes:
    """What was drawn before the alternate screen was left, without the sequences that the emulator does not know."""
    drawn = data.split(b"\x1b[?1049l")[0]
    for unknown in (b"\x1b[>25u", b"\x1b]22;default\x1b\\", b"\x1b]22;default\x07", b"\x1b[?2026$p", b"\x1b[?2048$p"):
        drawn = drawn.replace(unknown, b"")
    return drawn


def test_changed_cells_equal_a_full_redraw():
    """After many partial refreshes an emulated terminal shows what painting the last snapshot anew gives."""
    data, code = play("default", "100", "2400", environ={})
    assert code == 0
    painter = Painter(look(ascii=False), footer("overview"))
    last = painter.screen(snapshot(2400), *SIZE).lines()
    seen = emulated(frames(data))
    assert seen[4:23] == last[4:23]
    assert "● stopped  step" in seen[0]
    assert "the run has ended (stopped)" in data.decode().rsplit("\x1b[?1049l", 1)[1]


@pytest.mark.parametrize(
    ("environ", "needle"),
    [({"LANG": "C"}, "no UTF-8"), ({"TERM": "dumb"}, "TERM says dumb"), ({"TERM": "dumb", "LANG": "C"}, "TERM says dumb")],
)
def test_poor_terminals(environ: dict[str, str], needle: str):
    """Without UTF-8 every byte sent is 7-bit; a dumb terminal gets plain text without any escape sequence; both are told why."""
    data, code = play("default", "500", "1700", environ=environ)
    assert code == 0
    assert needle in data.decode()
    assert environ.get("LANG") != "C" or data.isascii()
    assert environ.get("TERM") != "dumb" or b"\x1b" not in data


def test_no_color_sends_no_colour():
    """Under NO_COLOR no sequence sets a colour, in either theme."""
    for theme in ("default", "dark"):
        data, _ = play(theme, "500", "1700", environ={"NO_COLOR": "1"})
        codes = [code for part in data.split(b"\x1b[")[1:] if (end := part.find(b"m")) >= 0 for code in part[:end].split(b";")]
        assert not {c for c in codes if c.isdigit() and (30 <= int(c) <= 38 or 40 <= int(c) <= 48 or 90 <= int(c) <= 107)}


def test_leaving_says_that_training_goes_on():
    """`q` puts the terminal back and prints step and way back."""
    data, code = play("default", "10", "4400", environ={}, keys={b"train_v4": b"q"})
    assert code == 0
    after = data.decode().rsplit("\x1b[?1049l", 1)[1]
    assert "detached. training goes on (step 1," in after
    assert "back: trainwatch attach train_v4-7471" in after


def test_a_tiny_terminal_gets_the_compact_view():
    """At 40x8 nothing crashes: the compact view is drawn and the size is named."""
    data, code = play("default", "500", "1700", environ={}, size=(40, 8))
    assert code == 0
    assert "40x8 is small" in data.decode()
    assert "Traceback" not in data.decode()
