"""The job of a run as processes: who belongs to it, who is told to end, whether anybody is left."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.store.files import read_json
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import discover, slurm, tree
from trainwatch.supervise.processes import Proc

GONE_AFTER = 3
"""How often in a row nobody must be found before a job without a shim counts as ended."""

FROM_SIGNAL = 128
"""A shell's exit code for a command that a signal ended, less the signal's number."""

SLURM_EVERY = 15
"""How many looks share one question to Slurm."""

NEVER_FOUND = 4 * SLURM_EVERY
"""How many looks a Slurm job that was never seen is waited for: Slurm may not answer at once."""


class Job:
    """A job that `launch` started, or, `attached`, the writers of the logs `sources`.

    `job_id` is the id of the Slurm job that it is or runs in, empty without one. An attached job of Slurm's may run on other machines.
    """

    def __init__(self, run_dir: RunDir, sources: Collection[str], *, attached: bool, job_id: str = "") -> None:
        self.slurm = job_id
        self._dir = run_dir
        self._sources = tuple(sources)
        self.attached = attached
        self._found = False
        self._missing = 0
        self._polls = 0
        self._at_slurm = False

    def members(self) -> list[Proc]:
        """Every process of the job on this machine."""
        if self.attached:
            return discover.writers([Path(source) for source in self._sources])
        shim, launcher = _living(_read(self._dir.job).get("shim")), self._launcher()
        without = {os.getpid(), *([shim] if shim else [])}
        return tree.members(self._dir.path, {pid for pid in (shim, launcher) if pid}, without=without)

    def root(self) -> int | None:
        """The pid of the launcher that we started; None when it is gone or somebody else started it."""
        return None if self.attached else self._launcher()

    def _launcher(self) -> int | None:
        """The pid of the launcher that we started. Once the shim has noted its end, whoever has its pid is somebody else."""
        return None if self._dir.launcher_exit.exists() else _living(_read(self._dir.job).get("launcher"))

    def ranks(self, hooked: Collection[int]) -> list[Proc]:
        """Who trains, on this machine."""
        return tree.ranks(self.members(), hooked=hooked)

    def on_other_nodes(self, job: Sequence[Proc]) -> bool:
        """Whether the Slurm job has several nodes, and not all of its ranks are among these processes."""
        if not tree.missing(job)[0]:
            return False
        told = slurm.show(self.slurm)
        return told is not None and told.nodes > 1

    def beyond(self) -> str:
        """Why a job that somebody else started cannot be stopped from here: ranks of it are on other machines, and no Slurm ends them."""
        if not self.attached or self.slurm:
            return ""
        absent, world = tree.missing(self.members())
        return (
            f"{absent} of its {world} ranks are on other machines: it is watched from here, and can be stopped where it was started"
            if absent
            else ""
        )

    def ended(self) -> bool:
        """Whether nobody is left. Without a shim this is looked up, so it should not be asked more than once a second."""
        if self._dir.exit.exists():
            return True
        if not self.attached and _living(_read(self._dir.job).get("shim")):
            return False
        alive = bool(self.members()) or self._elsewhere()
        self._found = self._found or alive or not self.slurm
        self._missing = 0 if alive else self._missing + 1
        return self._missing >= (GONE_AFTER if self._found else NEVER_FOUND)

    def _elsewhere(self) -> bool:
        """Whether a job that was attached to by its Slurm id runs where its processes cannot be seen from here."""
        if not (self.attached and self.slurm):
            return False
        self._polls += 1
        if self._polls % SLURM_EVERY == 1:
            told = slurm.show(self.slurm)
            self._at_slurm = told is not None and not told.over
        return self._at_slurm

    def own_end(self, command: Sequence[str]) -> str:
        """How a script that starts the training came to its own end; empty when a signal ended it, or no script was launched."""
        code = self.exit_code()
        if code is None or code >= FROM_SIGNAL or self.attached or not (tree.is_shell(command) or command[0].endswith(".sh")):
            return ""
        return f"its script ended by itself, exit {code}"

    def exit_code(self) -> int | None:
        """The launcher's status, 128+N for a signal; None when nobody knows."""
        code = _read(self._dir.launcher_exit).get("code")
        if not isinstance(code, int):
            return None
        return FROM_SIGNAL - code if code < 0 else code


def _living(identity: Any) -> int | None:
    """The pid of an identity from job.json, if that process still runs."""
    if not isinstance(identity, dict):
        return None
    pid, ticks = identity.get("pid"), identity.get("ticks")
    return pid if isinstance(pid, int) and pid > 0 and start_ticks(pid) == ticks != 0 else None


def _read(path: Path) -> dict[str, Any]:
    """A small file of the shim's; empty when it is absent or makes no sense."""
    try:
        return read_json(path) or {}
    except NotReadableError:
        return {}
