"""Every input of the fold, in order, so that it can be folded again. The bytes themselves stay in the log.

One compact JSON array a line:
    ["n", 0, "/data/train.out"]                       source 0 has this name
    ["C", 0, 1, 0, 131072, 1795142412.3, 77123, 0]    source, attempt, offset, length, seen_at, checksum, 1 final, 2 goes on
    ["c", 0, 130, 1795142413.3, 88123]                the bytes that follow: source, length, seen_at, checksum
    ["t", 1795142413.0]                               tick
    ["s", …] ["k", …] ["o", …]                        sample, checkpoint, order: their fields in the order of `model/inputs.py`
    ["j", 1795142413.0, [["/data/1.out", 1, 1], …]]   logs that have joined: source, attempt, rank of every log
Unknown times are null. A device stands without its uuid and name when it was named before: [0, 0.97, …] for [0, "GPU-…", "H200", 0.97, …].
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any
from zlib import crc32

from trainwatch.model.inputs import UNKNOWN_TIME, CheckpointSeen, Chunk, Gpu, Input, Joined, Order, Sample, Tick
from trainwatch.model.part import Part
from trainwatch.store.files import encode, not_written, open_regular
from trainwatch.store.linefile import LineFile

Fetch = Callable[[str, int, int], bytes]
"""(source, offset, length) -> the bytes that are there now; fewer, or none, when they are gone. Never raises."""

Kept = Callable[[str, int, int, int], bytes]
"""(source, attempt, offset, length) -> the bytes as they were kept; fewer, or none, when they were not. Never raises."""

BLOCK = 1 << 20
SHORT = 6
"""Values of a device that was named before, its index aside."""


class Arrivals:
    """Writes inputs, each before it is folded. In the page cache on return, which outlives us; not necessarily on disk."""

    def __init__(self, path: Path) -> None:
        """Opens nothing until the first input. A file that is there is continued."""
        self.path = path
        self._file = LineFile(path)
        self._names: dict[str, int] = {}
        self._next: dict[str, tuple[int, int]] = {}
        self._devices: dict[int, tuple[str, str]] = {}
        self.size = path.stat().st_size if path.exists() else 0
        """Bytes in the file."""

    def write(self, item: Input) -> None:
        """Append an input. Raises NotWrittenError; the input may then be written again."""
        try:
            data = b"".join(encode(row) + b"\n" for row in self._rows(item))
            self._file.write(data)
            self.size += len(data)
        except OSError as error:
            self._names.clear()
            self._next.clear()
            self._devices.clear()
            raise not_written(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _rows(self, item: Input) -> Iterator[list[object]]:
        """The lines of an input."""
        match item:
            case Chunk():
                yield from self._chunk_rows(item)
            case Tick():
                yield ["t", item.now]
            case Sample():
                yield ["s", item.at, [self._gpu_row(gpu) for gpu in item.gpus], item.reason]
            case CheckpointSeen():
                yield ["k", item.at, item.path, item.step, item.complete, item.why, item.kind, item.size, item.by]
            case Order():
                yield ["o", item.at, item.id, item.op, item.who, item.reason, item.options]
            case Joined():
                yield ["j", item.at, [[part.source, part.attempt, part.rank] for part in item.parts]]

    def _gpu_row(self, gpu: Gpu) -> list[object]:
        """A device; without its names when they are those that the line before had."""
        index, *names_and_rest = astuple(gpu)
        known = self._devices.get(gpu.index) == (gpu.uuid, gpu.name)
        self._devices[gpu.index] = gpu.uuid, gpu.name
        return [index, *(names_and_rest[2:] if known else names_and_rest)]

    def _chunk_rows(self, chunk: Chunk) -> Iterator[list[object]]:
        """A chunk; in full unless it follows the one before."""
        number = self._names.get(chunk.source)
        if number is None:
            number = self._names[chunk.source] = len(self._names)
            yield ["n", number, chunk.source]
        seen = None if math.isnan(chunk.seen_at) else chunk.seen_at
        length, check = len(chunk.data), crc32(chunk.data)
        if self._next.get(chunk.source) == (chunk.attempt, chunk.offset) and not chunk.final and not chunk.goes_on:
            yield ["c", number, length, seen, check]
        else:
            yield ["C", number, chunk.attempt, chunk.offset, length, seen, check, int(chunk.final) + 2 * chunk.goes_on]
        self._next[chunk.source] = chunk.attempt, chunk.offset + length


class Recorded:
    """Reads an arrivals file, as far as it goes now and again later: the inputs that were written, bytes included."""

    def __init__(self, path: Path, fetch: Fetch, kept: Kept | None = None) -> None:
        """`fetch` reads the logs again; `kept` has what they have lost, as far as it was kept."""
        self.path = path
        self.lost: dict[tuple[str, int], int] = {}
        """Bytes that the logs no longer hold, by (source, attempt): truncated or rewritten since they were read."""
        self._fetch, self._kept = fetch, kept
        self._offset = 0
        self._names: dict[int, str] = {}
        self._devices: dict[int, list[str]] = {}
        self.ends: dict[str, tuple[int, int]] = {}
        """(attempt, offset) up to which each source was read."""
        self.final: dict[str, bool] = {}
        """Whether the newest chunk of each source was its last."""

    @property
    def caveats(self) -> tuple[str, ...]:
        """What was lost, in words."""
        return tuple(
            f"{source}: {count} bytes of attempt {attempt} were read when they were written and are no longer in the log"
            for (source, attempt), count in self.lost.items()
        )

    @property
    def offset(self) -> int:
        """How far the file was read."""
        return self._offset

    def state(self) -> dict[str, Any]:
        """What is needed to read on later, as JSON values."""
        lost = [[source, attempt, count] for (source, attempt), count in self.lost.items()]
        names, devices = [list(pair) for pair in self._names.items()], [list(pair) for pair in self._devices.items()]
        ends = [[source, *end, self.final.get(source, False)] for source, end in self.ends.items()]
        return {"offset": self._offset, "names": names, "devices": devices, "ends": ends, "lost": lost}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Read on from what `state` gave. Raises KeyError, TypeError or ValueError when it makes no sense."""
        self._offset = int(state["offset"])
        self._names = {int(number): str(name) for number, name in state["names"]}
        self._devices = {int(index): list(names) for index, names in state["devices"]}
        self.ends = {str(source): (int(attempt), int(end)) for source, attempt, end, _ in state["ends"]}
        self.final = {str(source): bool(final) for source, *_, final in state["ends"]}
        self.lost = {(str(source), int(attempt)): int(count) for source, attempt, count in state["lost"]}

    def read(self) -> Iterator[Input]:
        """The inputs that came since the last call. A chunk whose bytes are gone is left out, but its end of source is not.

        Raises NotReadableError when the file is there and cannot be read.
        """
        for line in self._lines():
            item = self._input(line)
            if item is not None:
                yield item

    def _lines(self) -> Iterator[bytes]:
        """Whole lines from where the last call ended."""
        fd = open_regular(self.path)
        if fd is None:
            return
        try:
            while block := os.pread(fd, BLOCK, self._offset):
                end = block.rfind(b"\n") + 1
                if not end:
                    return
                self._offset += end
                yield from block[: end - 1].split(b"\n")
        finally:
            os.close(fd)

    def _input(self, line: bytes) -> Input | None:
        """The input of a line; None for a name, and for a line torn by a crash."""
        try:
            row = json.loads(line)
            return self._decode(row[0], row[1:])
        except (ValueError, TypeError, IndexError, KeyError, RecursionError):
            return None

    def _decode(self, kind: str, row: list[Any]) -> Input | None:
        """One line's values."""
        match kind:
            case "c":
                number, length, seen, check = row
                attempt, offset = self.ends[self._names[number]]
                return self._chunk(Chunk(self._names[number], offset, b"", _time(seen), attempt), length, check)
            case "C":
                number, attempt, offset, length, seen, check, final = row
                return self._chunk(
                    Chunk(self._names[number], offset, b"", _time(seen), attempt, bool(final & 1), bool(final & 2)), length, check
                )
            case "t":
                return Tick(row[0])
            case "n":
                self._names[row[0]] = row[1]
                return None
            case "s":
                return Sample(row[0], tuple(self._gpu(gpu) for gpu in row[1]), row[2])
            case "k":
                return CheckpointSeen(*row)
            case "o":
                return Order(*row)
            case "j":
                return Joined(row[0], tuple(Part(*part) for part in row[1]))
        return None

    def _gpu(self, row: list[Any]) -> Gpu:
        """A device as it was written."""
        index, *rest = row
        if len(rest) == SHORT:
            rest = [*self._devices[index], *rest]
        self._devices[index] = rest[:2]
        uuid, name, used, memory_used, memory_total, temperature, power, processes = rest
        pairs = tuple((pid, size) for pid, size in processes)
        return Gpu(index, uuid, name, used, memory_used, memory_total, temperature, power, pairs)

    def _chunk(self, empty: Chunk, length: int, check: int) -> Chunk | None:
        """A chunk with its bytes, if they are still those that were read."""
        source, attempt = empty.source, empty.attempt
        self.ends[source], self.final[source] = (attempt, empty.offset + length), empty.final
        data = self._fetch(source, empty.offset, length) if length else b""
        if crc32(data) != check and self._kept is not None:
            data = self._kept(source, attempt, empty.offset, length)
        if len(data) == length and crc32(data) == check:
            return replace(empty, data=data)
        self.lost[source, attempt] = self.lost.get((source, attempt), 0) + length
        return empty if empty.final else None


def _time(seen: float | None) -> float:
    """An arrival time as it was written."""
    return UNKNOWN_TIME if seen is None else seen
