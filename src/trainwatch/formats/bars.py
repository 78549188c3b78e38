"""Progress bars of tqdm: how far a run is, and the values printed behind a bar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record
from trainwatch.formats.zeros import NAME, printed_zero

_FRAME = re.compile(
    rb"(\d{1,15})/(\d{1,15}) \[(\d[\d:]{1,12})<([\d:?, day]{1,24}?), [ ]{0,6}(?:[\d.]{1,12}|\?)[ ]{0,2}[^\s,\]]{1,24}(?:, ([^\]\r\n]{1,2000}))?\]"
)
_DESCRIPTION = re.compile(rb"([^\r\n|\]]{0,120}?)[ ]{0,8}\d{1,3}%\|[^|\r\n]{0,400}\| \Z")
_EPOCH = re.compile(rb"[Ee]poch:?[ ]{0,3}\[?(\d{1,7})(?:/(\d{1,7}))?\]?")
_PAIR = re.compile(rb"([A-Za-z_][\w /.@-]{0,63}?)=[ ]{0,8}([^\s,]{1,40})(?:, |,|\Z)")
_KINDS = (KindRule("train", ("*loss*",)), KindRule("info"))
_EVALUATION = re.compile(rb"\b(?:eval|valid|val|test)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a bar. `start` and `end` are positions in the line; `elapsed` in seconds; `postfix` as printed.

    `plain` says that it begins with its percentage, without a description.
    """

    start: int
    end: int
    description: bytes
    counter: int
    total: int
    elapsed: float
    postfix: bytes
    plain: bool

    @property
    def key(self) -> tuple[bytes, int, int]:
        """What makes two frames pictures of the same moment."""
        return self.description, self.counter, self.total


def frames(line: bytes) -> list[Frame]:
    """Every frame in a cleaned line."""
    found: list[Frame] = []
    position = 0
    for match in _FRAME.finditer(line):
        before = line[position : match.start()]
        described = _DESCRIPTION.search(before[-600:])
        description = described[1].strip() if described else before[-120:].strip()
        start = position + max(0, len(before) - 600) + described.start() if described else match.start()
        plain = described is not None and not description
        found.append(Frame(start, match.end(), description, int(match[1]), int(match[2]), clock(match[3]), match[5] or b"", plain))
        position = match.end()
    return found


def clock(text: bytes) -> float:
    """Seconds of `[[h:]m:]s`."""
    seconds = 0
    for part in text.split(b":"):
        seconds = seconds * 60 + int(part or b"0")
    return float(seconds)


def steps_of(frame: Frame) -> tuple[int, int]:
    """(counter, total) over the whole run: a bar that counts within one of several epochs is continued over them."""
    epoch = _EPOCH.match(frame.description)
    if epoch is None or epoch[2] is None:
        return frame.counter, frame.total
    return (max(int(epoch[1]), 1) - 1) * frame.total + frame.counter, int(epoch[2]) * frame.total


def record(frame: Frame) -> Record | None:
    """The values behind a bar as a record; None when there are none."""
    pairs = [(m[1].strip().decode("utf-8", "replace"), number(m[2])) for m in _PAIR.finditer(frame.postfix)]
    printed = [(name, value) for name, value in pairs if value is not None and name != "v_num"]
    if not printed:
        return None
    names = [name for name, _ in printed]
    meaning = plan(names, _KINDS, {})
    kind = meaning.kind or "info"
    if kind == "train" and _EVALUATION.search(frame.description):
        kind = "bar"
    values = {slot.name: printed[slot.index][1] for slot in meaning.slots}
    derived: tuple[str, ...] = ()
    if "step" not in values:
        values = {"step": float(steps_of(frame)[0]), **values}
        derived = ("step",) if steps_of(frame)[0] != frame.counter else ()
    zero = printed_zero(frame.postfix) if values.get(NAME) == 0 else ""
    return Record(kind, "bars", frame.start, frame.end, values, {}, derived, zero_rate=zero)
