"""Every error a user can meet, and the exit code it ends with.

TrainwatchError            125  ours failed
├── UsageError               2  the words of the command line
├── DataFileError           2  a rules, format or theme file with mistakes, all of them at once
├── NotFoundError            3  a target that is not there, or a directory without a run or a log in it
├── NotReadableError         4  binary, no permission, a run directory that is not ours
└── NotWrittenError        125  a full or read-only disk; the job goes on
"""

from __future__ import annotations

from dataclasses import dataclass


class TrainwatchError(Exception):
    """An error whose text is written for the user: what is wrong, where, what to do."""

    exit_code = 125


class UsageError(TrainwatchError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class NotFoundError(TrainwatchError):
    """The target does not exist, or holds neither a run nor a log."""

    exit_code = 3


class NotReadableError(TrainwatchError):
    """The target exists and may not or cannot be read."""

    exit_code = 4


class NotWrittenError(TrainwatchError):
    """A file of a run could not be written: full disk, quota, read-only. Training is not touched by it."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a data file.

    `key` is the dotted path inside the file, such as `rule[2].patience`; empty for a mistake of the file as a whole.
    `line` is 1-based; 0 means not known.
    """

    file: str
    key: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        """The mistake as one line: file, line if known, key, text."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class DataFileError(TrainwatchError):
    """A TOML file with one or more mistakes; the text names each on a line of its own."""

    exit_code = 2

    def __init__(self, mistakes: list[Mistake]) -> None:
        """`mistakes` holds at least one."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(m) for m in mistakes))
