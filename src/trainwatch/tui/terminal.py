"""What the terminal can show, decided before the screen is opened: step down and say why, never refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trainwatch.present.layout import MINIMUM


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to show. `plain` is lines of text without a screen. `why` says in one line what was stepped down and how to change it."""

    mode: Literal["full", "plain"]
    ascii: bool
    colour: bool
    why: str = ""


def decide(
    environ: Mapping[str, str],
    cells: tuple[int, int] | None,
    *,
    tmux_utf8: bool | None = None,
    ascii: bool | None = None,  # noqa: A002  the word of the option
) -> Terminal:
    """The decision for an environment and a size in columns and rows; None is no terminal.

    `environ` must be the one the process was started with: Python itself changes LC_CTYPE. `tmux_utf8` is what tmux says of its
    client, None where there is none. `ascii` is the user's own word and wins.
    """
    colour = not environ.get("NO_COLOR") and not environ.get("TRAINWATCH_NO_COLOR")
    reason = "" if tmux_utf8 is None or tmux_utf8 else "tmux runs without UTF-8: ASCII. Fix: tmux -u attach"
    if not reason and not (tmux_utf8 or speaks_utf8(environ)):
        reason = "no UTF-8 in LC_ALL, LC_CTYPE or LANG: ASCII. Fix: export LANG=C.UTF-8"
    if ascii is not None:
        reason = ""
    plain = bool(reason) if ascii is None else ascii
    if cells is None:
        return Terminal("plain", plain, colour=False, why="no terminal: plain lines")
    if environ.get("TERM", "") in ("", "dumb"):
        return Terminal("plain", plain, colour=False, why="TERM says dumb: plain lines. Fix: export TERM=xterm-256color")
    if cells[0] < MINIMUM[0] or cells[1] < MINIMUM[1]:
        small = f"{cells[0]}x{cells[1]} is small: charts need {MINIMUM[0]}x{MINIMUM[1]}"
        reason = f"{small}; {reason}" if reason else small
    return Terminal("full", plain, colour, reason)


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale names UTF-8; the first of LC_ALL, LC_CTYPE and LANG that is set decides."""
    name = next((environ[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(n)), "")
    return name.lower().replace("-", "").endswith("utf8")


def look(*, ascii: bool | None = None) -> Terminal:  # noqa: A002
    """The decision for the terminal of this process."""
    environ = started_with()
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    here = all(stream is not None and stream.isatty() for stream in streams)
    return decide(environ, size() if here else None, tmux_utf8=_ask_tmux(environ), ascii=ascii)


def size() -> tuple[int, int]:
    """Columns and rows of this terminal."""
    found = shutil.get_terminal_size()
    return found.columns, found.lines


def started_with() -> dict[str, str]:
    """The environment as the process was given it; what Python says where the system does not tell."""
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return dict(os.environ)
    pairs = (item.partition("=") for item in raw.decode("utf-8", "replace").split("\0") if "=" in item)
    return {name: value for name, _, value in pairs} | {n: os.environ[n] for n in ("NO_COLOR", "TERM") if n in os.environ}


def _ask_tmux(environ: Mapping[str, str]) -> bool | None:
    """Whether the tmux client shows UTF-8; None outside tmux, or when it does not answer."""
    if not environ.get("TMUX"):
        return None
    try:
        done = subprocess.run(
            ["tmux", "list-clients", "-F", "#{client_utf8}"], capture_output=True, text=True, timeout=1, check=True, env=dict(environ)
        )
    except (OSError, subprocess.SubprocessError):
        return None
    answers = done.stdout.split()
    return None if not answers else all(a == "1" for a in answers)
