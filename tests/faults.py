"""What can go wrong while a job is stopped: each fault is done to real processes, at random moments."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests import jump, pids
from tests.jump import Settable
from tests.live import Run, wait_for

from trainwatch.store import requests
from trainwatch.store.lock import holder, start_ticks
from trainwatch.store.requests import Request
from trainwatch.supervise import spawn
from trainwatch.supervise.clock import SystemClock
from trainwatch.supervise.spawn import supervised, supervisor_command

END = 120.0
"""Seconds within which everything must have come to its end."""

STOPPED, LEFT, STUCK, KILLED = frozenset({80, 83}), frozenset({84}), frozenset({86}), frozenset({82})

STATES = ("idle", "saving", "proving", "veto", "terminating")

TORCHRUN = Path(sys.executable).parent / "torchrun"

Check = Callable[[], str]
"""Looks, when all is over, whether something was hurt that must not be; what it was, empty when nothing was."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `ends`: the exit codes that are right. `act` does it, at random moments.

    `{steps}`, `{port}`, `{cut}` and `{point}` in `trainer` become random words. `job` is how the trainer is started. `rounds`: it is
    done in every so many rounds only, because it takes long. `needs` says why it cannot be done here, empty when it can.
    """

    name: str
    ends: frozenset[int]
    act: Callable[[Run, random.Random], Check | None] = lambda _run, _dice: None
    options: str = ""
    trainer: str = ""
    job: str = "python"
    tmpfs: bool = False
    rounds: int = 1
    needs: str = ""


def kill(pid: int) -> None:
    """Kill -9 of a process that may be gone."""
    if pid > 1:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def supervisor_of(run: Run) -> int:
    """The pid of the supervisor that holds the run now; 0 when nobody does."""
    who = holder(run.dir.lock)
    return who.pid if who is not None and who.alive() else 0


def at_a_state(run: Run, dice: random.Random) -> None:
    """A random moment in a random state of the stop."""
    state = dice.choice(STATES)
    with suppress(AssertionError):
        wait_for(lambda: run.machine() in (state, *STATES[STATES.index(state) + 1 :], "stopped"), state, 20)
    time.sleep(dice.uniform(0.0, 0.4))


def kill_supervisor(run: Run, dice: random.Random) -> None:
    """Up to three times, which the shim makes good."""
    for _ in range(dice.randint(1, 3)):
        at_a_state(run, dice)
        kill(supervisor_of(run))


def kill_shim(run: Run, dice: random.Random) -> None:
    """The job's parent."""
    at_a_state(run, dice)
    kill(run.shim())


def kill_both(run: Run, dice: random.Random) -> None:
    """Everything of ours; a person comes later and stops what still runs."""
    at_a_state(run, dice)
    pid = supervisor_of(run)
    kill(run.shim())
    kill(pid)
    wait_for(lambda: not supervised(run.dir), "the end of the supervisor")
    spawn.supervisor(run.dir)


def in_the_save(run: Run) -> None:
    """Until the job says that it saves."""
    with suppress(AssertionError):
        wait_for(lambda: any("saving" in path.read_text(encoding="utf-8") for path in run.dir.control.glob("ack-*.json")), "a save", 20)


def kill_rank_in_save(run: Run, _dice: random.Random) -> None:
    """A rank dies while it saves for the stop."""
    in_the_save(run)
    kill(int(run.read(run.dir.ranks / "rank0.json").get("pid", 0)))


def second_supervisor(run: Run, dice: random.Random) -> None:
    """Another supervisor for the same run: it says whose it is, and goes."""
    time.sleep(dice.uniform(0.0, 1.5))
    for _ in range(2):
        subprocess.run(supervisor_command(run.dir), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=END, check=False)


def fill_disk(run: Run, dice: random.Random) -> None:
    """The run directory's disk is full for two seconds."""
    at_a_state(run, dice)
    filler = run.dir.path / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    time.sleep(2)
    filler.unlink(missing_ok=True)


def read_only(run: Run, dice: random.Random) -> None:
    """The run directory cannot be written for two seconds."""
    at_a_state(run, dice)
    for mode in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{mode}", str(run.dir.path.parent)], check=False, capture_output=True)
        time.sleep(2 if mode == "ro" else 0)


def kill_launcher(run: Run, dice: random.Random) -> Check:
    """What started the trainer is gone: the trainer is an orphan, adopted by the shim, and holds its port."""
    trains(run)
    time.sleep(dice.uniform(0.0, 1.0))
    kill(run.launcher())
    return lambda: port_held(run)


def trains(run: Run) -> None:
    """Until the ranks are there."""
    wait_for((run.dir.ranks / "rank0.json").exists, "a rank")


def port_held(run: Run) -> str:
    """What a next job would die of."""
    words = run.read(run.dir.run).get("command", [])
    text = (run.live.cwd / "job.sh").read_text(encoding="utf-8") if "job.sh" in words else " ".join(words)
    port = int(text.partition("--port ")[2].split()[0])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return f"port {port}: {error.strerror}"
    return ""


def reuse_pid(run: Run, _dice: random.Random) -> Check:
    """The launcher dies, and somebody else's process gets its pid: it must be left alone."""
    trains(run)
    pid = run.launcher()
    kill(pid)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of the launcher")
    bystander = under(pid)

    def check() -> str:
        hurt = bystander.poll() is not None
        end(bystander)
        return f"a bystander under pid {pid} was ended" if hurt else ""

    return check


def under(pid: int) -> subprocess.Popen[bytes]:
    """Somebody else's process with this pid."""
    until = time.monotonic() + END
    while (bystander := pids.start_under(pid, "sleep", "600")).pid != pid:
        end(bystander)
        assert time.monotonic() < until, f"nobody got pid {pid}"
    return bystander


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill and reap a process of ours."""
    process.kill()
    process.wait()


def set_clock(run: Run, dice: random.Random) -> None:
    """The machine's clock is set, days ahead and back, and once the supervisor dies in between."""
    machine = Settable(run.live.cwd / "clock")
    for _ in range(3):
        at_a_state(run, dice)
        machine.set_by(dice.choice((-1, 1)) * dice.randint(60, 300_000))
        if dice.random() < 0.4:
            kill(supervisor_of(run))


def preempt(run: Run, dice: random.Random) -> None:
    """The end comes sooner than a save takes: there is no time to prove anything, so nothing is ended by us."""
    trains(run)
    time.sleep(dice.uniform(0.0, 0.5))
    requests.ask(run.dir, Request("preempt-1", "preempt", "preemption", SystemClock().now(), confirm=run.id, within=1.0))


def hang_up(run: Run, dice: random.Random) -> None:
    """The signals of a terminal that closes, to everything of ours."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGHUP):
        time.sleep(dice.uniform(0.0, 0.6))
        for pid in (supervisor_of(run), run.shim()):
            if pid > 1:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


def can_mount() -> bool:
    """Whether this user may make a small disk."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


NO_DISK = "" if can_mount() else "this user may not mount a small disk"
NO_TORCH = "" if TORCHRUN.exists() else "torch is not installed: there is no torchrun"
SLOW = "--save slow --term slow"
PATIENT = "--veto 0.5s"

FAULTS = (
    Fault("none", STOPPED),
    Fault("kill -9 supervisor", STOPPED, kill_supervisor, PATIENT),
    Fault("kill -9 supervisor, slow save", STOPPED, kill_supervisor, trainer="--save slow"),
    Fault("kill -9 supervisor, slow end", STOPPED, kill_supervisor, trainer="--term slow"),
    Fault("kill -9 supervisor, no hook", STOPPED, kill_supervisor, "--hook none", "--no-hook --save-every 500"),
    Fault("kill -9 shim", STOPPED, kill_shim, PATIENT),
    Fault("kill -9 shim and supervisor", STOPPED, kill_both, PATIENT),
    Fault("terminal closes", STOPPED, hang_up),
    Fault("two supervisors", STOPPED, second_supervisor),
    Fault("clock set by days", STOPPED, set_clock, "--veto 0.5s --grace 60s --kill-after 1s", SLOW, needs=jump.CANNOT),
    Fault("disk full for 2 s", STOPPED, fill_disk, PATIENT, SLOW, tmpfs=True, needs=NO_DISK),
    Fault("run directory read-only for 2 s", STOPPED, read_only, PATIENT, SLOW, tmpfs=True, needs=NO_DISK),
    Fault("rank killed in the save", frozenset({125, 137}), kill_rank_in_save, trainer="--save slow"),
    Fault("any file of the checkpoint cut", LEFT, trainer="--save torn --cut {cut}"),
    Fault("save fails", LEFT, trainer="--save fail"),
    Fault("hook never answers", LEFT, options="--save-timeout 1s", trainer="--save silent"),
    Fault("save slower than the grace", LEFT, preempt, trainer="--save slow --flat"),
    Fault("ranks ignore SIGTERM, SIGKILL allowed", KILLED, options="--grace 0.5s --kill-after 0.3s", trainer="--term ignore"),
    Fault("ranks ignore SIGTERM", STUCK, options="--grace 1s", trainer="--term ignore"),
    Fault("job ends by itself", frozenset({0, 80, 143}), trainer="{point}"),
    Fault("script killed, orphan holds its port", STOPPED, kill_launcher, trainer="--port {port}", job="script"),
    Fault("pid of the launcher used again", STOPPED, reuse_pid, job="script", needs=pids.CANNOT),
    Fault("torchrun", STOPPED, job="torchrun", rounds=3, needs=NO_TORCH),
    Fault("torchrun, kill -9 supervisor", STOPPED, kill_supervisor, PATIENT, job="torchrun", rounds=3, needs=NO_TORCH),
    Fault("torchrun killed, ranks orphaned", STOPPED, kill_launcher, trainer="--port {port}", job="torchrun", rounds=3, needs=NO_TORCH),
    Fault("torchrun, rank killed in the save", frozenset({1}), kill_rank_in_save, "", "--save slow", "torchrun", rounds=3, needs=NO_TORCH),
)


def alive(pid: int, ticks: int) -> bool:
    """Whether it is still that process."""
    return bool(ticks) and start_ticks(pid) == ticks
