"""Templates: literals and slots as they stand in the TOML files, compiled to patterns over bytes.

    iter <step>: loss <loss>, time <step_time:ms>ms
    {<pairs>}
    Saving model checkpoint to <path:text>

`<name>` is a number, `<name:unit>` one in that unit, `<name:text>` the shortest text that lets the rest match, `<...>` text that is
not kept. Two blanks in a literal stand for any number of them. A template is a whole line from
its first literal on; `<...>` at its end leaves the end open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from trainwatch.formats.numbers import UNITS

_SLOT = re.compile(r"<([A-Za-z_][\w /.()%@-]*?|\.\.\.)(?::(\w+))?>")
END = rb"(?=[ \t]*+\r*+(?:\n|\Z))"
"""Records end where their line ends."""


@dataclass(frozen=True)
class Template:
    """A template, compiled when a line needs it for the first time: of all formats, a log needs few.

    `close` says that the line must end after it. `head` is the literal it starts with; a line without it cannot match.
    """

    text: str
    close: bool
    head: bytes

    @cached_property
    def source(self) -> bytes:
        """The pattern's text, which starts with the head."""
        return _compiled(self.text, self.close)[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The captured slots in order."""
        return _compiled(self.text, self.close)[1]

    @cached_property
    def units(self) -> tuple[float | None, ...]:
        """What one of each slot is worth in SI, None for text."""
        return _compiled(self.text, self.close)[2]

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The pattern itself."""
        return re.compile(self.source)


def compile_template(text: str, *, close: bool = True, later: bool = False) -> Template:
    """Compile; `close` says that the line must end after it. Raises ValueError with a reason for the author of the file.

    With `later` all behind the head is compiled when it is asked for, which then raises.
    """
    slot = _SLOT.search(text)
    head = text if slot is None else text[: slot.start()]
    if not head.strip():
        raise ValueError("a template must begin with a literal")
    if not later:
        _compiled(text, close)
    return Template(text, close, head.split("  ")[0].encode())


@cache
def _compiled(text: str, close: bool) -> tuple[bytes, tuple[str, ...], tuple[float | None, ...]]:  # noqa: FBT001
    """Source, names and units of each template once."""
    pieces = _pieces(text)
    names: list[str] = []
    units: list[float | None] = []
    pattern = b""
    for i, piece in enumerate(pieces):
        if isinstance(piece, str):
            pattern += _literal(piece)
            continue
        following = pieces[i + 1] if i + 1 < len(pieces) else ""
        if not isinstance(following, str):
            if following[0] != "...":
                raise ValueError("two slots need a literal between them")
            following = ","
        pattern += _slot(piece, following, names, units)
    if close and pieces[-1] != ("...", None):
        pattern += END
    return pattern, tuple(names), tuple(units)


def _pieces(text: str) -> list[str | tuple[str, str | None]]:
    """The template as literals (str) and slots (name, unit)."""
    pieces: list[str | tuple[str, str | None]] = []
    position = 0
    for match in _SLOT.finditer(text):
        if match.start() > position:
            pieces.append(text[position : match.start()])
        pieces.append((match[1], match[2]))
        position = match.end()
    if position < len(text):
        pieces.append(text[position:])
    return pieces


def _literal(text: str) -> bytes:
    """A literal; two blanks match any number."""
    return rb" ++".join(re.escape(part.encode()) for part in re.split("  +", text))


def _slot(piece: tuple[str, str | None], following: str, names: list[str], units: list[float | None]) -> bytes:
    """The pattern of a slot; notes name and unit."""
    name, unit = piece
    if name == "...":
        return rb"[^\r\n]*?" if following else b""
    names.append(name)
    if unit == "text":
        units.append(None)
        return rb"([^\r\n]*?)"
    if unit is not None and unit not in UNITS:
        raise ValueError(f"there is no unit {unit!r}; the units are: text, {', '.join(UNITS)}")
    units.append(UNITS[unit] if unit else 1.0)
    return rb" *+([^\s" + stop(following) + rb"]++)"


def stop(following: str) -> bytes:
    """The characters that end a number slot besides blanks, as they stand in a character class: the underscore, and the literal's first."""
    first = following[:1].strip()
    if not first or first.isalnum() or first in ".+-":
        return rb"_" + _letters(following)
    return rb"_" + re.escape(first.encode())


def _letters(following: str) -> bytes:
    """A unit glued to its number, such as `ms`, ends it; letters of nan and inf and exponents do not."""
    first = following[:1]
    return first.encode() if first.isalpha() and first.lower() not in "naife" else b""
