"""Losses or gradients that are not numbers, also those that a framework hides (rule N1)."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok
from trainwatch.rules.signs import Signs


@dataclass(frozen=True, slots=True)
class Settings:
    """`metrics` are the names looked at, `except_metrics` those that may be infinite without harm (patterns with `*`).

    Steps are optimizer steps where they are known, else records. Orange: `orange_count` in the last `orange_steps`. Red: `red_row`
    records in a row, `red_count` in the last `red_steps`, or an evaluation that is not a number. Gradient norms in the first
    `start_steps` stay yellow: a dynamic loss scale is still looking for its level.
    """

    metrics: tuple[str, ...] = ("*loss*", "*grad_norm*", "ppl", "*perplexity*")
    except_metrics: tuple[str, ...] = ("*loss_scale*", "*best*")
    orange_count: int = 3
    orange_steps: int = 1000
    red_row: int = 3
    red_count: int = 3
    red_steps: int = 200
    start_steps: int = 100


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record with a value that is not finite, or with signs (`note`) that a filter has put a finite one in its place."""

    at: int
    mild: bool
    evidence: Evidence
    note: str = ""


class NonFinite(Rule):
    """Keeps the sightings of the last `orange_steps`, and how many records in a row were not finite."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._seen: deque[Sighting] = deque()
        self._in_row = 0
        self._records = 0
        self._broken_eval: Evidence | None = None
        self._active = False
        self._watch: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._shapes: dict[str, frozenset[str]] = {}
        self._signs = Signs()
        self._told = ""
        self._said: tuple[tuple[object, ...], Judgement] | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return ok("every value is finite")

    def noticed(self, block: Block, history: History) -> None:  # noqa: ARG002
        """The job says that a value was not finite: it belongs to the next record."""
        texts = block.texts[0] if block.texts else {}
        if texts.get("event") == "non_finite":
            self._told = str(texts.get("metric") or "loss")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Look for values that are not finite; quick while there are none."""
        names = self._watched(block)
        hidden = self._loss_is_missing(block)
        signs = {} if history.profile else self._signs.read(block)
        if self._told and block.kind == "train":
            signs[0] = f"the job says that {self._told} was not finite, and goes on with another value"
        if not hidden and not signs and not self._active and all(block.extremes(n) for n in names):
            self._records += len(block)
            return ()
        return list(self._each(block, names, signs, hidden=hidden))

    def _watched(self, block: Block) -> tuple[str, ...]:
        """The columns looked at."""
        key = tuple(block.columns)
        if key not in self._watch:
            s = self.settings
            self._watch[key] = tuple(
                n for n in key if any(fnmatch(n, p) for p in s.metrics) and not any(fnmatch(n, p) for p in s.except_metrics)
            )
        return self._watch[key]

    def _loss_is_missing(self, block: Block) -> bool:
        """Whether records come without their loss, all else being there: a filter has taken out a NaN."""
        names = frozenset(block.columns)
        if block.kind == "train":
            self._shapes[block.format] = names
            return False
        return block.kind == "info" and "grad_norm" in names and self._shapes.get(block.format) == names | {"loss"}

    def _each(self, block: Block, names: tuple[str, ...], signs: Mapping[int, str], *, hidden: bool) -> Iterator[tuple[int, Judgement]]:
        """Each record at which something is wrong, and those after it; what they say again is not worked out again."""
        bad = _bad(block, names)
        marks = range(len(block)) if hidden else sorted(bad.keys() | signs.keys())
        row, at, settled = 0, 0, not self._active
        while row < len(block):
            if settled:
                end = self._lasts(block, row, at, next((mark for mark in marks if mark >= row), len(block)))
                if self._said is not None and self._active:
                    yield from ((later, self._said[1]) for later in range(row, end))
                self._records += end - row
                row, settled = end, False
                continue
            before = self._said
            self._records += 1
            at = self._take(block, row, bad.get(row, []), signs.get(row, ""), hidden=hidden)
            yield row, self._judge(at)
            settled = not self._active or before is self._said
            row += 1

    def _lasts(self, block: Block, row: int, at: int, end: int) -> int:
        """Up to which row, `end` at most, what was found at `at` holds: until a sighting grows old."""
        if not self._active:
            return end
        s, first = self.settings, self._records + 1 - row
        old = min((x.at + steps for x in self._seen for steps in (s.red_steps, s.orange_steps) if x.at + steps > at), default=math.inf)
        return bisect_left(range(end), old, row, key=lambda later: first + later if (step := block.step(later)) is None else step)

    def _take(self, block: Block, row: int, bad: list[str], sign: str, *, hidden: bool) -> int:
        """Bring the state up to date with one record; returns where it stands."""
        step = block.step(row)
        at = step if step is not None else self._records
        while self._seen and self._seen[0].at <= at - self.settings.orange_steps:
            self._seen.popleft()
        if not bad and not hidden and not sign:
            if block.kind != "info":
                self._in_row = 0
            if block.kind == "eval":
                self._broken_eval = None
            self._active = bool(self._seen) or self._broken_eval is not None
            return at
        name = bad[0] if bad else self._told or "loss"
        value = block.columns[name][row] if bad or (sign and not self._told) else math.nan
        evidence = Evidence(name, value, step, block.epoch(row), block.source, block.attempt, block.line(row))
        only_gradient = bool(bad) and all("grad_norm" in n for n in bad)
        guess = not bad and not hidden and not self._told
        self._seen.append(Sighting(at, guess or (only_gradient and at <= self.settings.start_steps), evidence, "" if bad else sign))
        self._told = ""
        self._in_row += 0 if guess else 1
        self._active = True
        if block.kind == "eval":
            self._broken_eval = evidence
        return at

    def _judge(self, now: int) -> Judgement:
        """The level after the record that stands at `now`."""
        s = self.settings
        if not self._seen and self._broken_eval is None:
            return ok("every value is finite again", negated=True)
        grave = [x for x in self._seen if not x.mild]
        newest = self._seen[-1].at if self._seen else 0
        recent = sum(1 for x in grave if x.at > now - s.red_steps)
        if self._broken_eval is not None or (grave and self._in_row >= s.red_row) or recent >= s.red_count:
            severity = Severity.RED
        else:
            severity = Severity.ORANGE if len(grave) >= s.orange_count else Severity.YELLOW
        last = self._broken_eval or self._seen[-1].evidence
        state = severity, newest, newest == now, self._in_row, len(self._seen), last
        if self._said is None or self._said[0] != state:
            self._said = state, self._found(severity, newest == now, last)
        return self._said[1]

    def _found(self, severity: Severity, fresh: bool, last: Evidence) -> Judgement:  # noqa: FBT001
        """The sentence names the newest sighting, `last`; it is made once for the records after it that change nothing."""
        count = len(self._seen)
        why = f"{last.name} is {last.value}{place(last.step, last.epoch)}"
        if self._broken_eval is None and self._seen[-1].note:
            why += f": {self._seen[-1].note}"
        if self._in_row > 1 and fresh:
            why += f", {self._in_row} records in a row"
        elif count > 1:
            why += f", {count} times in the last {self.settings.orange_steps} steps"
        if severity is Severity.RED:
            why += ": the weights are presumably not finite either, so nothing is saved over the last good checkpoint"
        evidence = tuple(x.evidence for x in list(self._seen)[-3:]) or (last,)
        return fired(severity, why, evidence, f"{self.settings.orange_steps} steps without another would withdraw it")


def _bad(block: Block, names: tuple[str, ...]) -> dict[int, list[str]]:
    """The rows with values that are not finite, and whose these are."""
    found: dict[int, list[str]] = {}
    for name in names:
        if block.extremes(name) is None:
            for row, value in enumerate(block.columns[name]):
                if not math.isfinite(value) and not (block.texts and name in block.texts[row]):
                    found.setdefault(row, []).append(name)
    return found


KIND = Kind(
    name="non_finite",
    summary="a loss, gradient norm or evaluation is NaN or infinite",
    needs="any loss or gradient norm",
    settings=Settings,
    make=NonFinite,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify", Severity.RED: "stop"},
    proof="existing",
    stop_by_default=True,
    clear_after=1,
    phase="unstable",
    phase_from=Severity.ORANGE,
)
