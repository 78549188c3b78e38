"""What Slurm says of a job, and the two things that are asked of it. Its state is no proof of anything: a script's last command decides it."""

from __future__ import annotations

import math
import re
import subprocess
import threading
from dataclasses import dataclass
from datetime import datetime

SECONDS = 10.0
"""How long Slurm may take to answer."""

ASK_AGAIN = 600.0
"""Seconds between questions after the end of an allocation, which its administrator can move."""

OVER = frozenset({"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"})


@dataclass(frozen=True, slots=True)
class Allocation:
    """A job as `scontrol show job` tells it. `ends_at` in Unix seconds, None when it has no end; `uid` is whose it is, None: not told."""

    id: str
    state: str
    ends_at: float | None
    requeue: bool
    restarts: int
    nodes: int
    uid: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in OVER


class Ending:
    """When a job's allocation ends, asked now and then by a thread: Slurm may take its time."""

    def __init__(self, job: str) -> None:
        """`job` empty: there is no end."""
        self._job = job
        self._ends_at: float | None = None
        self._asked = -math.inf

    def __call__(self, now: float) -> float | None:
        """Unix seconds; None without an end, and before the first answer."""
        if self._job and not 0 <= now - self._asked < ASK_AGAIN:
            self._asked = now
            threading.Thread(target=self._ask, daemon=True).start()
        return self._ends_at

    def _ask(self) -> None:
        """The last answer stands when Slurm says nothing."""
        told = show(self._job)
        if told is not None:
            self._ends_at = None if told.over else told.ends_at


def show(job: str) -> Allocation | None:
    """The job; None where Slurm does not answer or does not know it."""
    told = _run("scontrol", "show", "job", job, "--oneliner") if job else None
    return None if told is None else parse(told)


def parse(line: str) -> Allocation | None:
    """The job in a line of `scontrol show job --oneliner`; None when it is none."""
    pairs = dict(re.findall(r"(\w+(?:/\w+)?)=(\S*)", line))
    if "JobId" not in pairs or "JobState" not in pairs:
        return None
    nodes = pairs.get("NumNodes", "1").partition("-")[0]
    return Allocation(
        pairs["JobId"],
        pairs["JobState"],
        _time(pairs.get("EndTime", "")),
        pairs.get("Requeue") == "1",
        int(pairs["Restarts"]) if pairs.get("Restarts", "").isdecimal() else 0,
        int(nodes) if nodes.isdecimal() else 1,
        int(who[1]) if (who := re.search(r"\((\d+)\)$", pairs.get("UserId", ""))) else None,
    )


def truncates(job: str) -> bool:
    """Whether a requeue empties the job's log: Slurm's default, unless its configuration or the batch script says append."""
    told = _run("scontrol", "show", "config")
    script = _run("scontrol", "write", "batch_script", job, "-")
    if told is None or script is None:
        return False
    appends = re.search(r"^JobFileAppend\s*=\s*1", told, re.MULTILINE) or re.search(r"^#SBATCH.*--open-mode[= ]a", script, re.MULTILINE)
    return appends is None


def forbid_requeue(job: str) -> bool:
    """A job that was stopped for good must not come back; False when Slurm refuses."""
    return _run("scontrol", "update", f"jobid={job}", "requeue=0") is not None


def cancel(job: str) -> bool:
    """End every process of the job, on all its nodes; False when Slurm refuses."""
    return _run("scancel", job) is not None


def _time(text: str) -> float | None:
    """Unix seconds of Slurm's local time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _run(*words: str) -> str | None:
    """What a command of Slurm's prints; None when it fails, is not there or does not come back."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace", stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
