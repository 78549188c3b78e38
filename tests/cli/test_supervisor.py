"""`attach --may`: a real supervisor for a job that somebody else started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.live import Live, wait_for

from trainwatch.store import openrun, statefile
from trainwatch.store.rundir import RunDir

JOB = """
import time
from pathlib import Path
until = time.monotonic() + 60
for step in range(1, 31):
    while step == 30 and not list(Path(".trainwatch").glob("*/state.json")) and time.monotonic() < until:
        time.sleep(0.1)
    print({"loss": 1 / step, "epoch": step / 10}, flush=True)
    if step % 10 == 0:
        print({"eval_loss": 1 / step, "epoch": step / 10}, flush=True)
    time.sleep(0.1)
"""

RANKS = """
import time
from pathlib import Path
first = open("logs/t_rank0.log", "w", buffering=1)
first.write("building the model\\n")
until = time.monotonic() + 60
told = lambda: " ".join(path.read_text() for path in Path("logs/.trainwatch").glob("*/state.json"))
while "t_rank0.log" not in told() and time.monotonic() < until:
    time.sleep(0.1)
with open("logs/t_rank1.log", "w", buffering=1) as late:
    for step in range(1, 21):
        late.write(str({"loss": 1 / step, "epoch": step / 10}) + "\\n")
    while "t_rank1.log" not in told() and time.monotonic() < until:
        time.sleep(0.1)
"""


def test_a_log_that_nobody_writes_gets_no_supervisor(live: Live) -> None:
    """A finished log is refused with what can be done instead, and no run is made."""
    (live.cwd / "finished.out").write_text("{'loss': 1.0, 'epoch': 0.1}\n", encoding="utf-8")
    done = live.run("attach", "finished.out", "--may", "save")
    assert done.returncode == 3
    assert "no job to supervise; it can be read without --may" in done.stderr
    assert not live.runs()


def test_a_supervisor_for_somebody_elses_job(live: Live) -> None:
    """It is there in the first line, the job is told nothing, and when the job ends the view, the run and the supervisor end."""
    (live.cwd / "job.py").write_text(JOB, encoding="utf-8")
    log = live.cwd / "job.out"
    with log.open("w") as out:
        job = subprocess.Popen([sys.executable, "job.py"], cwd=live.cwd, stdout=out)
    done = live.run("attach", "job.out", "--may", "stop=overfit", timeout=90)
    assert job.wait() == 0
    (run_dir,) = [RunDir(path) for path in (live.cwd / ".trainwatch").iterdir() if path.is_dir()]
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"run {run_dir.path.name} (")
    assert "; supervised; may stop=overfit)" in lines[0]
    assert "allowed: stop=overfit" in done.stderr
    assert any("eval_loss 0.03333" in line for line in lines)
    assert done.returncode == 0
    assert openrun.ended(run_dir)
    state = statefile.load(run_dir)
    assert state is not None
    assert state.followers[str(log)]["offset"] == log.stat().st_size
    again = live.run("attach", "job.out")
    assert Path(again.stdout.splitlines()[1].removeprefix("watching ")) == log


def test_a_rank_that_comes_to_a_supervised_folder(live: Live) -> None:
    """The supervisor of a folder takes in the log of a rank that starts later, and whoever asks is told of it."""
    (live.cwd / "logs").mkdir()
    (live.cwd / "job.py").write_text(RANKS, encoding="utf-8")
    with subprocess.Popen([sys.executable, "job.py"], cwd=live.cwd) as job:
        wait_for(lambda: (live.cwd / "logs/t_rank0.log").is_file() and (live.cwd / "logs/t_rank0.log").stat().st_size, "the first rank")
        assert live.run("attach", "logs", "--may", "save", timeout=120).returncode == 0
    assert job.returncode == 0
    (run_dir,) = [RunDir(path.parent) for path in (live.cwd / "logs/.trainwatch").glob("*/run.json")]
    wait_for(lambda: openrun.ended(run_dir), "the end of the run")
    told = json.loads(live.run("report", str(run_dir.path), "-f", "json").stdout)
    assert [Path(source).name for source in told["run"]["sources"]] == ["t_rank0.log", "t_rank1.log"]
    assert told["run"]["step"] is not None or told["run"]["epoch"] == 2.0
