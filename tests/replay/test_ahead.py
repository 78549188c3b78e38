"""Commands that read with a real second process. Each is a process of its own: that of the tests has threads."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NANOGPT = b"".join(b"iter %d: loss %d.5, time 2.0ms, mfu 3.0%%\n" % (i, i % 7) for i in range(60_000))
MEGATRON = b"".join(
    b" iteration %8d/ 5000000 | consumed samples: %12d | lm loss: %d.5E+00 | grad norm: 0.5 |\n" % (i, i, i % 7) for i in range(1, 30_000)
)
BARS = b"".join(
    b"\r  0%%|x| %d/99999 [%02d:%02d<01:35,  3.14it/s]\r  \r{'loss': %d.5, 'epoch': %.3f}\n" % (i, i // 60, i % 60, i % 7, i / 9999)
    + b"{'eval_loss': 0.5, 'epoch': %.3f}\n" % (i / 9999) * (i % 400 == 0)
    for i in range(1, 40_000)
)
LOGS = {"nanogpt": NANOGPT, "bars": BARS, "another shape half-way": MEGATRON + NANOGPT * 2}

START = """
import json, os, signal, sys
from pathlib import Path
from trainwatch.cli.main import main
from trainwatch.formats.ahead import Ahead, Cells
from trainwatch.replay import ahead

how, verb, log = sys.argv[1:]
os.sched_setscheduler = lambda *_: None  # on a busy machine it would have to wait
ahead.LEAST = 1 << 20
helpers, taken, done = [], [], []

class Waited(ahead.Forerunner):
    "The first process goes on when the second one has come to its end."
    def __init__(self, *words):
        super().__init__(*words)
        helpers.append(self._pid)
        os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)

def run(self, *words, run=Ahead.run):
    found = run(self, *words)
    taken.append(found is not None)
    return found

def packed(self, cell, read, packed=Cells.packed):
    done.append(cell)
    if how == "killed" and len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return packed(self, cell, read)

Ahead.run, Cells.packed = run, packed
if how == "alone":
    ahead.is_possible = lambda: False
elif how != "racing":
    ahead.Forerunner = Waited
code = main([verb, log, "-f", "json"] if verb == "report" else [verb, log])
try:
    left = os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    left = None
print(json.dumps({"code": code, "helpers": len(helpers), "taken": sum(taken), "left": left}), file=sys.stderr)
"""


def read(how: str, verb: str, log: Path) -> tuple[str, dict[str, object]]:
    """What a command prints, and what became of the second process."""
    command = [sys.executable, "-W", "error", "-c", START, how, verb, str(log)]
    environ = {**os.environ, "XDG_CACHE_HOME": str(log.parent / how)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ)
    *_, last = done.stderr.splitlines()
    return done.stdout, json.loads(last)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor only, so no second process is started")
@pytest.mark.parametrize("verb", ["export", "report"])
@pytest.mark.parametrize("name", LOGS)
def test_two_processes_tell_what_one_tells(tmp_path: Path, name: str, verb: str) -> None:
    """A second process that is done, that races, that is killed on its way: the same output to the last byte, and no process left."""
    log = tmp_path / "train.out"
    log.write_bytes(LOGS[name])
    alone, nothing = read("alone", verb, log)
    assert nothing == {"code": 0, "helpers": 0, "taken": 0, "left": None}
    for how in ("waited", "racing", "killed"):
        told, helped = read(how, verb, log)
        assert told == alone
        assert (helped["code"], helped["left"]) == (0, None)
        if how == "waited":
            assert helped["helpers"] == 1 + (name == "another shape half-way")
        if how != "racing":
            assert helped["taken"] >= 2  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["short", "packed", "ranks"])
def test_a_log_is_read_by_one_process_where_two_would_be_no_use(tmp_path: Path, kind: str) -> None:
    """A log that is read before a process has started, one that must be unpacked from its beginning, ranks that must be told apart."""
    log = tmp_path / "train.out"
    content = {"short": NANOGPT[: 1 << 20], "packed": gzip.compress(NANOGPT), "ranks": b"world_size=4\n" + MEGATRON}
    log.write_bytes(content[kind])
    assert read("waited", "export", log)[1] == {"code": 0, "helpers": 0, "taken": 0, "left": None}
