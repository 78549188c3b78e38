"""Several log files as one run: which of them one attempt printed, on which rank, and in what order attempts followed.

What the names say goes first: `x.out` beside `x.err`, a rank, the folders of `torchrun --log-dir`, a rotated part. Jobs that remain are
put in order by the timestamps in them, else by the numbers in their names, else by when they were written last; two whose timestamps
overlap ran side by side.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from trainwatch.formats.span import HEAD, TAIL, Stamps
from trainwatch.model.part import Part
from trainwatch.sources.naming import Name, parse
from trainwatch.sources.readable import is_packed

_NUMBER = re.compile(r"\d+")

TOGETHER = 0.5
"""Share of the shorter of two jobs that must lie within the other for them to have run side by side."""

Life = tuple[float, float]
"""The first and the last timestamp in a file, in Unix seconds."""


def layout(paths: Sequence[Path]) -> tuple[Part, ...]:
    """The files in the order in which they are read: attempt by attempt, and rank by rank."""
    names = [parse(path) for path in dict.fromkeys(paths)]
    jobs: dict[str, list[Name]] = {}
    for name in names:
        jobs.setdefault(name.job, []).append(name)
    parts: list[Part] = []
    attempt = 0
    for together in _attempts(_paired(list(jobs.values()))):
        ranks = _numbered(together)
        ordered = sorted((name for job in together for name in job), key=lambda name: _place(name, ranks))
        parts += [Part(str(name.path), attempt + 1 + name.again, ranks.get(name.path, name.rank)) for name in ordered]
        attempt = max((part.attempt for part in parts), default=0)
    return tuple(parts)


def partner(path: Path) -> Path | None:
    """The other stream of the same job beside a log: `x.err` for `x.out`, `stderr.log` for `stdout.log`; None when there is none."""
    mine = parse(path)
    try:
        beside = [parse(other) for other in path.parent.iterdir() if other.name != path.name and other.is_file()]
        streams = [name for name in beside if (name.job, name.rank, name.again, name.turn) == (mine.job, mine.rank, mine.again, mine.turn)]
        wanted = {"err": "out", "out": "err", "": "err"}[mine.stream]
        found = [name.path for name in streams if name.stream == wanted] or [
            n.path for n in streams if mine.stream == "err" and not n.stream
        ]
        return next((other for other in sorted(found) if not other.samefile(path)), None)
    except OSError:
        return None


def _place(name: Name, ranks: dict[Path, int]) -> tuple[int, int, tuple[int, str], bool, str]:
    """Where a file of an attempt is read: the launcher before the ranks, older parts before newer ones, stdout before stderr."""
    rank = ranks.get(name.path, name.rank)
    return name.again, -1 if rank is None else rank, name.turn, name.stream == "err", str(name.path)


def _paired(jobs: list[list[Name]]) -> list[list[Name]]:
    """Two jobs are one when the first prints to stdout only and the other to stderr only, or when one is the launcher of the other's ranks."""
    if len(jobs) != 2:
        return jobs
    streams = {frozenset(name.stream for name in job) for job in jobs}
    ranked = {any(name.rank is not None for name in job) for job in jobs}
    return [jobs[0] + jobs[1]] if streams == {frozenset({"out"}), frozenset({"err"})} or len(ranked) == 2 else jobs


def _attempts(jobs: list[list[Name]]) -> list[list[list[Name]]]:
    """Jobs in order, those that ran side by side together."""
    lives = [_life(job) for job in jobs]
    out: list[list[list[Name]]] = []
    newest: Life | None = None
    for i in _order(jobs, lives):
        life = lives[i]
        if out and newest is not None and life is not None and _overlap(newest, life):
            out[-1].append(jobs[i])
        else:
            out.append([jobs[i]])
        newest = life
    return out


def _order(jobs: list[list[Name]], lives: list[Life | None]) -> list[int]:
    """The jobs by the time they began, else by the numbers in their names, else by when they were written last, else as they were named."""
    every = range(len(jobs))
    known = {i: life for i, life in enumerate(lives) if life is not None}
    if len(known) == len(jobs):
        return sorted(every, key=known.__getitem__)
    if len({_NUMBER.sub("0", job[0].job) for job in jobs}) == 1:
        return sorted(every, key=lambda i: list(map(int, _NUMBER.findall(jobs[i][0].job))))
    written = [max(_written(name.path) for name in job) for job in jobs]
    return sorted(every, key=written.__getitem__) if max(written) - min(written) > len(jobs) else list(every)


def _numbered(jobs: list[list[Name]]) -> dict[Path, int]:
    """The ranks of jobs that ran side by side under names that differ in one number, which counts from 0."""
    if len(jobs) < 2 or len({_NUMBER.sub("0", job[0].job) for job in jobs}) > 1:
        return {}
    numbers = [_NUMBER.findall(job[0].job) for job in jobs]
    differing = [column for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    if len(differing) != 1 or sorted(map(int, differing[0])) != list(range(len(jobs))):
        return {}
    return {name.path: int(number) for job, number in zip(jobs, differing[0], strict=True) for name in job}


def _overlap(a: Life, b: Life) -> bool:
    """Whether most of the shorter lies within the longer."""
    shorter = min(a[1] - a[0], b[1] - b[0])
    return min(a[1], b[1]) - max(a[0], b[0]) > TOGETHER * shorter


def _life(job: Iterable[Name]) -> Life | None:
    """When a job ran, by the timestamps in its files; None when they hold none."""
    lives = [life for name in job if (life := _stamps(name.path)) is not None]
    return (min(life[0] for life in lives), max(life[1] for life in lives)) if lives else None


def _stamps(path: Path) -> Life | None:
    """The first and the last timestamp of a file."""
    if is_packed(path):
        return None
    try:
        with path.open("rb") as file:
            stamps = Stamps()
            stamps.feed(file.read(HEAD))
            size = file.seek(0, os.SEEK_END)
            if size > HEAD:
                file.seek(max(size - TAIL, HEAD))
                stamps.feed(file.read(TAIL))
    except OSError:
        return None
    span = stamps.span(0.0)
    return (span.start, span.end) if span.absolute else None


def _written(path: Path) -> float:
    """When a file was changed last, 0 when it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
