"""How a run goes on from a checkpoint: the command where it can be told, and the framework's own words."""

from __future__ import annotations

import functools
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from trainwatch.checkpoints.script import own_option
from trainwatch.model.inputs import CheckpointSeen


@dataclass(frozen=True, slots=True)
class Resume:
    """`command` as a shell takes it, with the checkpoint in it where the command had a place for one; else `certain` is False.

    `call` is what a script says to its framework; empty when only the script knows.
    """

    command: str
    certain: bool
    call: str

    def __str__(self) -> str:
        """One line: a command to be copied, and behind a `#` what the script must see to itself."""
        return self.command if self.certain else f"{self.command}  # resume from {self.call}"


def resume(command: Sequence[str], seen: CheckpointSeen, cwd: Path | None = None) -> Resume:
    """How `command` goes on from a checkpoint that was proven.

    An option of the command that names a checkpoint is given this one; without one, the option that its script has for it, looked up in
    the script below `cwd`, None: it is not looked up.
    """
    hint: dict[str, Any] = _hints().get(seen.kind, {})
    names = _names(seen)
    call = hint.get("call", "").format(**names)
    options, value = hint.get("options", ()), hint.get("value", "{path}").format(**names)
    changed = _replaced(list(command), options, value)
    if changed is None and cwd is not None and (option := own_option(command, cwd, options)) is not None and option not in command:
        changed = [*command, option, value]
    told = f"{seen.path}: {call}" if call else seen.path
    line = told if told.isprintable() else repr(told)  # a line break would end the comment
    return Resume(shlex.join(command if changed is None else changed), changed is not None, line)


def _names(seen: CheckpointSeen) -> dict[str, str]:
    """What the data file may name."""
    path = Path(seen.path)
    return {"path": seen.path, "folder": str(path.parent), "name": path.name, "step": "?" if seen.step is None else str(seen.step)}


def _replaced(command: list[str], options: Sequence[str], value: str) -> list[str] | None:
    """The command with the value of one of its options replaced; None when it has none of them with a value."""
    for at, word in enumerate(command):
        name, equals, _ = word.partition("=")
        if name not in options:
            continue
        if equals:
            return [*command[:at], f"{name}={value}", *command[at + 1 :]]
        if at + 1 < len(command) and not command[at + 1].startswith("-"):
            return [*command[: at + 1], value, *command[at + 2 :]]
    return None


@functools.cache
def _hints() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "resume.toml").read_text(encoding="utf-8"))
