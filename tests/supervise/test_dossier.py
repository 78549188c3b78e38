import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trainwatch.model.inputs import Gpu, Sample
from trainwatch.model.part import Part
from trainwatch.supervise import processes, recorder
from trainwatch.supervise.control import Rank
from trainwatch.supervise.dossier import behind, gather, last_lines


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


def recorded(folder: Path, rank: int, *newest: int) -> Path:
    """A file of NCCL's flight recorder in the shape that torch 2 writes; recorded by hand, since no GPU is needed for that."""
    entries = [
        {
            "record_id": number,
            "pg_id": 0,
            "process_group": ("0", "default_pg"),
            "collective_seq_id": number,
            "p2p_seq_id": 0,
            "profiling_name": "nccl:all_reduce",
            "input_sizes": [[1024]],
            "output_sizes": [[1024]],
            "state": "completed" if number < newest[-1] else "started",
            "frames": [{"name": "forward", "filename": "train.py", "line": 7}],
        }
        for number in newest
    ]
    path = folder / f"trace_{rank}"
    path.write_bytes(pickle.dumps({"version": "2.4", "pg_config": {}, "pg_status": {}, "entries": entries}))
    return path


def test_the_flight_recorder_says_who_is_waited_for(tmp_path: Path) -> None:
    """Without a hook: the rank whose newest collective has the lowest number. A torn file says so, and a pickle is never run."""
    ranks = [processes.Proc(9, 1, 1, "S", ("python",), {"RANK": "0", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE": str(tmp_path / "trace_")})]
    recorded(tmp_path, 0, 40, 41, 42)
    recorded(tmp_path, 1, 40, 41)
    (tmp_path / "trace_2").write_bytes(recorded(tmp_path, 2, 40).read_bytes()[:50])
    (tmp_path / "trace_3").write_bytes(pickle.dumps(os.system)[:-1] + b"(S'touch owned'\ntR.")
    told = [entry for entry in recorder.read(recorder.files(ranks)) if entry["path"].startswith(str(tmp_path))]
    assert [entry.get("sequence") for entry in told] == [42, 41, None, None]
    assert (told[0]["profiling_name"], told[0]["state"]) == ("nccl:all_reduce", "started")
    assert "not whole" in told[2]["why"]
    assert told[3]["why"]
    assert recorder.behind(told) == [1]
    assert not (tmp_path / "owned").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_a_recording_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    """Anybody may put a file beside those of the job: it would name the wrong rank. Letters of a pattern in the prefix are letters."""
    ranks = [processes.Proc(0, 1, 1, "S", ("python",), {"RANK": "0", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE": str(tmp_path / "[t]race_")})]
    planted, own = tmp_path / "[t]race_1", tmp_path / "[t]race_0"
    for path in (planted, own, tmp_path / "trace_0"):
        path.write_bytes(b"")
    os.chown(planted, 65534, 65534)
    assert [path for path in recorder.files(ranks) if path.parent == tmp_path] == [own]


def test_the_last_line_of_each_rank(tmp_path: Path) -> None:
    """From a log of its own, else from the marks of torchrun in the common log."""
    own = tmp_path / "rank1.log"
    own.write_bytes(b"a\nloading shard 7\n\n")
    parts = [Part(str(own), 1, 1), Part(str(tmp_path / "gone"), 1, 2)]
    assert last_lines(["[rank0]: step 9", "[default1]:old", "[rank0]: step 10", "plain"], parts) == {0: "step 10", 1: "loading shard 7"}
    assert last_lines([f"[rank{'9' * 5000}]: a number that no rank has"], ()) == {}


def test_each_rank_has_its_devices() -> None:
    """Those on which the driver sees its process; else by CUDA_VISIBLE_DEVICES and its local rank."""
    a, b = (Gpu(index, f"GPU-{index}", "H200", 1.0, 9, 10, power=120.0, processes=((50 + index, 1),)) for index in (0, 1))
    here = processes.Proc(51, 1, 1, "S", ("python",), {"RANK": "0", "LOCAL_RANK": "0"})
    hidden = processes.Proc(7, 1, 1, "S", ("python",), {"RANK": "1", "LOCAL_RANK": "1", "CUDA_VISIBLE_DEVICES": "1,0"})
    told = gather([here, hidden], [], tail=(), sample=Sample(1.0, (a, b)), why="", now=1.0)
    assert [one["gpus"] for one in told["ranks"]] == [[1], [0]]


def test_what_is_gone_is_null() -> None:
    """A process that ends meanwhile, or that the kernel hides, costs nothing but its part."""
    gone = processes.Proc(2**22 + 1, 1, 5, "S", ("python",), {"RANK": "x"})
    (one,) = gather([gone], [], tail=(), sample=None, why="", now=0.0)["ranks"]
    assert (one["rank"], one["waits_in"], one["kernel_stack"], one["threads"]) == (None, None, None, {})
