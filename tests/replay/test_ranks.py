"""What torchrun and DeepSpeed leave where each rank prints to files of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from trainwatch.replay.target import resolve
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load

SCRIPT = """
import os, sys
rank, again = int(os.environ["RANK"]), os.environ["TORCHELASTIC_RESTART_COUNT"]
for i in range(1, 21):
    if rank == 0:
        print(f"step {i + 20 * int(again)} loss {3 / i:.4f}")
    print("rank", rank, "at", i, file=sys.stderr)
if rank == 1 and again == "0":
    raise ValueError("a shard that rank 1 alone has")
"""


@pytest.mark.real
def test_torchrun_with_a_file_for_every_rank(tmp_path: Path):
    """A folder of two attempts on two ranks: the records of one rank, the first attempt's death, the last line of each."""
    (tmp_path / "t.py").write_text(SCRIPT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--nproc_per_node=2", "--max-restarts=1", f"--master-port={port}", "--redirects=3", f"--log-dir={tmp_path}/logs", "t.py"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", *words]
    subprocess.run(torchrun, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    target = resolve([str(tmp_path / "logs")], {})
    assert target.found.endswith("(2 ranks, 2 attempts of one run)")
    shown = fold_target(target, preset=load("default")).snapshot()
    assert shown.run.name == "logs"
    assert [(a.records, a.step_start, a.step_end, a.failure) for a in shown.attempts] == [(20, 1, 20, "python_exception"), (20, 21, 40, "")]
    assert shown.failure is None
    assert {(one.rank, one.last_line) for one in shown.heard if one.attempt == 2 and one.last_line} == {
        (0, "step 40 loss 0.1500"),
        (0, "rank 0 at 20"),
        (1, "rank 1 at 20"),
    }


def test_deepspeed_with_a_file_for_every_rank(tmp_path: Path):
    """`--enable_each_rank_log` names files by the start and the rank; a rank that died is the cause, whatever the others say of it."""
    for start in ("20260101100000", "20260101120000"):
        for rank in (0, 1):
            lines = "".join(f"step {step} loss {3 / step:.3f}\n" for step in range(1, 9))
            died = "Traceback (most recent call last):\n  File 't.py', line 1, in f\nValueError: bad shard\n" if rank else "waiting\n"
            (tmp_path / f"{start}_rank{rank}.log").write_text(lines + died)
    shown = fold_target(resolve([str(tmp_path)], {}), preset=load("default")).snapshot()
    assert [(a.number, a.records) for a in shown.attempts] == [(1, 8), (2, 8)]
    assert shown.failure is not None
    assert (shown.failure.kind, shown.failure.rank, Path(shown.failure.source).name) == ("python_exception", 1, "20260101120000_rank1.log")
