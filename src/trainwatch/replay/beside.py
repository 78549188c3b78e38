"""What files beside a log say of the configuration of its job.

Looked at are the folder of the log and the output folder that the log names, for few names, and for what the log's command line names.
Where other jobs print to the same folder, only what bears the log's name or is named by it counts. Files that disagree say nothing.

A log is text of somebody: the files that it names are read where they lie in its folder or below, links followed, or in the output
folder, which counts elsewhere only where it belongs to the log's own user.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from trainwatch.formats.configuration import Configuration
from trainwatch.formats.settings import settings
from trainwatch.model.facts import Fact, Facts
from trainwatch.sources.naming import job
from trainwatch.sources.small import beginning, small
from trainwatch.sources.target import FAMILIES

MOST = 8
"""Files that are read at most."""

LARGEST = 256 << 10
"""Bytes of the largest file that is read, and of the beginning of a log that is searched for names."""

LOGS = 4
"""Logs of a run that are searched for names."""

_KNOWN = (
    re.compile(r"(?:ds_config|deepspeed)[\w.-]*\.json"),
    re.compile(r"config\.(?:ya?ml|json)"),
    re.compile(r"(?:training_)?args\.(?:ya?ml|json)"),
    re.compile(r"hparams\.ya?ml"),
)
"""Names of configuration. Of several files that fit the same one, only what the log names is taken."""

_FILE = rb"['\"]?,? ?['\"]?([\w./+-]{1,200}\.(?:ya?ml|json))\b"
_NAMED = re.compile(rb"(?:(?<![\w-])--(?=\w)[\w-]{0,30}(?:conf|cfg|deepspeed|args|param|yaml)[\w-]{0,30}[= ]?|\.py|-cli train)" + _FILE)
_OUTPUT = re.compile(rb"\b(?:output|out|save)[_-]dir(?:['\"]?[ ]?[=:][ ]?|['\"]?,? )['\"]?([\w./+-]{1,300})")


def beside(logs: Sequence[Path]) -> dict[str, Fact]:
    """The facts of the files beside the logs of one run, with the file and the line that says so. Never raises."""
    if not logs:
        return {}
    folder, heads = logs[0].parent, [beginning(log, LARGEST) for log in logs[:LOGS]]
    output = _output(next((match[1].decode() for head in heads if (match := _OUTPUT.search(head)) is not None), ""), logs[0])
    trusted = [folder, *([output] if output is not None else [])]
    said = {folder / match[1].decode() for head in heads for match in _NAMED.finditer(head)}
    named = {path for path in said if any(_lies_in(path, place) for place in trusted)}
    stems = {f"{log.stem}{ending}" for log in logs for ending in (".yaml", ".yml", ".json")}
    here = _known(folder, named) if not _is_shared(folder, logs) else ()
    there = _known(output, named) if output is not None else ()
    found = dict.fromkeys(chain(sorted(named), (folder / name for name in sorted(stems)), here, there))
    return agreed([path for path in found if path not in logs])


def of_command(words: Sequence[str], folder: Path) -> dict[str, Fact]:
    """The facts of the files that a command started in a folder names. Never raises."""
    line = " ".join(words).encode("utf-8", "replace")
    return agreed([folder / match[1].decode() for match in _NAMED.finditer(line)])


def agreed(paths: Sequence[Path]) -> dict[str, Fact]:
    """What the files that are there say, and none of them says otherwise, not even the same file in another place."""
    texts = ((path, text) for path in paths if (text := small(path, LARGEST)) is not None)
    said: dict[str, list[Fact]] = {}
    for _, (path, text) in zip(range(MOST), texts, strict=False):
        for name, value, line in settings(path.suffix, text):
            facts = Facts()
            Configuration(facts, str(path)).note(name, value, line)
            for known, fact in facts.items():
                said.setdefault(known, []).append(fact)
    return {name: facts[0] for name, facts in said.items() if len({str(fact.value) for fact in facts}) == 1}


def _output(said: str, log: Path) -> Path | None:
    """The output folder that a log names; None without one, and for one that is not its user's."""
    folder = log.parent / said
    try:
        is_own = _lies_in(folder, log.parent) or folder.stat().st_uid == log.stat().st_uid
    except OSError:
        return None
    return folder if said.strip("./") and is_own else None


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path leads, links followed, to something in a folder or below it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))  # Path.resolve raises for links in a circle


def _known(folder: Path, named: set[Path]) -> Iterator[Path]:
    """The files of known names in a folder."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for pattern in _KNOWN:
        found = [folder / name for name in names if pattern.fullmatch(name)]
        yield from found if len(found) == 1 else (path for path in found if path in named)


def _is_shared(folder: Path, logs: Sequence[Path]) -> bool:
    """Whether logs of other jobs lie in a folder."""
    families = {family for family in FAMILIES for log in logs if family.fullmatch(log.name)} or {FAMILIES[0]}
    jobs = {job(log) for log in logs}
    try:
        return any(job(path) not in jobs for path in folder.iterdir() if any(family.fullmatch(path.name) for family in families))
    except OSError:
        return True
