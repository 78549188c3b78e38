import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import Live

from trainwatch.supervise import processes
from trainwatch.supervise.doorbell import Doorbell, doorbells, handles, ring


def test_the_shipped_doorbells_make_sense() -> None:
    """Each is a file or a signal, not both; a file is named without a way out of the folder."""
    for bell in doorbells().values():
        assert bool(bell.touch) != bool(bell.signal)
        assert os.sep not in bell.touch
        assert not bell.signal or signal.Signals[bell.signal] in (signal.SIGUSR1, signal.SIGUSR2)


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


def test_an_unknown_doorbell_is_refused(live: Live) -> None:
    """With the names of those that are known; nothing is started."""
    done = live.run("launch", "--save-by", "gong", "--", "true")
    assert done.returncode == 2
    assert "usr1" in done.stderr
    assert live.runs() == []
