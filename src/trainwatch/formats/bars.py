"""Progress bars of tqdm: how far a run is, and the values printed behind a bar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from trainwatch.formats.findings import main_loss
from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record
from trainwatch.formats.zeros import NAME, printed_zero

_FRAME = re.compile(
    rb"(\d{1,15})/(\d{1,15}) \[(\d[\d:]{1,12})<([\d:?, day]{1,24}?)(?:, [ ]{0,6}(?:[\d.]{1,12}|\?)[ ]{0,2}[^\s,=\]]{1,24})?(?:, ([^\]\r\n]{1,2000}))?\]"
)
_DESCRIPTION = re.compile(rb"([^\r\n|\]]{0,120}?)[ ]{0,8}\d{1,3}%\|[^|\r\n]{0,400}\| \Z")
_EPOCH = re.compile(rb"[Ee]poch:?[ ]{0,3}\[?(\d{1,7})(?:/(\d{1,7}))?\]?")
_PAIR = re.compile(rb"([A-Za-z_][\w /.@-]{0,63}?)=[ ]{0,8}([^\s,]{1,40})(?:, |,|\Z)")
_SPOKEN = re.compile(rb"['\"]?([A-Za-z_][\w /.@-]{0,63}?)['\"]?(?:=|: )[ ]{0,8}['\"]?([^\s,}'\"]{1,40})['\"]?(?:[,; ]{1,2}|[}]?\Z)")
_SAID = re.compile(
    rb"([A-Za-z_][\w /.@-]{0,40}?)(?:=|: ?)[ ]{0,8}([-+]?(?:\d[\d.]{0,30}(?:e[-+]?\d{1,3})?|nan|inf))(?![\w/%.]|:\d)", re.IGNORECASE
)
_COUNTERS = (b"epoch", b"step", b"iter", b"batch", b"fold")
_EVALUATED = ("val/*", "val_*", "eval/*", "eval_*", "valid_*", "valid/*", "test/*", "test_*")
_KINDS = (KindRule("train", ("*loss*",)), KindRule("train", ("*Loss*",)), KindRule("info"))
_BEST = ("best ", "best_", "best/")
"""What a search shows of all its trials is no value of the newest one."""

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
        """What makes two frames pictures of the same moment: a loss in the description changes from one to the next."""
        described = _SAID.sub(_unsaid, self.description) if b"oss" in self.description else self.description
        return described, self.counter, self.total


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


def records(frame: Frame, *, spoken: bool = False) -> list[Record]:
    """The values behind a bar: of the training, of an evaluation, or of both; none when there are none.

    `spoken` says that `name: value` counts too, and so does a loss in the description, as in `loss: 0.5:  10%|`.
    """
    pairs = [(m[1].strip().decode("utf-8", "replace"), number(m[2])) for m in (_SPOKEN if spoken else _PAIR).finditer(frame.postfix)]
    if spoken and b"oss" in frame.description:
        said = [(m[1].strip().decode("utf-8", "replace"), number(m[2])) for m in _SAID.finditer(frame.description)]
        pairs += [(name, value) for name, value in said if not name.lower().encode().endswith(_COUNTERS)]
    printed = {name: value for name, value in pairs if value is not None and name != "v_num" and not name.startswith(_BEST)}
    evaluated = {name: value for name, value in printed.items() if any(fnmatchcase(name, pattern) for pattern in _EVALUATED)}
    trained = {name: value for name, value in printed.items() if name not in evaluated}
    made = [_record(frame, "", trained)] if trained else []
    if evaluated:
        made.append(
            _record(frame, "eval", evaluated | {name: trained[name] for name in ("step", "global_step", "epoch") if name in trained})
        )
    return made


def _record(frame: Frame, kind: str, printed: dict[str, float]) -> Record:
    """A record of what a frame prints."""
    names = list(printed)
    meaning = plan(names, (KindRule("eval"),) if kind else _KINDS, {})
    found = meaning.kind or "info"
    if found != "info" and _EVALUATION.search(frame.description):
        found = "bar"
    values = {slot.name: printed[names[slot.index]] for slot in meaning.slots}
    if found == "train" and "loss" not in values and (main := main_loss(names)) is not None:
        values["loss"] = printed[main]
    derived: tuple[str, ...] = ()
    if "step" not in values:
        values = {"step": float(steps_of(frame)[0]), **values}
        derived = ("step",) if steps_of(frame)[0] != frame.counter else ()
    zero = printed_zero(frame.postfix) if values.get(NAME) == 0 else ""
    return Record(found, "bars", frame.start, frame.end, values, {}, derived, zero_rate=zero)


def _unsaid(match: re.Match[bytes]) -> bytes:
    """A name without its value, unless it counts."""
    return match[0] if match[1].strip().lower().endswith(_COUNTERS) else match[1]
