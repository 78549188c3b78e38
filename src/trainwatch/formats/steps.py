"""The step of a record that prints none, from the progress bar around it, or from its epoch.

A bar goes to stderr, which is never buffered; a record goes to stdout, which may be. When the two are in step, the frame just behind a
record is the refreshed bar, and the frame before it is at most a display interval old. When stdout is block-buffered, many records come
at once behind one frame: then the last of them belongs to that frame, which gives the steps per epoch, and the epoch gives the others.
A bar that came to its end before the first record may have counted anything: it tells steps only when the run's summary stands there too.
Everything is decided from the bytes around a record and from constants that are set once, so it does not depend on the chunking; but
for records behind a bar that has ended, which tell steps only where they arrive together: waiting for more would keep a live log back.
"""

from __future__ import annotations

import re

from trainwatch.formats.bars import clock
from trainwatch.formats.numbers import number, resolution

MOST = 1e15
"""No run has so many steps or epochs: such a number, infinity and NaN are none."""

BURST = 1 << 15
"""Adjacent records of so many bytes tell no steps per epoch: stdout is buffered in smaller pieces, so several frames lie behind them."""

HELD = 2 * BURST
"""How many bytes of adjacent records are held back until the frame behind them is there."""

CONTEXT = 4
"""Bytes kept before what is read next: they tell whether a record stands directly behind another."""

MEETING = 14
"""Bytes that are no longer than what stands where two records meet."""

TORN = 64
"""So many frames without a counter are passed over in search of one."""

_AFTER = re.compile(rb"\}[ \t]{0,9}\r?\n\r[^\r\n\[{]{0,300}?(\d{1,15})/(\d{1,15}) \[([\d:]{1,12})<")
_NEXT = re.compile(rb"[ \t]{0,9}\r?\n(?=\{')")
_MEETING = re.compile(rb"\}[ \t]{0,9}\r?\n\{'")
_WHOLE = re.compile(rb"\{'[^\r\n]*\}(?=[ \t]{0,9}\r?(?:\n|\Z))")
_ELAPSED = re.compile(rb"\[([\d:]{1,12})<")
_EPOCH = re.compile(rb"'epoch': '?([\d.eE+-]+)'?")


_Frame = tuple[int, float]
"""Counter, and elapsed seconds as printed."""


class Steps:
    """What is known about the train bar of one source."""

    def __init__(self) -> None:
        self.total: int | None = None
        self._at: _Frame | None = None
        self._counted = 0
        self.per_epoch: float | None = None
        self.every: int | None = None
        self.epoch: float | None = None
        self.is_live = False
        self.recorded: float | None = None
        """The step of the newest record that prints one: an evaluation without one was made there."""
        self.begun = False
        """Whether a record stands directly before what is at hand, so that a burst from there on is a part of one."""
        self.base = 0
        """The offset of what is at hand in the source."""
        self._first = 0
        self._next: tuple[int, _Frame, int] | None = None

    def copy(self) -> Steps:
        """What is known now. It is asked for with every block: `copy.copy` takes three times as long."""
        known = object.__new__(Steps)
        vars(known).update(vars(self))
        return known

    def completes(self, data: bytes, start: int, stop: int) -> bool:
        """Whether the train bar has come to its end, or does so somewhere in a stretch."""
        if self.total is None:
            return False
        frame = self._newest(data, start, stop)
        ends = frame is not None and frame[0] >= self.total
        return self.complete or ends or data.find(b"%d/%d [" % (self.total, self.total), start, stop) >= 0

    @property
    def newest(self) -> _Frame | None:
        """(counter, elapsed seconds) of the newest frame of the train bar."""
        return self._at

    def shown(self, rest: bytes) -> tuple[int, int, float] | None:
        """(counter, total, elapsed seconds) of the train bar, `rest` being what was drawn since; None without one."""
        if self.total is None:
            return None
        frame = _newest(rest, self.total, 0, len(rest)) or self._at
        return None if frame is None else (frame[0], self.total, frame[1])

    @property
    def is_running(self) -> bool:
        """Whether a bar is under way that a record may have to wait for."""
        return self.total is not None and not self.complete

    @property
    def wants_burst(self) -> bool:
        """Whether the next adjacent records will tell the steps per epoch."""
        return self.total is not None and self.per_epoch is None

    @property
    def complete(self) -> bool:
        """Whether the bar has come to its end, by the frames that were read: the next bar may be another run's."""
        return self.total is not None and self._counted >= self.total

    def seen(self, data: bytes, start: int, stop: int) -> None:
        """Remember the newest frame of the train bar in a stretch of the log that is done with."""
        self._at = self._newest(data, start, stop) or self._at

    def bar(self, total: int, counter: int, elapsed: float, offset: int) -> None:
        """A frame without a description. The first such bar is the train bar, unless it ends before a train record comes."""
        if self.total is None or (self.complete and not self.is_live):
            self._take((total, (counter, elapsed), offset))
        elif self.total == total:
            self._counted = counter
        elif self.complete:
            self._next = (total, (counter, elapsed), offset)

    def _take(self, bar: tuple[int, _Frame, int]) -> None:
        """From here on this is the train bar: frames before its first one are another's, whatever their total."""
        self.total, self._at, self._first = bar
        self._counted = self._at[0]

    def _newest(self, data: bytes, start: int, stop: int) -> _Frame | None:
        """The newest frame of the train bar in a stretch."""
        return None if self.total is None else _newest(data, self.total, max(start, self._first - self.base), stop)

    def train(self, epoch: float | None) -> None:
        """A train record comes. After the end of the train bar, an epoch that starts over belongs to the bar of another run."""
        starts_over = epoch is None or self.epoch is None or epoch < self.epoch
        if self.complete and self._next is not None and starts_over:
            self._take(self._next)
            self.per_epoch, self.every, self._next = None, None, None
        self.is_live = self.is_live or (self.total is not None and not self.complete)
        self.epoch = epoch

    def of(self, data: bytes, start: int, end: int, epoch: float | None, kind: str) -> int | None:
        """The step of the record at [start, end) of `data`; None when nothing tells."""
        step = self._told(data, start, end, epoch, kind)
        if step is None and kind == "eval" and self.recorded is not None and abs(self.recorded) < MOST:
            return int(self.recorded)
        return step

    def _told(self, data: bytes, start: int, end: int, epoch: float | None, kind: str) -> int | None:
        """What bar and epoch tell."""
        if self.total is None:
            return self._by_epoch(epoch, _printed(data, start, end), kind)
        is_dict = data.startswith(b"{'", start)
        if is_dict and adjacent(data, start, end):
            if self.per_epoch is None:
                self._calibrate(data, start, end)
            return self._by_epoch(epoch, _printed(data, start, end), kind)
        before = self._newest(data, 0, start) or self._at
        if before is None or (self.complete and not self.is_live):
            return None
        is_glued = data[start - 1 : start] == b"]"
        return before[0] if is_glued or not is_dict else max(before[0], self._refreshed(data, end, before))

    def _refreshed(self, data: bytes, end: int, before: _Frame) -> int:
        """The counter of the frame behind a record, if it is the bar drawn anew at that moment and not the picture of a later step.

        A record that is glued to the frame before it was printed past the bar, which is then not drawn anew.
        """
        after = _AFTER.match(data, end - 1)
        if after is None or int(after[2]) != self.total:
            return 0
        return int(after[1]) if 0 <= clock(after[3]) - before[1] <= 1 else 0

    def _calibrate(self, data: bytes, start: int, end: int) -> None:
        """Steps per epoch and steps between records, from the first burst: its last record belongs to the frame before it."""
        first, last = _burst(data, start, end)
        if last - first >= BURST or (self.begun and first <= CONTEXT):
            return
        frame = self._newest(data, 0, first) or self._at
        counter = frame[0] if frame is not None else 0
        if self.complete and (self.is_live or data.find(b"'train_runtime'", first, last) < 0):
            return
        texts = _EPOCH.findall(data, first, last)
        epochs = [value for text in texts if (value := number(text))]
        if not counter or not epochs or not self.total or not 1e-9 < epochs[-1] < MOST or not abs(epochs[0]) < MOST:
            return
        slack = resolution(texts[-1])
        rounds = round(self.total * epochs[-1] / counter)
        whole = rounds >= 1 and abs(self.total * epochs[-1] / counter - rounds) <= self.total * slack / counter + 0.1 * rounds
        self.per_epoch = self.total / rounds if whole else counter / epochs[-1]
        if len(epochs) > 2:
            self.every = max(1, round((epochs[-1] - epochs[0]) / (len(epochs) - 1) * self.per_epoch))

    def _by_epoch(self, epoch: float | None, slack: float, kind: str) -> int | None:
        """The step at an epoch, on the grid of the records where it lies within the epoch's rounding."""
        if epoch is None or not self.per_epoch:
            return None
        exact = epoch * self.per_epoch
        if not abs(exact) < MOST:
            return None
        if self.every and kind != "summary":
            grid = self.every * round(exact / self.every)
            if abs(grid - exact) <= slack * self.per_epoch / 2 + 1:
                return grid
        return round(exact)


def hold(data: bytes, cut: int) -> int:
    """Where to stop reading for now: before the records at the end of `data[:cut]` whose following frame is not there yet."""
    held = last = data.rfind(b"\n", 0, cut) + 1
    if not last or not _undecided(data, last):
        return cut
    while held > 0:
        start = data.rfind(b"\n", 0, held - 1) + 1
        record = data.rfind(b"{'", start, held)
        if record < 0 or not data[record:held].rstrip().endswith(b"}"):
            break
        held = max(start, data.rfind(b"\r", start, record) + 1)
        if held > start or not data.startswith(b"{'", start):
            break
    return held if held < last and cut - held < HELD else cut


def _undecided(data: bytes, cut: int) -> bool:
    """Whether what follows a record could still become the frame that tells its step, or another record."""
    rest = data[cut : cut + 320]
    if not rest or rest.startswith(b"{"):
        return True
    return rest.startswith(b"\r") and len(rest) < 320 and b"\n" not in rest and b"\r" not in rest[1:] and b"<" not in rest


def adjacent(data: bytes, start: int, end: int) -> bool:
    """Whether what may be another record stands directly before or behind, with no frame in between."""
    return _is_behind(data, start) or _NEXT.match(data, end) is not None


def meet(data: bytes, start: int, stop: int) -> bool:
    """Whether any two of what may be records stand directly one behind the other, in a stretch or across its edges."""
    return _MEETING.search(data, max(0, start - MEETING), stop + MEETING) is not None


def _is_behind(data: bytes, start: int) -> bool:
    """Whether a record ends on the line before."""
    return data[max(0, start - 2) : start] == b"}\n" or data[max(0, start - 3) : start] == b"}\r\n"


def follows(data: bytes, start: int) -> bool:
    """Whether a record that is a line, or what a carriage return left of one, ends on the line before."""
    return _before(data, start) is not None


def _before(data: bytes, start: int) -> int | None:
    """Where the record begins that ends on the line before, as it shows there."""
    if not _is_behind(data, start):
        return None
    end = data.rfind(b"}", 0, start) + 1
    before = data.rfind(b"{'", 0, end)
    return None if before < 0 or b"\n" in data[before:end] or b"\r" in data[before:end] else before


def _burst(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The extent of the adjacent records around one."""
    while (before := _before(data, start)) is not None:
        start = before
    while (following := _NEXT.match(data, end)) is not None and (record := _WHOLE.match(data, following.end())) is not None:
        end = record.end()
    return start, end


def _newest(data: bytes, total: int, start: int, end: int) -> _Frame | None:
    """The last frame with this total in [start, end)."""
    mark = b"/%d [" % total
    at = end
    for _ in range(TORN):
        at = data.rfind(mark, start, at + len(mark) - 1 if at < end else end)
        if at < 0:
            return None
        before = data[max(start, at - 15) : at]
        counter = before[len(before.rstrip(b"0123456789")) :]
        if counter:
            elapsed = _ELAPSED.match(data, at + len(mark) - 1, end)
            return int(counter), clock(elapsed[1]) if elapsed is not None else 0.0
    return None


def _printed(data: bytes, start: int, end: int) -> float:
    """The resolution of the record's epoch."""
    match = _EPOCH.search(data, start, end)
    return resolution(match[1]) if match else 0.0
