"""The checkpoints of a run that nobody supervised, looked at now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from trainwatch.model.snapshot import Snapshot


def looked_at(snapshot: Snapshot) -> Snapshot:
    """The snapshot with every checkpoint that its log names and that is there; unchanged where somebody looked while it ran."""
    from trainwatch.checkpoints.prove import prove

    if snapshot.checkpoints or snapshot.run.directory:
        return snapshot
    seen = tuple(prove(path) for path in dict.fromkeys(_there(snapshot)))
    return replace(snapshot, checkpoints=seen) if seen else snapshot


def _there(snapshot: Snapshot) -> Iterator[Path]:
    """What the log says was saved and is there, then what else lies in the output folder. Relative names: from here, or from the log."""
    from trainwatch.checkpoints.find import find

    for line in snapshot.saved_lines:
        path = _existing(line.path, Path(line.source).parent)
        if path is not None:
            yield path
    fact = snapshot.facts.get("output_dir")
    folder = _existing(str(fact.value), Path(snapshot.run.main).parent) if fact is not None and snapshot.run.sources else None
    if folder is not None and folder.is_dir():
        yield from find(folder)


def _existing(name: str, beside: Path) -> Path | None:
    """The first of the places where a name may lie that is there."""
    if not name.strip("./ ") or "\0" in name:
        return None
    for path in (beside / name, Path(name)):
        try:
            if path.exists():
                return path
        except OSError:
            continue
    return None
