"""Every key in one table: what is bound, what the last row shows and what help lists all come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Where = Literal["overview", "alerts", "log"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key on a screen.

    `name` is Textual's, several separated by commas; `shown` is for people; `action` the method `action_...` of the screen. `word` is
    what the last row says, empty where it does not show the key. `help` is a full sentence without its full stop.
    """

    where: Where
    name: str
    shown: str
    action: str
    word: str
    help: str


KEYS = (
    Key("overview", "q", "q", "detach", "detach", "close this screen; training goes on"),
    Key("overview", "question_mark,f1", "?", "help", "help", "this page"),
    Key("overview", "A", "A", "alerts", "alerts", "every alert in full: evidence, what follows, how to silence it"),
    Key("overview", "l", "l", "log", "log", "the whole log, with search"),
    Key("overview", "t", "t", "theme", "", "the next theme"),
    Key("overview", "ctrl+r", "ctrl+r", "redraw", "", "draw everything anew"),
    Key("overview", "K", "K", "save", "save", "ask the job for a checkpoint now (confirm with y)"),
    Key("overview", "X", "X", "stop", "stop", "save, prove, then stop the job (typed confirmation)"),
    Key("overview", "C", "C", "cancel", "cancel", "cancel a stop that is under way"),
    Key("alerts", "escape,q,A", "esc", "back", "back", "back to the overview"),
    Key("alerts", "question_mark,f1", "?", "help", "help", "this page"),
    Key("alerts", "up,k", "up", "up", "", "one line up"),
    Key("alerts", "down,j", "down", "down", "", "one line down"),
    Key("alerts", "pageup,b", "PgUp", "page_up", "page up", "one page up"),
    Key("alerts", "pagedown,space", "PgDn", "page_down", "page down", "one page down"),
    Key("alerts", "home,g", "Home", "first", "", "the first line"),
    Key("alerts", "end,G", "End", "last", "", "the last page"),
    Key("log", "escape,q", "esc", "back", "back", "back to the overview"),
    Key("log", "question_mark,f1", "?", "help", "help", "this page"),
    Key("log", "slash", "/", "search", "search", "search upwards; enter begins, esc leaves"),
    Key("log", "n", "n", "older", "older hit", "the next hit above"),
    Key("log", "N", "N", "newer", "newer hit", "back to the hit below"),
    Key("log", "f", "f", "follow", "follow", "follow the end of the log"),
    Key("log", "up,k", "up", "up", "", "one line up"),
    Key("log", "down,j", "down", "down", "", "one line down"),
    Key("log", "pageup,b", "PgUp", "page_up", "", "one page up"),
    Key("log", "pagedown,space", "PgDn", "page_down", "", "one page down"),
    Key("log", "left,h", "left", "left", "", "what stands further to the left"),
    Key("log", "right", "right", "right", "", "what is cut at the right edge"),
    Key("log", "home,g", "Home", "first", "", "the first page"),
    Key("log", "end,G", "End", "follow", "", "the end, and follow it"),
)


ASKING = frozenset({"save", "stop", "cancel"})
"""The actions that ask something of the job."""


GONE = "leave: the run has ended"
"""The word of the key that closes the screen, once there is nothing more to come."""


def of(where: Where) -> tuple[Key, ...]:
    """The keys of a screen."""
    return tuple(k for k in KEYS if k.where == where)


def footer(where: Where, can: Callable[[str], bool] | None = None, *, ended: bool = False) -> tuple[tuple[str, str], ...]:
    """(key, word) of what the last row of a screen offers.

    `can` tells whether a save, stop or cancel could be accepted; of a run that has `ended` none is, and there is nothing to detach from.
    """
    keys = [k for k in of(where) if k.word and (k.action not in ASKING or (not ended and (can is None or can(k.action))))]
    return tuple((k.shown, GONE if ended and k.action == "detach" else k.word) for k in keys)


def help_rows(where: Where) -> tuple[tuple[str, str], ...]:
    """(key, sentence) of all keys of a screen."""
    return tuple((k.shown, k.help) for k in of(where))
