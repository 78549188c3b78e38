import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trainwatch.model.inputs import Gpu, Sample
from trainwatch.supervise import processes
from trainwatch.supervise.control import Rank
from trainwatch.supervise.dossier import behind, gather


def rank(number: int, step: int | None, pid: int = 1) -> Rank:
    return Rank(number, 2, pid, 1, "here", frozenset(), step, "train", 0)


def test_who_is_behind() -> None:
    """The ranks with a lower step than another; nobody when all are equal or silent."""
    assert behind([rank(0, 7), rank(1, 6), rank(2, 7)]) == [1]
    assert behind([rank(0, 7), rank(1, 7), rank(2, None)]) == []
    assert behind([]) == []


def test_a_hung_rank_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Step and phase by its heartbeat, where it waits by /proc, its Python stack by py-spy, devices and the log's last lines."""
    spy = tmp_path / "py-spy"
    spy.write_text("#!/bin/sh\necho stack of $4\n", encoding="utf-8")
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    job = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"], env={"RANK": "1"}, stdout=subprocess.PIPE
    )
    try:
        assert job.stdout is not None
        job.stdout.readline()
        proc = processes.read(job.pid)
        assert proc is not None
        gpu = Gpu(0, "u", "H200", 1.0, 9, 10, power=120.0)
        told = gather([proc], [rank(1, 6, job.pid), rank(0, 7)], tail=["a"] * 30, sample=Sample(1.0, (gpu,)), why="silent", now=5.0)
    finally:
        job.kill()
        job.communicate()
    assert told["behind"] == [1]
    (one,) = told["ranks"]
    assert (one["rank"], one["pid"], one["step"], one["phase"]) == (1, job.pid, 6, "train")
    assert one["python_stack"] == f"stack of {job.pid}\n"
    assert str(job.pid) in one["threads"]
    assert told["gpus"][0]["power"] == 120.0
    assert len(told["tail"]) == 20


def test_what_is_gone_is_null() -> None:
    """A process that ends meanwhile, or that the kernel hides, costs nothing but its part."""
    gone = processes.Proc(2**22 + 1, 1, 5, "S", ("python",), {"RANK": "x"})
    (one,) = gather([gone], [], tail=(), sample=None, why="", now=0.0)["ranks"]
    assert (one["rank"], one["waits_in"], one["kernel_stack"], one["threads"]) == (None, None, None, {})
