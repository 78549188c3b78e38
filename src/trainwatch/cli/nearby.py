"""What could be watched from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.present.clean import clean
from trainwatch.sources.target import in_folder, my_jobs
from trainwatch.store.openrun import ended, known

MOST = 10
"""Lines of each kind."""


def nearby(environ: Mapping[str, str]) -> list[str]:
    """The newest runs, my Slurm jobs, and the newest logs in this folder, as the words to type."""
    here = Path.cwd()
    runs = [f"trainwatch attach {run.info.id}{'  (ended)' if ended(folder) else ''}" for folder, run in known(environ, here)[:MOST]]
    jobs = [f"trainwatch attach slurm:{job}  ({clean(name)}, {state.lower()})" for job, name, state in my_jobs()[:MOST]]
    logs = [f"trainwatch attach {clean(path.name)}" for path in _newest(here)[:MOST]]
    return [*runs, *jobs, *logs] or ["nothing to watch here: name a log, a run, a folder, a pid or slurm:ID"]


def _newest(folder: Path) -> list[Path]:
    """The logs of a folder, the newest first."""
    try:
        return sorted(in_folder(folder), key=lambda path: path.stat().st_mtime, reverse=True)
    except (NotFoundError, NotReadableError):
        return []
