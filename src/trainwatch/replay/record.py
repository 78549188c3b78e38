"""A finished run as a recording: what its supervisor wrote down, else its logs at an even pace."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trainwatch.model.errors import NotFoundError, UsageError
from trainwatch.model.facts import Given
from trainwatch.model.inputs import Chunk, Input
from trainwatch.model.snapshot import RunInfo
from trainwatch.model.span import Span
from trainwatch.replay.recording import Moment, Recording, in_order
from trainwatch.replay.run import fold_files
from trainwatch.replay.target import Target
from trainwatch.rules import preset as presets
from trainwatch.sources.finished import chunks
from trainwatch.sources.reread import Reread
from trainwatch.store import runfile
from trainwatch.store.arrivals import Recorded
from trainwatch.store.copies import Copied
from trainwatch.store.rundir import RunDir

LIMIT = 256 << 20
"""Bytes of log that are played: a recording is held in memory."""

PIECES = 2_000
"""Pieces into which a log without arrival times is cut, at the ends of lines."""

LINE = 16 << 10
"""Bytes after which a line is cut."""

UNKNOWN_LENGTH = 600.0
"""Seconds that a log without any clock is said to have taken."""


def record(target: Target, *, rules: str | None, stated: Mapping[str, Given], formats: Sequence[str] | None) -> Recording:
    """The recording of a run of ours, or of logs. `rules` None: the run's own, for logs `default`.

    Raises NotFoundError when there is nothing to play, UsageError for a pipe and for logs that are too long, NotReadableError.
    """
    if target.pipe is not None:
        raise UsageError("a pipe cannot be replayed; name a log or a run")
    if target.run_dir is not None:
        run = runfile.load(target.run_dir)
        stated = {**run.stated, **stated}
        formats = formats if formats is not None else run.formats
        info = replace(run.info, supervised=False, directory="")
        if target.run_dir.arrivals.exists():
            return _of_run(target.run_dir, info, rules or run.preset, stated, formats)
        return _of_logs([Path(source) for source in info.sources], info, rules or run.preset, stated, formats)
    info = RunInfo("recording", target.name, tuple(map(str, target.logs)), parts=target.parts)
    return _of_logs(target.logs, info, rules or "default", target.given(stated), formats)


def _of_run(run_dir: RunDir, info: RunInfo, rules: str, stated: Mapping[str, Given], formats: Sequence[str] | None) -> Recording:
    """All that arrived, when it arrived, and what was decided."""
    fetch = Reread()
    inputs = list(_bounded(Recorded(run_dir.arrivals, fetch, Copied(run_dir.copies)).read()))
    fetch.close()
    moments = in_order(inputs, run_dir.journal)
    if not moments:
        raise NotFoundError(f"{run_dir.path}: nothing has arrived yet")
    return Recording(info, moments, _main(inputs, info), rules, stated, _names(formats))


def _of_logs(logs: Sequence[Path], info: RunInfo, rules: str, stated: Mapping[str, Given], formats: Sequence[str] | None) -> Recording:
    """The bytes of the logs, one log after the other, spread evenly over the time that they tell of."""
    logs = [Path(part.source) for part in info.parts] or logs
    inputs = list(_bounded(replace(chunk, attempt=info.attempt_of(str(log))) for log in logs for chunk in chunks(log)))
    span = fold_files(logs, preset=presets.load("off"), stated=stated, formats=formats).snapshot().span
    moments = _spread([piece for chunk in inputs for piece in _cut(chunk, _piece(inputs))], span)
    return Recording(info, tuple(moments), _main(inputs, info), rules, stated, _names(formats))


def _bounded(inputs: Iterable[Input]) -> Iterator[Input]:
    """The inputs. Raises UsageError when they hold more bytes than are played."""
    size = 0
    for item in inputs:
        size += len(item.data) if isinstance(item, Chunk) else 0
        if size > LIMIT:
            raise UsageError(f"more than {LIMIT >> 20} MB of log cannot be replayed; `attach` and `report` read it")
        yield item


def _main(inputs: Iterable[Input], info: RunInfo) -> bytes:
    """The main source as one piece."""
    return b"".join(item.data for item in inputs if isinstance(item, Chunk) and item.source == info.main)


def _piece(inputs: Iterable[Input]) -> int:
    """The length of a piece in bytes."""
    return sum(len(item.data) for item in inputs if isinstance(item, Chunk)) // PIECES + 1


def _cut(chunk: Input, length: int) -> Iterator[Chunk]:
    """A chunk in pieces that end with a line, except within a line that is very long."""
    if not isinstance(chunk, Chunk):
        return
    start, size = 0, len(chunk.data)
    while start + length < size:
        end = chunk.data.find(b"\n", start + length - 1, start + length + LINE) + 1 or start + length
        yield replace(chunk, offset=chunk.offset + start, data=chunk.data[start:end], final=False)
        start = end
    yield replace(chunk, offset=chunk.offset + start, data=chunk.data[start:])


def _spread(pieces: Sequence[Chunk], span: Span) -> Iterator[Moment]:
    """Each piece with the time at which its last byte would have come."""
    total, done = sum(len(piece.data) for piece in pieces) or 1, 0
    begin = span.start if span.absolute and math.isfinite(span.start) else 0.0
    for piece in pieces:
        done += len(piece.data)
        yield begin + (span.seconds or UNKNOWN_LENGTH) * done / total, piece


def _names(formats: Sequence[str] | None) -> tuple[str, ...] | None:
    """The formats to read with; None: all."""
    return None if formats is None else tuple(formats)
