"""Faults at random moments while a job is stopped: `make chaos` runs all of them often, the tests run each once.

    python -m tests.chaos [STOPS] [SEED]

After each: no signal before a proof, one stop at most, no process left that was to end, and none ended that was to go on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live import TRAINER, Live, Run, living, wait_for

from trainwatch.checkpoints.prove import prove
from trainwatch.store.lock import holder, start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import spawn
from trainwatch.supervise.spawn import supervised, supervisor_command

WORKERS = 3
END = 60.0
"""Seconds within which everything must have come to its end."""

STOPPED, LEFT = frozenset({80, 83}), frozenset({84})


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `ends`: the exit codes that are right. `act` does it, at random moments."""

    name: str
    ends: frozenset[int]
    act: Callable[[Run, random.Random], None] = lambda _run, _dice: None
    options: str = ""
    trainer: str = ""
    tmpfs: bool = False


def kill(pid: int) -> None:
    """Kill -9 of a process that may be gone."""
    if pid > 1:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def supervisor_of(run: Run) -> int:
    """The pid of the supervisor that holds the run now; 0 when nobody does."""
    who = holder(run.dir.lock)
    return who.pid if who is not None and who.alive() else 0


def kill_supervisor(run: Run, dice: random.Random) -> None:
    """Up to three times, which the shim makes good."""
    for _ in range(dice.randint(1, 3)):
        time.sleep(dice.uniform(0.0, 1.0))
        kill(supervisor_of(run))


def kill_shim(run: Run, dice: random.Random) -> None:
    """The job's parent."""
    time.sleep(dice.uniform(0.0, 2.0))
    kill(run.shim())


def kill_both(run: Run, dice: random.Random) -> None:
    """Everything of ours; a person comes later and stops what still runs."""
    time.sleep(dice.uniform(0.0, 2.0))
    pid = supervisor_of(run)
    kill(run.shim())
    kill(pid)
    revive(run)


def revive(run: Run) -> None:
    """A supervisor where there is none."""
    wait_for(lambda: not supervised(run.dir), "the end of the supervisor")
    spawn.supervisor(run.dir)


def kill_job_in_save(run: Run, _dice: random.Random) -> None:
    """The rank dies while it saves for the stop."""
    with suppress(AssertionError):
        wait_for(lambda: any("saving" in path.read_text(encoding="utf-8") for path in run.dir.control.glob("ack-*.json")), "a save", 20)
    kill(run.launcher())


def second_supervisor(run: Run, dice: random.Random) -> None:
    """Another supervisor for the same run: it says whose it is, and goes."""
    time.sleep(dice.uniform(0.0, 1.5))
    for _ in range(2):
        subprocess.run(supervisor_command(run.dir), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=END, check=False)


def fill_disk(run: Run, dice: random.Random) -> None:
    """The run directory's disk is full for two seconds."""
    time.sleep(dice.uniform(0.0, 1.5))
    filler = run.dir.path / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    time.sleep(2)
    filler.unlink()


def read_only(run: Run, dice: random.Random) -> None:
    """The run directory cannot be written for two seconds."""
    time.sleep(dice.uniform(0.0, 1.5))
    for mode in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{mode}", str(run.dir.path.parent)], check=False, capture_output=True)
        time.sleep(2 if mode == "ro" else 0)


def kill_script(run: Run, dice: random.Random) -> None:
    """The shell that started the trainer is gone: the trainer is an orphan, adopted by the shim."""
    time.sleep(dice.uniform(0.0, 1.0))
    kill(run.launcher())


def hang_up(run: Run, dice: random.Random) -> None:
    """The signals of a terminal that closes, to everything of ours."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGHUP):
        time.sleep(dice.uniform(0.0, 0.6))
        for pid in (supervisor_of(run), run.shim()):
            if pid > 1:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


FAULTS = (
    Fault("none", STOPPED),
    Fault("kill -9 supervisor", STOPPED, kill_supervisor, "--veto 0.5s"),
    Fault("kill -9 supervisor, slow save", STOPPED, kill_supervisor, trainer="--save slow"),
    Fault("kill -9 supervisor, slow end", STOPPED, kill_supervisor, trainer="--term slow"),
    Fault("kill -9 shim", STOPPED, kill_shim),
    Fault("kill -9 shim and supervisor", STOPPED, kill_both),
    Fault("terminal closes", STOPPED, hang_up),
    Fault("rank killed in the save", frozenset({125, 137}), kill_job_in_save, trainer="--save slow"),
    Fault("torn checkpoint", LEFT, trainer="--save torn"),
    Fault("save fails", LEFT, trainer="--save fail"),
    Fault("hook never answers", LEFT, options="--save-timeout 1s", trainer="--save silent"),
    Fault("ranks ignore SIGTERM", frozenset({82}), options="--grace 0.5s --kill-after 0.3s", trainer="--term ignore"),
    Fault("job ends by itself", frozenset({0, 80, 143}), trainer="--steps RANDOM"),
    Fault("two supervisors", STOPPED, second_supervisor),
    Fault("script killed, trainer orphaned", STOPPED, kill_script, trainer="SCRIPT"),
    Fault("disk full for 2 s", STOPPED, fill_disk, tmpfs=True),
    Fault("run directory read-only for 2 s", STOPPED, read_only, tmpfs=True),
)


def can_mount() -> bool:
    """Whether this user may make a small disk."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


@contextmanager
def disk(live: Live, fault: Fault) -> Iterator[None]:
    """A small disk for the run directories, where the fault wants one."""
    home = live.cwd / ".trainwatch"
    if not fault.tmpfs:
        yield
        return
    home.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(home)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def one(fault: Fault, seed: int, folder: Path) -> str:
    """One stop with a fault; what was wrong, empty when nothing was."""
    dice = random.Random(f"{fault.name}/{seed}")
    folder.mkdir()
    with living(folder) as live, disk(live, fault):
        run = launch(live, fault, dice)
        job = {run.launcher(): start_ticks(run.launcher())}
        try:
            fault.act(run, dice)
            code = outcome(run)
            return "; ".join(wrong(run, fault, code))
        except AssertionError as error:
            return f"{error}; state {run.machine()}"
        finally:
            job |= {int(rank["pid"]): int(rank["ticks"]) for path in run.dir.ranks.glob("rank*.json") if (rank := run.read(path))}
            for pid, ticks in job.items():
                if ticks and start_ticks(pid) == ticks:
                    kill(pid)
            with suppress(AssertionError):
                wait_for(lambda: not supervised(run.dir), "the end of the supervisor", 10)


def launch(live: Live, fault: Fault, dice: random.Random) -> Run:
    """The overfitting trainer, which a rule may stop."""
    words = fault.trainer.replace("SCRIPT", "").replace("RANDOM", str(dice.randint(5, 140))).split()
    command = [sys.executable, str(TRAINER), "--pause", "0.005", *words]
    if fault.trainer == "SCRIPT":
        (live.cwd / "job.sh").write_text(f"{' '.join(command)} &\nwait\n", encoding="utf-8")
        command = ["bash", "job.sh"]
    options = [*["--may", "stop=overfit", "--log", "job.out"], *fault.options.split()]
    done = live.run("launch", "--detach", *options, "--", *command)
    assert done.returncode == 0, done.stderr
    return Run(live, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))


def outcome(run: Run) -> int:
    """The exit code of the run, or of the stop that failed while the job goes on."""
    code: list[int] = []

    def over() -> bool:
        state: dict[str, Any] = run.state()
        stop = state.get("stop", {})
        if state.get("final"):
            code.append(int(stop["exit_code"]) if state["state"] == "stopped" else _own(state))
        elif stop.get("machine") == "failed" and run.state()["machine"]["wish"]["goal"] == "stop":
            code.append(int(stop["exit_code"]))
        return bool(code)

    wait_for(over, "end", END)
    return code[0]


def _own(state: dict[str, Any]) -> int:
    """The job's own code; 125 when nobody knows it."""
    return 125 if state["exit_code"] is None else int(state["exit_code"])


def wrong(run: Run, fault: Fault, code: int) -> Iterator[str]:
    """What must not be."""
    if code not in fault.ends:
        yield f"ended with {code}"
    entries = run.entries()
    proofs = [at for at, entry in enumerate(entries) if entry["event"] == "proof" and entry["complete"]]
    signals = [at for at, entry in enumerate(entries) if entry["event"] == "signal"]
    if signals and not (proofs and proofs[0] < signals[0]):
        yield "a signal before any proof"
    stops = {(entry["request"], entry["path"]) for entry in entries if entry["event"] == "machine" and entry["state"] == "terminating"}
    if len(stops) > 1:
        yield f"{len(stops)} stops"
    if code in LEFT:
        if signals or not run.training():
            yield "the job was to go on"
    elif living_ranks(run):
        yield "a rank was left behind"
    if code in STOPPED | {82} and not prove(Path(run.read(run.dir.stop)["checkpoint"])).complete:
        yield "the checkpoint is not whole"


def living_ranks(run: Run) -> list[int]:
    """Ranks that still run."""
    ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
    return [rank["pid"] for rank in ranks if rank and start_ticks(rank["pid"]) == rank["ticks"]]


def main(stops: int, seed: int) -> int:
    """Run that many stops, the faults in turn; print the table."""
    faults = [fault for fault in FAULTS if not fault.tmpfs or can_mount()]
    begun, results = time.monotonic(), Counter[str]()
    told: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, ThreadPoolExecutor(WORKERS) as pool:
        todo = [(faults[n % len(faults)], seed + n) for n in range(stops)]
        for (fault, number), trouble in zip(todo, pool.map(lambda t: one(*t, Path(folder) / str(t[1])), todo), strict=True):
            results[fault.name] += 1
            if trouble:
                results[f"{fault.name}!"] += 1
                told.append(f"{fault.name}, seed {number}: {trouble}")
    print(f"{'fault':36}{'stops':>7}{'wrong':>7}")
    for fault in faults:
        print(f"{fault.name:36}{results[fault.name]:7}{results[f'{fault.name}!']:7}")
    print("\n".join(told))
    print(f"{stops} stops, {len(told)} wrong, {time.monotonic() - begun:.0f} s")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in [*sys.argv[1:], *("204", "1")][:2])))
