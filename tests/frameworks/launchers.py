"""The launcher table: each launcher with each framework, under the real trainwatch, saved, proven, stopped, and resumed by the framework.

    python -m tests.frameworks.launchers [WORD …] [--write docs/launchers.md]

WORDs choose the rows whose launcher or framework has that name.
"""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests import slurm_cluster
from tests.frameworks.catalogue import JOBS, Job
from tests.frameworks.conftest import ENVIRON, PYTHON
from tests.live import Live, Run, living, wait_for

from trainwatch.checkpoints.prove import prove
from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import tree

BIN = PYTHON.parent
START = 240.0
"""Seconds within which a job trains."""

ABORT = "terminate called without an active exception"
"""What a rank on the CPU may say after its last line, when gloo frees a tensor while Python shuts down. No doing of ours."""

STEPS = 5000
PORT = "PORT"
ALONE = f"{BIN}/accelerate launch --cpu --num_processes 1 --num_machines 1 --mixed_precision no --dynamo_backend no"
SEVERAL = f"{BIN}/accelerate launch --multi_gpu --num_processes 2 --num_machines 1 --main_process_port {PORT} --mixed_precision no --dynamo_backend no"
TORCHRUN = f"{BIN}/torchrun --nproc_per_node=2 --master_port={PORT}"


@dataclass(frozen=True)
class Launcher:
    """How a script is started; `batch` says that Slurm starts it, and that trainwatch runs inside. `script`: in a shell script."""

    line: str
    jobs: tuple[str, ...]
    script: bool = False
    batch: bool = False


LAUNCHERS = {
    "python": Launcher(str(PYTHON), ("hf", "lightning", "accelerate")),
    "torchrun": Launcher(TORCHRUN, tuple(JOBS)),
    "deepspeed": Launcher(
        f"{BIN}/deepspeed --num_gpus 2 --master_port {PORT}", ("hf_zero2", "hf_zero3", "deepspeed_zero1", "deepspeed_zero2")
    ),
    "accelerate launch, one process": Launcher(ALONE, ("hf", "accelerate")),
    "accelerate launch, two processes": Launcher(SEVERAL, ("hf", "hf_lora", "accelerate", "accelerate_zero2")),
    "bash script.sh": Launcher(TORCHRUN, ("hf", "plain", "deepspeed_zero2"), script=True),
    "sbatch": Launcher(TORCHRUN, ("hf", "dcp", "hf_zero2"), batch=True),
    "srun torchrun": Launcher(f"srun {TORCHRUN}", ("hf", "plain"), batch=True),
}

HEAD = ("launcher", "framework", "ranks", "request to ack", "ack to proven", "proven to gone", "orphans", "resumed")


@dataclass(frozen=True)
class Row:
    """One combination: seconds, orphans, and whether the framework went on from the checkpoint."""

    launcher: str
    framework: str
    ranks: int
    ack: float
    proven: float
    gone: float
    orphans: int
    resumed: bool

    def cells(self) -> tuple[str, ...]:
        """As text."""
        times = (f"{seconds:.2f} s" for seconds in (self.ack, self.proven, self.gone))
        return self.launcher, self.framework, str(self.ranks), *times, str(self.orphans), "yes" if self.resumed else "NO"


GIVEN = {**ENVIRON, "OMP_NUM_THREADS": "1"}
"""What the jobs need; of trainwatch there is nothing in it."""


def measure(place: Live, name: str, job: Job, cluster: slurm_cluster.Cluster | None) -> Row:
    """One combination. Raises AssertionError where something does not hold."""
    launcher = LAUNCHERS[name]
    run = launch(place, launcher, job, cluster)
    ranks = training(run, job)
    pids = {int(rank["pid"]): int(rank["ticks"]) for rank in ranks}
    with subprocess.Popen(
        place.command("stop", run.id, "--confirm", run.id), cwd=place.cwd, env=place.environ, stdout=subprocess.DEVNULL
    ) as stop:
        wait_for(lambda: not any(start_ticks(pid) == ticks for pid, ticks in pids.items()), "the end of the ranks", 180)
        gone = time.time()  # noqa: TID251  beside the times in the files
        assert stop.wait(120) == 83, (run.read(run.dir.stop), tail(run.log()))
    asked = run.dir.request.stat().st_mtime
    (ack,) = (run.read(path) for path in run.dir.control.glob("ack-*.json"))
    proof = next(entry for entry in run.journal("proof") if entry["complete"])
    wait_for(run.dir.exit.exists, "the end of the job", 60)
    left = tree.members(run.dir.path, set(), without=set())
    seen = prove(Path(ack["path"]), world_size=len(ranks))
    assert (seen.complete, seen.kind, seen.step) == (True, job.kind, ack["step"]), seen
    resumed = goes_on(place, launcher, job, ack, cluster)
    return Row(name, job.title, len(ranks), ack["at"] - asked, proof["at"] - ack["at"], gone - proof["at"], len(left), resumed)


def launch(place: Live, launcher: Launcher, job: Job, cluster: slurm_cluster.Cluster | None) -> Run:
    """Start a job under trainwatch."""
    command = line(place, launcher, job.words(place.cwd / "out", STEPS))
    environ = {**place.environ, **job.given}
    if launcher.batch:
        assert cluster is not None
        watched = shlex.join(place.command("launch", "--may", "save", "--", *command))
        script = place.cwd / "job.sbatch"
        script.write_text(f"#!/bin/bash\nexec {watched}\n", encoding="utf-8")
        cluster.submit(script, environ=environ)
    else:
        words = place.command("launch", "--detach", "--may", "save", "--", *command)
        subprocess.run(words, cwd=place.cwd, env=environ, stdin=subprocess.DEVNULL, check=True, capture_output=True, timeout=90)
    wait_for(lambda: bool(place.runs()), "a run", 60)
    return Run(place, RunDir(place.runs()[0].path))


def line(place: Live, launcher: Launcher, words: tuple[str, ...]) -> list[str]:
    """The command that starts a script."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [*launcher.line.replace(PORT, port).split(), *words]
    if not launcher.script:
        return command
    script = place.cwd / "script.sh"
    script.write_text(f"{shlex.join(command)}\necho the script goes on\n", encoding="utf-8")
    return ["bash", str(script)]


def training(run: Run, job: Job) -> list[dict[str, object]]:
    """The ranks, once each has said that it is there and the script has saved by itself."""

    def ready() -> bool:
        ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
        over = run.dir.exit.exists() or (run.dir.launcher_exit.exists() and run.read(run.dir.launcher_exit).get("code"))
        assert not over, tail(run.log())
        saved = any((run.live.cwd / "out").glob("*"))
        return bool(ranks) and len(ranks) == ranks[0].get("world_size") and saved

    wait_for(ready, f"{job.title} that trains", START)
    return [run.read(path) for path in run.dir.ranks.glob("rank*.json")]


def goes_on(place: Live, launcher: Launcher, job: Job, ack: dict[str, Any], cluster: slurm_cluster.Cluster | None) -> bool:
    """Whether the same job, without trainwatch, goes on from the checkpoint and comes to its end."""
    path, step = str(ack["path"]), int(ack["step"])
    command = line(place, launcher, job.words(place.cwd / "out", step + 3, "--resume", path))
    environ, log = {**place.environ, **job.given}, place.cwd / "second.out"
    if launcher.batch:
        assert cluster is not None
        script = place.cwd / "second.sbatch"
        script.write_text(f"#!/bin/bash\nexec {shlex.join(command)}\n", encoding="utf-8")
        number = cluster.submit(script, f"--output={log}", environ=environ)
        wait_for(lambda: cluster.show(number, "JobState") in ("COMPLETED", "FAILED", "CANCELLED"), "the second job", START)
    else:
        with log.open("wb") as file:
            subprocess.run(
                command, cwd=place.cwd, env=environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False, timeout=START
            )
    text = log.read_text(encoding="utf-8", errors="replace")
    return job.resumed.format(step=step) in text and ("Traceback" not in text or ABORT in text)


def tail(log: Path) -> str:
    """The end of a log."""
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]


def chosen(words: list[str]) -> Iterator[tuple[str, str]]:
    """(launcher, job) of the rows asked for."""
    for name, launcher in LAUNCHERS.items():
        for key in launcher.jobs:
            if not words or name in words or key in words or f"{name}/{key}" in words:
                yield name, key


@contextmanager
def slurm(rows: list[tuple[str, str]]) -> Iterator[slurm_cluster.Cluster | None]:
    """A cluster, where a row needs one."""
    with ExitStack() as stack:
        if any(LAUNCHERS[name].batch for name, _ in rows):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            made = stack.enter_context(slurm_cluster.cluster(folder))
            os.environ["SLURM_CONF"] = str(made.conf)
            yield made
            made.run("scancel", "--user=root")
            wait_for(lambda: not made.run("squeue", "-h"), "the end of all jobs", 60)
        else:
            yield None


def table(rows: list[Row], say: Callable[[str], object] = print) -> None:
    """The rows as Markdown."""
    say("| " + " | ".join(HEAD) + " |")
    say("|---|---|" + "---:|" * 5 + "---|")
    for row in rows:
        say("| " + " | ".join(row.cells()) + " |")


def page(rows: list[Row]) -> str:
    """The document."""
    names = ("torch", "transformers", "accelerate", "peft", "deepspeed", "lightning")
    code = f"from importlib.metadata import version as v; print(', '.join(f'{{n}} {{v(n)}}' for n in {names}))"
    versions = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    lines = [
        "# Launchers and frameworks",
        "",
        "Each row is a real job on the CPU of one machine: started by that launcher under `trainwatch launch --may save`, stopped with",
        "`trainwatch stop`, and started once more by the same launcher, without trainwatch, to go on from the checkpoint that was proven.",
        "The frameworks' Python does not have trainwatch installed. Under `sbatch` and `srun` trainwatch runs inside the batch job of a real",
        "Slurm. *Request to ack* holds the save itself; *gone* is the last rank; *orphans* are processes of the job that are left afterwards.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {versions}, {os.cpu_count()} cores, trainwatch {version('trainwatch-tui')}. Made anew with `make launchers`.",  # noqa: TID251
        "",
    ]
    table(rows, lines.append)
    return "\n".join([*lines, ""])


def main() -> int:
    """Measure the rows and print them; 1 when one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page here too")
    args = parser.parse_args()
    wanted, rows, failed = list(chosen(args.words)), [], []
    with slurm(wanted) as cluster:
        for name, key in wanted:
            with tempfile.TemporaryDirectory() as folder, living(Path(folder), GIVEN) as place:
                try:
                    rows.append(measure(place, name, JOBS[key], cluster))
                    print(*rows[-1].cells(), sep="  ", file=sys.stderr, flush=True)
                except (AssertionError, subprocess.SubprocessError) as error:
                    failed.append((name, key))
                    print(f"{name}  {key}: {error}", file=sys.stderr, flush=True)
    table(rows)
    if args.write and not failed:
        args.write.write_text(page(rows), encoding="utf-8")
    return 1 if failed or any(row.orphans or not row.resumed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
