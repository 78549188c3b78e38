"""Where runs lie: one small pointer each in the XDG state directory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from trainwatch.model.errors import NotReadableError
from trainwatch.store.create import state_home
from trainwatch.store.files import not_written, read_json, write_json
from trainwatch.store.rundir import RunDir


def folder(environ: Mapping[str, str]) -> Path:
    """The folder of pointers."""
    return state_home(environ) / "index"


def register(run_dir: RunDir, environ: Mapping[str, str]) -> None:
    """Point to a run directory. Raises NotWrittenError: the run is then found by its directory only."""
    place = folder(environ)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(place, error) from error
    write_json(place / f"{run_dir.path.name}.json", {"v": 1, "directory": str(run_dir.path.absolute())})


def directories(environ: Mapping[str, str]) -> list[RunDir]:
    """Every run directory pointed to that still holds a run. A pointer to a folder without one is removed."""
    found = []
    place = folder(environ)
    for pointer in sorted(place.glob("*.json")) if place.is_dir() else ():
        run_dir = _target(pointer)
        if run_dir is not None and run_dir.run.is_file():
            found.append(run_dir)
        else:
            with suppress(OSError):
                pointer.unlink()
    return found


def _target(pointer: Path) -> RunDir | None:
    """The run directory a pointer names; None when the pointer is damaged."""
    try:
        value = read_json(pointer)
    except NotReadableError:
        return None
    return RunDir(Path(str(value["directory"]))) if value and "directory" in value else None
