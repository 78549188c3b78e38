"""Real launchers with ranks that start fast: whatever starts a job, it is saved, proven and stopped, and no rank is left behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.frameworks.conftest import PYTHON as FRAMEWORKS
from tests.live import TRAINER, Live, Run, wait_for

from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import discover

BIN = Path(sys.executable).parent
TRAIN = f"{TRAINER} --flat --pause 0.03"
JOBS = {
    "python": (1, f"{sys.executable} {TRAIN}"),
    "torchrun": (2, f"{BIN}/torchrun --standalone --nproc_per_node=2 {TRAIN}"),
    "python -m": (2, f"{sys.executable} -m torch.distributed.run --standalone --nproc_per_node=2 {TRAIN}"),
    "accelerate 1": (
        1,
        f"{BIN}/accelerate launch --cpu --num_processes 1 --num_machines 1 --mixed_precision no --dynamo_backend no {TRAIN}",
    ),
    "accelerate 2": (
        2,
        f"{BIN}/accelerate launch --multi_gpu --num_processes 2 --num_machines 1 --main_process_port PORT --mixed_precision no --dynamo_backend no {TRAIN}",
    ),
    "deepspeed": (2, f"{FRAMEWORKS.parent}/deepspeed --num_gpus 2 --master_port PORT {TRAIN}"),
    "bash script": (2, "bash job.sh"),
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not shutil.which(f"{BIN}/torchrun"), reason="torch is not installed: there is no torchrun"),
]


WITH_DEEPSPEED = [
    pytest.mark.frameworks,
    pytest.mark.skipif(not (FRAMEWORKS.parent / "deepspeed").exists(), reason=f"no deepspeed beside {FRAMEWORKS}: `make frameworks`"),
]


def free_port() -> str:
    """A port that nobody uses now, where `--standalone` cannot take one by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def command(live: Live, name: str) -> tuple[int, str]:
    """(ranks, command line) of a job."""
    world, line = JOBS[name]
    (live.cwd / "job.sh").write_text(f"{JOBS['torchrun'][1]}\necho the script goes on\n", encoding="utf-8")
    return world, line.replace("PORT", free_port())


def cases() -> Iterator[object]:
    """Every launcher; DeepSpeed only where it is installed."""
    for name in JOBS:
        yield pytest.param(name, marks=WITH_DEEPSPEED if name == "deepspeed" else [])


@pytest.mark.parametrize("name", list(cases()))
def test_a_launched_job_is_stopped_whole(live: Live, name: str) -> None:
    """Request, answer, proof, SIGTERM to launcher and ranks at once: nobody is left, and the code is 83."""
    world, line = command(live, name)
    done = live.run("launch", "--detach", "--may", "save", "--", *line.split(), timeout=90)
    assert done.returncode == 0, done.stderr
    run = Run(live, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))
    wait_for(lambda: len(list(run.dir.ranks.glob("rank*.json"))) == world and run.state().get("brief", {}).get("step"), "all ranks", 90)
    ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
    launcher = run.launcher()
    done = live.run("stop", run.id, "--confirm", run.id, timeout=90)
    assert done.returncode == 83, done.stdout + done.stderr
    assert not start_ticks(launcher)
    assert [rank for rank in ranks if start_ticks(rank["pid"]) == rank["ticks"]] == []
    assert run.read(run.dir.stop)["proven"]
    print(name, times(run))


def times(run: Run) -> str:
    """How long each part of the stop took, in seconds."""
    at = {name: run.journal(name)[-1]["at"] for name in ("request", "ack", "settled", "signal", "stopped")}
    parts = zip(at, list(at)[1:], strict=False)
    return "  ".join(f"{a}->{b} {at[b] - at[a]:.2f}" for a, b in parts)


@contextmanager
def running(live: Live, line: str, log: Path) -> Iterator[None]:
    """A job that somebody started in a shell, and nothing of it afterwards."""
    shell = subprocess.Popen(["bash", "-c", line], cwd=live.cwd, env=live.environ, stdin=subprocess.DEVNULL, start_new_session=True)
    found: dict[int, int] = {}
    try:
        wait_for(lambda: log.exists() and b"eval_loss" in log.read_bytes(), "training", 90)
        found = {proc.pid: proc.ticks for proc in discover.writers([log])}
        yield
    finally:
        for pid, ticks in {**found, shell.pid: start_ticks(shell.pid)}.items():
            if start_ticks(pid) == ticks:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shell.wait()


def shapes() -> Iterator[object]:
    """(launcher, how it was started in a shell)."""
    tee = "JOB 2>&1 | tee train.out > /dev/null"
    for shape in ("nohup JOB > train.out 2>&1", tee, "bash -c 'JOB; true' > train.out 2>&1"):
        yield pytest.param("torchrun", shape)
    yield pytest.param("deepspeed", tee, marks=WITH_DEEPSPEED)


@pytest.mark.parametrize(("launcher", "shape"), list(shapes()))
def test_a_job_that_somebody_started_is_stopped_whole(live: Live, launcher: str, shape: str) -> None:
    """By its log alone: launcher and both ranks are found, the next regular save is proven, and nobody is left."""
    log = live.cwd / "train.out"
    job = JOBS[launcher][1].replace("PORT", free_port()) + " --no-hook --save-every 150"
    with running(live, shape.replace("JOB", job), log):
        before = [proc for proc in discover.writers([log]) if str(TRAINER) in proc.argv]
        assert len(before) >= 2
        done = live.run("stop", str(log), "--confirm", "train", timeout=90)
        assert done.returncode == 83, done.stdout + done.stderr
        assert [proc.title for proc in before if start_ticks(proc.pid) == proc.ticks] == []
        (run_dir,) = live.runs()
        assert Run(live, run_dir).read(run_dir.stop)["proven"]
