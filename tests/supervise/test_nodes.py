"""Several nodes, as two torchrun agents on one machine of which one calls itself by another name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.faults import NO_TORCH, TORCHRUN
from tests.live import Live, Run, wait_for
from tests.supervise.test_launchers import free_port

from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir

TRAIN = Path(__file__).parents[2] / "examples/overfit_lm/train.py"
NO_NAME = "" if os.geteuid() == 0 and shutil.which("unshare") else "only root can give a process another host name (unshare --uts)"

pytestmark = [pytest.mark.real, pytest.mark.timeout(500), pytest.mark.skipif(bool(NO_TORCH or NO_NAME), reason=NO_TORCH or NO_NAME)]


def agent(number: int, port: str) -> list[str]:
    """The command of one node."""
    where = ["--nnodes=2", "--nproc_per_node=1", f"--node_rank={number}", "--master_addr=127.0.0.1", f"--master_port={port}"]
    return [str(TORCHRUN), *where, str(TRAIN), "--out", "out", "--total-steps", "100000", "--eval-steps", "8"]


def test_two_nodes_are_stopped_without_a_signal(live: Live) -> None:
    """All ranks save at one step and hold; after the proof both scripts end by themselves, and both agents end 0."""
    port = free_port()
    given = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    here = Live(live.cwd, given)
    done = here.run("launch", "--detach", "--may", "save", "--", *agent(0, port))
    assert done.returncode == 0, done.stderr
    run = Run(here, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))
    environ = {**here.environ, **run.read(run.dir.run)["environment"]}
    there = ["unshare", "--uts", "sh", "-c", 'hostname node1; exec "$@"', "sh", *agent(1, port)]
    with (live.cwd / "node1.out").open("wb") as out:
        other = subprocess.Popen(there, env=environ, cwd=live.cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_for(lambda: len(list(run.dir.ranks.glob("rank*.json"))) == 2 and run.state().get("brief", {}).get("step"), "two ranks", 120)
        ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
        assert sorted(rank["host"] for rank in ranks) == sorted(["node1", os.uname().nodename])
        done = here.run("stop", run.id, "--confirm", run.id, timeout=120)
        assert done.returncode == 83, done.stdout + done.stderr
        assert other.wait(timeout=60) == 0, (live.cwd / "node1.out").read_text(encoding="utf-8")[-2000:]
    finally:
        other.kill()
        other.wait()
    assert run.read(run.dir.launcher_exit)["code"] == 0
    assert run.journal("signal") == []
    assert run.read(run.dir.stop)["proven"]
    assert [rank for rank in ranks if start_ticks(rank["pid"]) == rank["ticks"]] == []


def test_a_part_of_a_job_is_watched_and_not_stopped(live: Live) -> None:
    """Attached to one of two nodes, without a hook and without Slurm: the stop is refused in words, and nothing is signalled."""
    log = live.cwd / "train.out"
    port = free_port()
    with log.open("wb") as out:
        first = subprocess.Popen(agent(0, port), env=live.environ, cwd=live.cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    nowhere = subprocess.DEVNULL  # the other node prints to a log of its own
    second = subprocess.Popen(agent(1, port), env=live.environ, cwd=live.cwd, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    try:
        wait_for(lambda: b"eval_loss" in log.read_bytes(), "an evaluation", 120)
        done = live.run("stop", str(log), "--confirm", "train", "--unsaved", timeout=120)
        assert done.returncode == 84, done.stdout + done.stderr
        assert "1 of its 2 ranks are on other machines" in done.stdout
        (run_dir,) = live.runs()
        assert Run(live, run_dir).journal("signal") == []
        assert first.poll() is None
    finally:
        for process in (second, first):
            process.terminate()
        for process in (second, first):
            process.wait(timeout=60)
