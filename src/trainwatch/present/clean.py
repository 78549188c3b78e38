"""Text from outside made harmless: nothing a log holds may drive the user's terminal.

Removed are escape sequences (CSI, OSC, DCS and their 8-bit forms), all control and format characters (bidirectional overrides
included), surrogates and line separators. What a terminal would have overwritten after a carriage return is folded away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SEQUENCE = re.compile(
    r"""
      (?:\x1b\[|\x9b) [0-?]* [ -/]* [@-~]?                      # CSI: colours, cursor moves
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]) [^\x07\x1b\x9c]*  # OSC, DCS, SOS, PM, APC: titles, links, clipboard
      (?:\x07|\x1b\\|\x9c)?
    | \x1b [ -/]* [0-~]?                                        # every other escape
    """,
    re.VERBOSE,
)
_TAB = "    "
_REMOVED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_LOOK = "█▓▒▉▊▋░▌▍▎▏━─│╭╮╰╯┊╌…–—×·•→←°“”‘’±≥≤\u00a0"  # noqa: RUF001  characters that look alike are the point
_ALIKE = "######.==----|++++:-~--x.*>< \"\"''+>< "
_ASCII = str.maketrans(_LOOK, _ALIKE)


def clean(text: str) -> str:
    """The text on one line without anything that is not a visible character or a blank."""
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCE.sub("", fold(text)).replace("\t", _TAB)
    return text if text.isprintable() else "".join(filter(None, map(_visible, text)))


def fold(text: str) -> str:
    """What a terminal shows of a line in which a program drew over itself: the part after the last carriage return that holds any."""
    if "\r" not in text:
        return text
    parts = text.split("\r")
    return next((part for part in reversed(parts) if part.strip()), parts[-1])


def lines(data: bytes) -> Iterator[str]:
    """The lines of a stretch of log, cleaned; bytes that are not UTF-8 become the replacement character."""
    text = data.decode("utf-8", "replace")
    for line in text.removesuffix("\n").split("\n") if text else ():
        yield clean(line)


def to_ascii(text: str) -> str:
    """The text in 7 bits and as many characters: bars and rules by their look, letters without accents, all else `?`."""
    return text if text.isascii() else "".join(map(_seven_bits, text.translate(_ASCII)))


@lru_cache(maxsize=4096)
def _visible(char: str) -> str:
    """The character, a blank for a newline, nothing for what must not be shown."""
    if char == "\n":
        return " "
    return "" if unicodedata.category(char) in _REMOVED else char


@lru_cache(maxsize=4096)
def _seven_bits(char: str) -> str:
    """One ASCII character for one character; none for a mark that only modifies the one before."""
    if char.isascii():
        return char
    if unicodedata.combining(char):
        return ""
    base = unicodedata.normalize("NFKD", char)[0]
    return base if base.isascii() else "?"
