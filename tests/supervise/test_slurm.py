"""A real slurmctld and slurmd, and real batch jobs in them."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import slurm_cluster
from tests.faults import NO_TORCH, TORCHRUN
from tests.live import TRAINER, Live, Run, wait_for
from tests.slurm_cluster import Cluster

from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import slurm

WHY_NOT = slurm_cluster.missing()
EXAMPLE = Path(__file__).parents[2] / "examples/requeue.sbatch"
OURS = f"{shlex.quote(sys.executable)} -P -m trainwatch"
TRAIN = f"{shlex.quote(sys.executable)} {TRAINER}"

pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests; its jobs are ended before it is."""
    with slurm_cluster.cluster(tmp_path_factory.mktemp("slurm")) as made:
        yield made
        made.run("scancel", "--user=root")
        wait_for(lambda: not made.run("squeue", "-h"), "the end of all jobs")


@pytest.fixture(autouse=True)
def conf(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours finds the cluster too."""
    monkeypatch.setenv("SLURM_CONF", str(cluster.conf))


def submit(cluster: Cluster, live: Live, body: str, *words: str) -> str:
    """A batch job; its output is slurm-ID.out in the test's folder."""
    script = live.cwd / "job.sbatch"
    script.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    return cluster.submit(script, *words, environ={**live.environ, "SLURM_CONF": str(cluster.conf)})


def run_of(live: Live) -> Run:
    """The only run here, once it trains."""
    wait_for(lambda: bool(live.runs()), "a run")
    run = Run(live, RunDir(live.runs()[0].path))
    wait_for(lambda: run.state().get("brief", {}).get("step"), "training")
    return run


def again(cluster: Cluster, job: str) -> bool:
    """Whether a requeued job has begun; Slurm lets it wait for two minutes unless it is told otherwise."""
    if cluster.show(job, "JobState") != "PENDING":
        return True
    cluster.run("scontrol", "update", f"jobid={job}", "starttime=now")
    time.sleep(0.5)
    return False


def ended(cluster: Cluster, job: str) -> tuple[str, str]:
    """(state, exit code) of a job that is over."""
    wait_for(lambda: cluster.show(job, "JobState") in slurm.OVER, "the end of the job", timeout=90)
    return cluster.show(job, "JobState"), cluster.show(job, "ExitCode")


def test_a_rule_stops_a_batch_job_for_good(cluster: Cluster, live: Live) -> None:
    """In front, in the batch job's own output: save, proof, tree signal; the code is the batch job's, and Slurm may not requeue it."""
    job = submit(cluster, live, f"exec {OURS} launch --may stop=overfit -- {TRAIN} --pause 0.01", "--requeue")
    assert ended(cluster, job) == ("FAILED", "80:0")
    assert cluster.show(job, "Requeue") == "0"
    log = (live.cwd / f"slurm-{job}.out").read_text(encoding="utf-8")
    assert "[trainwatch] a requeue will empty this log" in log
    assert f"Slurm job {job}: will not be requeued" in log
    run = run_of(live)
    assert run.read(run.dir.stop)["proven"]
    assert run.read(run.dir.run)["sources"] == [str(live.cwd / f"slurm-{job}.out")]
    assert run.read(run.dir.run)["job_id"] == job


def test_a_slurm_job_that_knows_nothing_of_us_is_stopped(cluster: Cluster, live: Live) -> None:
    """`stop slurm:ID`: the next regular save is proven, then its processes get SIGTERM; ours leave no rank and no requeue behind."""
    job = submit(cluster, live, f"{TRAIN} --flat --no-hook --save-every 150 --pause 0.03\necho done", "--requeue")
    log = live.cwd / f"slurm-{job}.out"
    wait_for(lambda: log.exists() and log.stat().st_size > 500, "output")
    done = live.run("stop", f"slurm:{job}", "--confirm", f"slurm-{job}", timeout=45)
    assert done.returncode == 83, done.stdout + done.stderr
    assert cluster.show(job, "Requeue") == "0"
    ended(cluster, job)
    stop = run_of(live).read(run_of(live).dir.stop)
    assert (stop["proven"], Path(stop["checkpoint"]).parent) == (True, live.cwd / "out")


def test_the_time_that_is_left_is_told(cluster: Cluster, live: Live) -> None:
    """By status, of a bare job and of a supervised one."""
    log = live.cwd / f"slurm-{submit(cluster, live, f'{TRAIN} --flat --no-hook --steps 100000 --pause 0.02', '--time=5')}.out"
    wait_for(lambda: log.exists() and log.stat().st_size > 500, "output")
    job = log.stem.removeprefix("slurm-")
    told = live.run("status", f"slurm:{job}")
    assert told.returncode == 0, told.stderr
    assert re.search(r"time left +[45] min left", told.stdout)
    cluster.run("scancel", job)
    mine = submit(cluster, live, f"{OURS} launch -- {TRAIN} --flat --pause 0.02", "--time=5")
    run = run_of(live)
    wait_for(lambda: run.state()["brief"].get("ends_at"), "the end")
    assert 0 < json.loads(live.run("status", run.id, "--json").stdout)["time_left"] <= 300
    cluster.run("scancel", mine)
    ended(cluster, mine)


def test_a_job_on_other_nodes_is_stopped_by_slurm(cluster: Cluster, live: Live) -> None:
    """From a machine on which no process of it is seen: its next regular save is proven, then `scancel`, once; it is not requeued."""
    job = submit(cluster, live, f"{TRAIN} --flat --no-hook --save-every 150 --pause 0.03", "--requeue")
    log = live.cwd / f"slurm-{job}.out"
    wait_for(lambda: log.exists() and b"Saving model" in log.read_bytes(), "a save")
    apart = ["unshare", "--pid", "--fork", "--mount-proc", *live.command("stop", f"slurm:{job}", "--confirm", log.stem)]
    done = subprocess.run(
        apart, cwd=live.cwd, env={**live.environ, "SLURM_CONF": str(cluster.conf)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 83, done.stdout + done.stderr
    assert ended(cluster, job)[0] == "CANCELLED"
    assert cluster.show(job, "Requeue") == "0"
    run = run_of(live)
    events = [entry["event"] for entry in run.entries()]
    assert events.count("scancel") == 1
    assert "signal" not in events
    assert events.index("proof") < events.index("scancel")
    assert run.read(run.dir.stop)["proven"]


@pytest.mark.skipif(bool(NO_TORCH), reason=NO_TORCH)
def test_srun_torchrun_in_a_batch_job_is_stopped_whole(cluster: Cluster, live: Live) -> None:
    """The ranks are children of slurmstepd, not of srun: they are found by their environment, and nobody is left behind."""
    body = f"exec {OURS} launch --may stop=overfit -- srun {TORCHRUN} --standalone --nproc_per_node=2 {TRAINER} --pause 0.03"
    job = submit(cluster, live, body)
    assert ended(cluster, job) == ("FAILED", "80:0"), (live.cwd / f"slurm-{job}.out").read_text(encoding="utf-8")
    run = run_of(live)
    ranks = [run.read(path) for path in run.dir.ranks.glob("rank*.json")]
    assert len(ranks) == 2
    assert [rank for rank in ranks if start_ticks(rank["pid"]) == rank["ticks"]] == []


def test_attach_to_a_slurm_job_watches(cluster: Cluster, live: Live) -> None:
    """`attach slurm:ID` finds the log, and leaves the job alone."""
    job = submit(cluster, live, f"{TRAIN} --flat --no-hook --steps 150 --pause 0.02", "--open-mode=append")
    log = live.cwd / f"slurm-{job}.out"
    wait_for(lambda: log.exists() and log.stat().st_size > 500, "output")
    done = live.run("attach", f"slurm:{job}", "--plain", timeout=45)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(log) in done.stderr
    assert ended(cluster, job) == ("COMPLETED", "0:0")


def test_a_preempted_job_is_requeued_and_goes_on(cluster: Cluster, live: Live) -> None:
    """The example: SIGTERM to the batch script saves, proves and stops; 85 requeues; the second attempt resumes from the proven one, of one run."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("trainwatch launch", f"{OURS} launch").replace("$(trainwatch", f"$({OURS}")
    line = next(line for line in text.splitlines() if line.startswith("train=("))
    text = text.replace(line, f'train=({TRAIN} --out "$out" --flat --pause 0.02)')
    job = submit(cluster, live, text, "--requeue", "--open-mode=append")
    first = run_of(live)
    cluster.run("scancel", "--batch", "--signal=TERM", job)
    wait_for(lambda: first.read(first.dir.stop).get("state") == "stopped", "the stop", timeout=60)
    stop = first.read(first.dir.stop)
    assert (stop["exit_code"], stop["proven"]) == (85, True)
    assert cluster.show(job, "Requeue") == "1"
    wait_for(lambda: cluster.show(job, "Restarts") == "1", "the requeue", timeout=60)
    time.sleep(3)  # slurmd refuses an attempt of the second in which the one before it was ended
    log = live.cwd / f"slurm-{job}.out"
    wait_for(lambda: again(cluster, job) and f"resumed at step {stop['step']}" in log.read_text(encoding="utf-8"), "the second attempt", 90)
    second = next(Run(live, found) for found in live.runs() if found != first.dir)
    assert (second.read(second.dir.run)["attempt"], first.id in log.read_text(encoding="utf-8")) == (2, True)
    wait_for(lambda: len(second.state().get("brief", {}).get("attempts", [])) == 2, "both attempts in what is told")
    cluster.run("scancel", job)
    ended(cluster, job)


def test_what_slurm_tells(cluster: Cluster, live: Live) -> None:
    """End, requeue and what a requeue does to the log, of a real job; of a job that is not there, nothing."""
    job = submit(cluster, live, "sleep 60", "--time=5", "--requeue")
    other = submit(cluster, live, "#SBATCH --open-mode=append\nsleep 60", "--no-requeue")
    wait_for(lambda: cluster.show(job, "JobState") == "RUNNING", "the job")
    told = slurm.show(job)
    assert told is not None
    assert (told.id, told.state, told.requeue, told.nodes) == (job, "RUNNING", True, 1)
    assert told.ends_at is not None
    assert slurm.truncates(job)
    assert not slurm.truncates(other)
    assert slurm.show("999999") is None
    assert slurm.cancel(job)
    assert slurm.cancel(other)
    assert os.environ["SLURM_CONF"] == str(cluster.conf)
