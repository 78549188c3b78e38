"""The example that `make demo` runs: two real ranks under torchrun."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from tests.live import Live, Run, wait_for

from trainwatch.checkpoints.prove import prove

TRAIN = Path(__file__).parents[2] / "examples/overfit_lm/train.py"
TORCHRUN = Path(sys.executable).parent / "torchrun"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (TORCHRUN.exists() or shutil.which("torchrun")), reason="torch is not installed: there is no torchrun"),
]


def torchrun(live: Live, *options: str) -> Run:
    """The example, launched detached."""
    done = live.run(
        "launch",
        "--detach",
        *options,
        "--",
        "env",
        "OMP_NUM_THREADS=1",
        str(TORCHRUN),
        "--nproc_per_node=2",
        "--standalone",
        str(TRAIN),
    )
    assert done.returncode == 0, done.stderr
    run = Run(live, next(run_dir for run_dir in live.runs() if run_dir.path.name == done.stdout.strip()))
    wait_for(lambda: b"eval_loss" in run.log().read_bytes(), "an evaluation", 120)
    return run


def ranks(run: Run) -> set[int]:
    """The pids of the ranks."""
    return {int(run.read(path)["pid"]) for path in run.dir.ranks.glob("rank*.json")}


@pytest.mark.timeout(500)
def test_the_main_job_survives_the_death_of_its_watchers(live: Live) -> None:
    """Kill -9 of supervisor and shim while two ranks train: they train on; a later supervisor stops them once, proven, best saved."""
    run = torchrun(live, "--may", "stop=overfit")
    assert len(ranks(run)) == 2
    supervisor = run.supervisor()
    os.kill(run.shim(), signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    assert run.training()
    assert live.run("save", run.id).returncode == 0
    assert live.run("wait", run.id, timeout=300).returncode == 80
    stop = run.read(run.dir.stop)
    assert prove(Path(stop["checkpoint"])).complete
    best = run.state()["brief"]["best"]["step"]
    assert prove(live.cwd / f"out/ckpt_{best}.pt").complete
    assert [entry["signal"] for entry in run.journal("signal")] == ["SIGTERM"]
    assert len(run.journal("signal")[0]["pids"]) == 3


@pytest.mark.timeout(500)
def test_a_person_stops_two_ranks(live: Live) -> None:
    """Without --may there is no hook, so the job is asked for nothing; stop --unsaved ends launcher and both ranks."""
    run = torchrun(live)
    assert ranks(run) == set()
    done = live.run("stop", run.id, "--confirm", run.id, "--unsaved")
    assert done.returncode == 81, done.stdout + done.stderr
    wait_for(run.dir.exit.exists, "the end of all processes")
