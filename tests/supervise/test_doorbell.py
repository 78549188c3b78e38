import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults import NO_TORCH, TORCHRUN
from tests.live import Live, Run, wait_for

from trainwatch.checkpoints.prove import prove
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import processes
from trainwatch.supervise.doorbell import Doorbell, doorbells, handles, objection, ring


def test_the_shipped_doorbells_make_sense() -> None:
    """Each is a file or a signal, not both; a file is named without a way out of the folder."""
    for bell in doorbells().values():
        assert bool(bell.touch) != bool(bell.signal)
        assert os.sep not in bell.touch
        assert not bell.signal or bell.ends or signal.Signals[bell.signal] in (signal.SIGUSR1, signal.SIGUSR2)


def test_a_signal_goes_only_to_who_handles_it(tmp_path: Path) -> None:
    """A process without a handler would die of it, so then nobody gets it."""
    deaf = subprocess.Popen(["sleep", "60"])
    listening = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGUSR1, print); print(1, flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    )
    try:
        assert listening.stdout is not None
        listening.stdout.readline()
        procs = [proc for process in (listening, deaf) if (proc := processes.read(process.pid)) is not None]
        assert handles(listening.pid, signal.SIGUSR1)
        assert not handles(deaf.pid, signal.SIGUSR1)
        assert "no handler" in ring(doorbells()["usr1"], tmp_path, procs)
        assert ring(doorbells()["usr1"], tmp_path, procs[:1]) == ""
        assert deaf.poll() is None
        assert "no rank" in ring(doorbells()["usr1"], tmp_path, [])
    finally:
        for process in (deaf, listening):
            process.kill()
            process.communicate()


def test_a_link_is_not_touched(tmp_path: Path) -> None:
    """The file is made in the folder, or not at all."""
    (tmp_path / "save_now").symlink_to(tmp_path / "elsewhere")
    assert ring(Doorbell("x", "", touch="save_now"), tmp_path, [])
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("bell", ["save_now", "usr1"])
def test_a_job_without_a_hook_saves_when_it_is_rung(live: Live, bell: str) -> None:
    """No regular save is due: the doorbell brings one, which is proven before SIGTERM."""
    run = live.launch(f"--hook none --save-by {bell}", f"--flat --no-hook --doorbell {bell}")
    run.supervisor()
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    assert run.journal("doorbell")[0]["why"] == ""


def test_a_job_that_saves_and_ends_on_sigterm_is_told_to(live: Live) -> None:
    """hf_jit: rung for a stop only and once, nothing is sent besides, and the checkpoint that it left is the proven one."""
    run = live.launch("--hook none --save-by hf_jit", "--flat --no-hook --doorbell jit --pause 0.05")
    run.supervisor()
    assert live.run("save", run.id, "--no-wait").returncode == 0
    wait_for(lambda: run.machine() == "waiting", "the wait for a regular save")
    assert run.training(), "a save alone must not end it"
    assert live.run("cancel", run.id).returncode == 0
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 83, done.stdout + done.stderr
    stop = run.read(run.dir.stop)
    assert (stop["proven"], len(run.journal("doorbell"))) == (True, 1)
    assert run.journal("signal") == []


def test_a_job_that_fails_as_it_saves_and_ends_is_not_called_proven(live: Live) -> None:
    """Ranks that save at different steps leave a torn checkpoint and fail: it is named, nothing is proven, and the stop is over."""
    run = live.launch("--hook none --save-by hf_jit", "--flat --no-hook --doorbell jit --pause 0.05 --save torn --code 1")
    run.supervisor()
    wait_for(lambda: run.state().get("brief", {}).get("step"), "training")
    done = live.run("stop", run.id, "--confirm", run.id)
    assert done.returncode == 81, done.stdout + done.stderr
    assert "left no complete checkpoint" in done.stdout
    stop = run.read(run.dir.stop)
    assert (stop["proven"], stop["checkpoint"], len(stop["torn"]), len(run.journal("doorbell"))) == (False, "", 1, 1)
    assert run.journal("signal") == []
    assert run.read(run.dir.launcher_exit)["code"] == 1


@pytest.mark.real
@pytest.mark.timeout(500)
@pytest.mark.skipif(bool(NO_TORCH), reason=NO_TORCH)
def test_the_trainers_own_checkpoint_on_sigterm(live: Live) -> None:
    """Two ranks of the real Trainer under torchrun, no hook of ours: both are told at once, save, and end by themselves."""
    job = [str(TORCHRUN), "--standalone", "--nproc_per_node=2", str(Path(__file__).with_name("hf_jit.py"))]
    here = Live(live.cwd, {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"})
    done = here.run("launch", "--detach", "--hook", "none", "--save-by", "hf_jit", "--", *job, "--out", "out", "--max-steps", "100000")
    assert done.returncode == 0, done.stderr
    run = Run(here, RunDir(live.cwd / ".trainwatch" / done.stdout.strip()))
    wait_for(lambda: run.state().get("brief", {}).get("step"), "training", 120)
    done = here.run("stop", run.id, "--confirm", run.id, timeout=120)
    assert done.returncode == 83, done.stdout + done.stderr
    stop = run.read(run.dir.stop)
    assert prove(Path(stop["checkpoint"]), world_size=2).complete
    assert run.journal("signal") == []
    assert run.read(run.dir.launcher_exit)["code"] == 0


def test_when_such_a_job_is_not_told(tmp_path: Path) -> None:
    """Ranks elsewhere, a launcher that sets signals apart, a grace too short for the save: the next regular save is waited for."""
    bell = doorbells()["hf_jit"]
    rank = processes.Proc(10, 9, 1, "S", ("python", "train.py"), {"RANK": "0", "WORLD_SIZE": "1"})
    above = processes.Proc(9, 1, 1, "S", ("python", "-m", "deepspeed.launcher.launch"), {})
    assert objection(bell, [rank], grace=120.0, save_seconds=10.0) == ""
    assert "shorter" in objection(bell, [rank], grace=50.0, save_seconds=10.0)
    assert "deepspeed" in objection(bell, [above, rank], grace=120.0, save_seconds=0.0)
    other = processes.Proc(10, 9, 1, "S", ("python", "train.py"), {"RANK": "0", "WORLD_SIZE": "2"})
    assert "other machines" in objection(bell, [other], grace=120.0, save_seconds=0.0)


def test_an_unknown_doorbell_is_refused(live: Live) -> None:
    """With the names of those that are known; nothing is started."""
    done = live.run("launch", "--save-by", "gong", "--", "true")
    assert done.returncode == 2
    assert "usr1" in done.stderr
    assert live.runs() == []
