"""What the name of a log tells: its job, its stream, its rank, its part."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TORCHRUN = re.compile(r"(.*)/attempt_(\d+)/(\d+)/std(out|err)\.log")
_RANK = re.compile(r"(?i)(?<![a-z])(?<!lora[._-])((?:global_|local_)?rank[._-]?)(\d{1,6})(?!\d)")
_ROTATED = re.compile(r"(.+\.(?:out|err|log|txt|jsonl))(?:\.(\d{1,4})|[.-](\d{8}(?:[-_T]?\d{2,6})?))?(?:\.gz)?")
_STREAM = re.compile(r"(?:[._-]?(?:std)?(out|err)(?:\.(?:log|txt))?|\.([oe])(?=\d+$)|\.(?:log|txt))(?=\d*$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A path as its name explains it. `turn` orders what one attempt printed one after the other; `again` counts torchrun's restarts."""

    path: Path
    job: str
    stream: str
    rank: int | None = None
    again: int = 0
    turn: tuple[int, str] = (0, "")


def called(log: Path) -> str:
    """What a log is called; one that only has the name of a stream, by the folder that is not a rank's or an attempt's."""
    if log.stem not in ("stdout", "stderr"):
        return log.name.split(".")[0] or log.name
    folders = [folder.name for folder in log.absolute().parents]
    attempt = next((i for i, name in enumerate(folders) if name.startswith("attempt_")), None)
    return folders[0] if attempt is None else folders[min(attempt + 2, len(folders) - 1)]


def job(path: Path) -> str:
    """What the names of all logs of a job have in common: both streams, every rank and part."""
    return parse(path).job


def parse(path: Path) -> Name:
    """What a name tells."""
    text = str(path)
    launched = _TORCHRUN.fullmatch(os.path.abspath(path))  # noqa: PTH100  a link keeps its name
    if launched is not None:
        job, again, rank, stream = launched.groups()
        return Name(path, job, stream, int(rank), int(again))
    rotated, turn = _ROTATED.fullmatch(path.name), (0, "")
    name = path.name
    if rotated is not None:
        name = rotated[1]
        turn = (-int(rotated[2] or 0), rotated[3] or "~")
    rank = _RANK.search(text)
    stream = _STREAM.search(name)
    word = ((stream[1] or stream[2] or "") if stream is not None else "").lower()
    job = str(path.parent / (_STREAM.sub("", name) or "std"))
    return Name(path, _RANK.sub(r"\1", job), {"o": "out", "e": "err"}.get(word, word), None if rank is None else int(rank[2]), turn=turn)
