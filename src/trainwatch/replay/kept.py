"""Logs that were read before: what was kept of them, so that only what is new is read again.

Kept is the fold of a log's first bytes as nobody saw them arrive, with its columns, before anything else was folded. It is taken up only
for the same logs, read and judged with the same words by the same version; whoever folds on from there decides what a fold of all bytes
decides.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from trainwatch import __version__
from trainwatch.engine.engine import Engine
from trainwatch.engine.frozen import Frozen, NotKeptError
from trainwatch.engine.kept import set_aside, take_up
from trainwatch.formats.catalog import choose, is_builtin
from trainwatch.sources.fingerprint import LAST, Fingerprint, fingerprint, is_unchanged
from trainwatch.sources.readable import is_packed, length
from trainwatch.sources.reread import Reread
from trainwatch.store import columns

WORTH = 4 << 20
"""Bytes of log that must be new for a fold to be kept: fewer are read faster than it takes to think about it."""

PACKAGE = Path(__file__).parents[1]
DECIDING = ("engine", "formats", "failures", "model", "rules")
"""The rooms whose code a fold depends on."""


class Keeper:
    """Takes up what was kept of some logs, and keeps what a fold came to. Nothing here raises: without it all is read again.

    `in_turn` says that each log but the last is read to its end, and is over, before the next one begins.
    """

    def __init__(self, logs: Sequence[Path], *, in_turn: bool, environ: Mapping[str, str] | None = None) -> None:
        self._logs = {str(log): log for log in logs}
        self._in_turn = in_turn and len(logs) > 1
        self._folder = columns.cache_home(os.environ if environ is None else environ)
        self._files = {name: _file(log) for name, log in self._logs.items()}
        self._said: list[Any] | None = None
        self._had = 0
        self._done = sum(map(length, logs)) < WORTH or not all(self._files.values()) or any(map(is_packed, logs))

    def take_up(self, engine: Engine) -> dict[str, tuple[int, int]]:
        """Give a new engine what was kept; (attempt, offset) up to which it has read each log then. Empty when nothing is kept."""
        if self._done:
            return {}
        path = self._path(engine)
        header = columns.read_header(path)
        if header is None or header.get("words") != self._words(engine) or not self._still(header):
            return {}
        kept = columns.read(path)
        if kept is None or not unpack(engine, kept):
            return {}
        with suppress(OSError):
            os.utime(path)
        self._had = engine.size
        return dict(engine.ends)

    def set_aside(self, engine: Engine) -> bool:
        """Keep the fold as it is now, once, when enough of it is new. Whether it was kept."""
        if self._done:
            return False
        self._done = True
        sources = self._sources(engine) if engine.size - self._had >= WORTH else None
        content = packed(engine, {"words": self._words(engine), "sources": sources}) if sources is not None else None
        return content is not None and columns.write(self._path(engine), content)

    def _path(self, engine: Engine) -> Path:
        """The file of these logs, read with these words."""
        return self._folder / file_name(self._words(engine))

    def _words(self, engine: Engine) -> list[Any]:
        """All that a fold depends on but the bytes; worked out once."""
        if self._said is None:
            self._said = [*words(engine), [[name, str(log.absolute())] for name, log in self._logs.items()], self._in_turn]
        return self._said

    def _sources(self, engine: Engine) -> dict[str, list[Any]] | None:
        """The logs as they were read; None when one of them has begun again, or is no longer what it was."""
        if set(engine.ends) != set(self._logs) or len({source for source, _ in engine.readers}) != len(engine.readers):
            return None
        found: dict[str, list[Any]] = {}
        for name, log in self._logs.items():
            end, tail = engine.ends[name][1], engine.tails.get(name)
            seen = fingerprint(log, end)
            newest = tail.newest(LAST) if tail is not None else b""
            if seen is None or (seen.device, seen.inode) != self._files[name] or not _ends_with(log, end, newest):
                return None
            found[name] = list(astuple(seen))
        return found

    def _still(self, header: Mapping[str, Any]) -> bool:
        """Whether the logs still begin with what was read of them."""
        sources = header.get("sources")
        if not isinstance(sources, dict) or set(sources) != set(self._logs):
            return False
        last = list(self._logs)[-1]
        whole = {name: self._in_turn and name != last for name in sources}
        with suppress(TypeError):
            return all(is_unchanged(log, Fingerprint(*sources[name]), whole=whole[name]) for name, log in self._logs.items())
        return False


def words(engine: Engine) -> list[Any]:
    """How an engine reads and judges, as JSON values."""
    stated = {name: fact.value for name, fact in engine.facts.items() if fact.origin == "--fact"}
    names = None if engine.formats is None else list(engine.formats)
    beside = [[name, fact.value, fact.origin, fact.line] for name, fact in engine.facts.beside.items()]
    return [_version(), repr(engine.run.parts), _rules(engine), stated, beside, names, _own_formats(names)]


def file_name(said: list[Any]) -> str:
    """The name of the file of what was read with these words."""
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest() + columns.SUFFIX


def packed(engine: Engine, header: Mapping[str, object]) -> list[columns.Raw] | None:
    """A fold as the content of a file of columns; None when it holds what has no plain form."""
    engine.diagnose()
    try:
        frozen = set_aside(engine)
    except NotKeptError:
        return None
    return columns.encode(header, [frozen.root, frozen.nodes, frozen.shapes], frozen.blobs)


def unpack(engine: Engine, kept: columns.Columns) -> bool:
    """Give a new engine the fold in a file of columns; False when that makes no sense, and nothing was given."""
    fetch = Reread()
    try:
        root, nodes, shapes = kept.state
        take_up(engine, Frozen(root, nodes, shapes, (kept.raw,)), fetch)
    except (NotKeptError, TypeError, ValueError):
        return False
    finally:
        fetch.close()
    return True


def _file(log: Path) -> tuple[int, int] | None:
    """(device, inode) of a plain file; None for anything else."""
    try:
        status = log.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if log.is_file() else None


def _ends_with(log: Path, end: int, newest: bytes) -> bool:
    """Whether a log holds these bytes before byte `end`."""
    fetch = Reread()
    found = fetch(str(log), end - len(newest), len(newest))
    fetch.close()
    return found == newest


def _version() -> str:
    """This version of the code that reads and judges, as it lies on the disk."""
    digest = hashlib.blake2b(digest_size=16)
    for room in DECIDING:
        for folder, _, names in sorted(os.walk(PACKAGE / room)):
            for name in sorted(names):
                if name.endswith((".py", ".toml")):
                    digest.update(_looks(Path(folder, name)))
    return f"{__version__} {digest.hexdigest()}"


def _rules(engine: Engine) -> str:
    """What the rules of a preset say."""
    preset = engine.preset
    specs = [
        (s.name, s.kind.name, s.settings, [(int(level), act) for level, act in s.ladder.items()], s.proof, s.confirm, s.profile)
        for s in preset.rules
    ]
    return hashlib.blake2b(repr((specs, preset.criteria)).encode(), digest_size=16).hexdigest()


def _own_formats(words: Sequence[str] | None) -> list[str]:
    """The formats that do not come with trainwatch, as they lie on the disk."""
    own = [fmt for fmt in choose(words)[0] if not is_builtin(fmt)]
    return [f"{fmt.origin} {_looks(Path(fmt.origin)).decode('utf-8', 'replace')}" for fmt in own]


def _looks(path: Path) -> bytes:
    """Name, length and time of change of a file."""
    try:
        status = path.stat()
    except OSError:
        return b""
    return f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode("utf-8", "surrogateescape")
