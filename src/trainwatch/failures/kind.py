"""What a failure kind is."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decisive:
    """Text that tells a kind: a literal, which is searched for, and a pattern that the piece of line around it must match too.

    `weak` text counts only where nothing else tells. `ends` says that nothing of the attempt but echoes follows. `last`: of several
    such lines only the last one counts.
    """

    literal: bytes
    pattern: re.Pattern[bytes] | None = None
    weak: bool = False
    ends: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Trailing:
    """Lines that tell by repeating until the end: at least `count` of them, none contradicted by a later `contrary` line.

    The first of them is the cause. `apart` limits the lines between two of them; 0 is no limit.
    """

    literal: bytes
    pattern: re.Pattern[bytes]
    contrary: re.Pattern[bytes] | None
    count: int
    apart: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A stretch of log and the 1-based line of its cause; 0 when this kind is not what ended it."""

    text: str
    line: int
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure.

    `explained_by` names the kinds of which a later line is the cause of this one. A `launcher` kind only repeats what another process
    died of: it counts when nothing else is there. `ranked` is False where a rank named in the line means nothing.
    `exceptions` are the Python exceptions of this kind, by their last name; "*" takes what no other kind takes.
    `exit_codes` are those that suggest the kind when no line does. Lines that hold a `benign` text are no failure.
    """

    name: str
    advice: str
    provable: bool
    decisive: tuple[Decisive, ...]
    trailing: tuple[Trailing, ...]
    echoes: tuple[bytes, ...]
    benign: tuple[bytes, ...]
    exceptions: frozenset[str]
    explained_by: frozenset[str]
    exit_codes: frozenset[int]
    launcher: bool
    ranked: bool
    samples: tuple[Sample, ...]
