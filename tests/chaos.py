"""Faults at random moments while a job is stopped: `make chaos` runs all of them often, the tests run each once.

    python -m tests.chaos [STOPS] [SEED]

After each: no signal before a proof, one stop at most, no process left that was to end, and none ended that was to go on.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from tests.faults import END, FAULTS, KILLED, LEFT, STOPPED, STUCK, TORCHRUN, Check, Fault, alive, kill
from tests.jump import Settable
from tests.live import TRAINER, Live, Run, living, wait_for

from trainwatch.checkpoints.prove import prove
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.spawn import supervised

WORKERS = 5
STOPS = 210
LIMIT = 330.0
"""Seconds after which no stop is begun any more."""

POINTS = ("--steps {steps}", "--end-at saving", "--end-at saved", "--end-at holding")


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
    given: dict[str, str] = {}
    folder.mkdir()
    if "clock" in fault.name:
        (folder / "clock").mkdir()
        given = Settable(folder / "clock").environ
    with living(folder, given) as live, disk(live, fault):
        run = launch(live, fault, dice)
        job = {run.launcher(): start_ticks(run.launcher())}
        check: Check | None = None
        try:
            check = fault.act(run, dice)
            found = list(wrong(run, fault, outcome(run)))
            return "; ".join([*found, *filter(None, [check() if check is not None else ""])])
        except AssertionError as error:
            return f"{error}; state {run.machine()}"
        finally:
            job |= {int(rank["pid"]): int(rank["ticks"]) for path in run.dir.ranks.glob("rank*.json") if (rank := run.read(path))}
            for pid, ticks in job.items():
                if alive(pid, ticks):
                    kill(pid)
            with suppress(AssertionError):
                wait_for(lambda: not supervised(run.dir), "the end of the supervisor", 10)


def launch(live: Live, fault: Fault, dice: random.Random) -> Run:
    """The overfitting trainer, which a rule may stop."""
    point = dice.choice(POINTS) if "{point}" in fault.trainer else ""
    words = fault.trainer.replace("{point}", point)
    words = words.format(steps=dice.randint(5, 140), port=free_port(), cut=dice.randint(0, 10_000))
    trainer = f"{TRAINER} --pause 0.005 {words}"
    command = {
        "python": f"{sys.executable} {trainer}",
        "script": "bash job.sh",
        "torchrun": f"{TORCHRUN} --standalone --nproc_per_node=2 {trainer}",
    }[fault.job]
    if fault.job == "script":
        (live.cwd / "job.sh").write_text(f"{sys.executable} {trainer} &\nwait\n", encoding="utf-8")
    options = [*["--may", "stop=overfit", "--log", "job.out"], *fault.options.split()]
    done = live.run("launch", "--detach", *options, "--", *command.split())
    assert done.returncode == 0, done.stderr
    return Run(live, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def outcome(run: Run) -> int:
    """The exit code of the run, or of the stop that failed or is stuck while the job goes on."""
    code: list[int] = []

    def over() -> bool:
        state: dict[str, Any] = run.state()
        stop = state.get("stop", {})
        if state.get("final"):
            code.append(int(stop["exit_code"]) if state["state"] == "stopped" else _own(state))
        elif stop.get("machine") in ("failed", "stuck") and stop.get("goal") == "stop":
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
    signals = [(at, entry["signal"]) for at, entry in enumerate(entries) if entry["event"] == "signal"]
    if signals and not (proofs and proofs[0] < signals[0][0]):
        yield "a signal before any proof"
    if code not in KILLED and any(name != "SIGTERM" for _, name in signals):
        yield "a signal that nobody allowed"
    stops = {(entry["request"], entry["path"]) for entry in entries if entry["event"] == "machine" and entry["state"] == "terminating"}
    if len(stops) > 1:
        yield f"{len(stops)} stops"
    if code in LEFT:
        if signals or not run.training():
            yield "the job was to go on"
    elif code not in STUCK and living_ranks(run):
        yield "a rank was left behind"
    if code in STOPPED | KILLED and not prove(Path(run.read(run.dir.stop)["checkpoint"])).complete:
        yield "the checkpoint is not whole"


def living_ranks(run: Run) -> list[int]:
    """Ranks that still run."""
    ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
    return [rank["pid"] for rank in ranks if rank and alive(rank["pid"], rank["ticks"])]


def plan(stops: int) -> list[Fault]:
    """The faults in turn, so many in all; the slow ones not in every round."""
    todo: list[Fault] = []
    for number in count():
        todo += [fault for fault in FAULTS if not fault.needs and number % fault.rounds == 0]
        if len(todo) >= stops:
            return todo[:stops]
    raise AssertionError


def main(stops: int, seed: int) -> int:
    """Run that many stops in bounded time; print the table."""
    begun, done, bad = time.monotonic(), Counter[str](), Counter[str]()
    told: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, ThreadPoolExecutor(WORKERS) as pool:

        def attempt(fault: Fault, number: int) -> str | None:
            return one(fault, number, Path(folder) / str(number)) if time.monotonic() - begun < LIMIT else None

        todo = list(enumerate(plan(stops), seed))
        for (number, fault), trouble in zip(todo, pool.map(lambda part: attempt(part[1], part[0]), todo), strict=True):
            done[fault.name] += trouble is not None
            if trouble:
                bad[fault.name] += 1
                told.append(f"{fault.name}, seed {number}: {trouble}")
    print(f"{'fault':40}{'stops':>7}{'wrong':>7}")
    for fault in FAULTS:
        print(f"{fault.name:40}{done[fault.name]:7}{bad[fault.name]:7}{f'  {fault.needs}' if fault.needs else ''}")
    print("\n".join(told))
    print(f"{done.total()} stops of {stops}, {len(told)} wrong, {time.monotonic() - begun:.0f} s")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in [*sys.argv[1:], *(str(STOPS), "1")[len(sys.argv) - 1 :]][:2])))
