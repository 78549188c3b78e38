"""`attach` without a terminal: what so far, then what happens, then its end."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import WAIT, Live
from tests.replay.runs import NOW, Supervisor, evaluation, record
from tests.seeds import overfit_log

from trainwatch.store.statefile import StateFile

HOUR_AGO = 3600


@pytest.fixture
def place(tmp_path: Path) -> Live:
    """A folder to work in; nothing is started here that must be ended."""
    return Live(tmp_path)


def old(path: Path) -> Path:
    """A log that was last written an hour ago."""
    at = path.stat().st_mtime - HOUR_AGO
    os.utime(path, (at, at))
    return path


def test_a_finished_log_is_summed_up(place: Live) -> None:
    """How far, how good, which phase, what holds; then the end, code 0, nothing left behind and nothing on stderr."""
    (place.cwd / "train.out").write_text(overfit_log(), encoding="utf-8")
    old(place.cwd / "train.out")
    done = place.run("attach", "train.out")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["watching train.out", "step 200 of 200, epoch 100"]
    assert lines[2].startswith("20 evaluations; last eval_loss 0.4918 @200; best 0.1376 @30")
    assert any(line.startswith("black overfit since step 40 (black at 90): ") for line in lines)
    assert "--follow waits for more" in lines[-1]
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in place.cwd.iterdir()] == ["train.out"]


def test_the_verb_may_be_left_out(place: Live) -> None:
    """`trainwatch FILE` is `attach FILE`; a packed file is read like any other."""
    with gzip.open(place.cwd / "train.out.gz", "wb") as file:
        file.write(overfit_log().encode())
    assert place.run("train.out.gz").stdout.splitlines()[1] == "step 200 of 200, epoch 100"


@pytest.mark.parametrize(("data", "said"), [(b"", "the log is empty"), (b"hello\nworld\n", "no metric found in 12 bytes")])
def test_nothing_to_judge_is_no_error(place: Live, data: bytes, said: str) -> None:
    """A sentence on stderr, and code 0."""
    (place.cwd / "a.log").write_bytes(data)
    old(place.cwd / "a.log")
    done = place.run("attach", "a.log")
    assert (done.returncode, done.stderr) == (0, f"trainwatch: a.log: {said}\n")


def test_what_happens_is_told_as_it_happens(place: Live) -> None:
    """A growing log gives a line for each evaluation; ctrl-c leaves with a word that training goes on."""
    log = place.cwd / "train.out"
    log.write_bytes(evaluation(1, 2.5))
    with log.open("ab", buffering=0) as writer:
        view = subprocess.Popen(
            place.command("attach", "train.out", "--follow"),
            cwd=place.cwd,
            env=place.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert view.stdout is not None
        assert view.stdout.readline() == "watching train.out\n"
        writer.write(record(2) + evaluation(2, 2.25))
        told = next(line for line in view.stdout if "eval_loss 2.25" in line)
        assert told[2] == told[5] == ":"
        view.send_signal(signal.SIGINT)
        _, err = view.communicate(timeout=WAIT)
    assert view.returncode == 130
    assert "training goes on" in err


def test_the_writer_that_ends_ends_the_view(place: Live) -> None:
    """Plain lines end by themselves soon after nobody writes the log any more, with its failure."""
    (place.cwd / "job.py").write_text(
        "import time\nprint({'loss': 1.0, 'epoch': 0.1}, flush=True)\ntime.sleep(2)\nraise MemoryError('no more')\n", encoding="utf-8"
    )
    with (place.cwd / "job.out").open("w") as out:
        job = subprocess.Popen([sys.executable, "job.py"], cwd=place.cwd, stdout=out, stderr=out)
    done = place.run("attach", "job.out")
    job.wait()
    assert done.returncode == 0
    assert "MemoryError" in done.stdout.splitlines()[-1]


def test_a_pipe_is_followed_to_its_end(place: Live) -> None:
    """`python train.py | trainwatch attach -`."""
    done = subprocess.run(
        place.command("attach", "-"),
        cwd=place.cwd,
        env=place.environ,
        input=overfit_log(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "black overfit" in done.stdout
    assert done.stdout.startswith("watching -\n")


def test_a_run_that_is_over_is_told_from_its_directory(place: Live) -> None:
    """By its name: who it was, what its supervisor said last, and how it ended."""
    log = place.cwd / "train.out"
    log.write_text(overfit_log(), encoding="utf-8")
    supervisor = Supervisor(log, place.environ)
    supervisor.end(NOW)
    StateFile("stopped", NOW, exit_code=143, followers={str(log): supervisor.follower.state()}).save(supervisor.dir)
    for word in (supervisor.dir.path.name, "demo", "train.out"):
        done = place.run("attach", word)
        assert done.stdout.startswith(f"run {supervisor.dir.path.name} (stopped; not supervised; may save)\nwatching {log}\n")
        assert done.stdout.splitlines()[-1].startswith("stopped: ")
        assert done.returncode == 0


def test_escape_sequences_of_a_log_stay_in_it(place: Live) -> None:
    """Neither a name nor a value from outside drives the terminal."""
    log = place.cwd / "a\x1b[31m.out"
    log.write_bytes(b"\x1b]0;title\x07" + evaluation(1, 2.5))
    old(log)
    assert "\x1b" not in place.run("attach", log.name).stdout


def test_without_a_target_there_is_a_list(place: Live) -> None:
    """Runs and logs, as the words to type; or that there is nothing."""
    assert place.run("attach").stdout == "nothing to watch here: name a log, a run, a folder, a pid or slurm:ID\n"
    log = place.cwd / "train.out"
    log.touch()
    supervisor = Supervisor(log, place.environ)
    assert place.run("attach").stdout == f"trainwatch attach {supervisor.dir.path.name}\ntrainwatch attach train.out\n"


def test_errors_have_their_codes(place: Live) -> None:
    """Words 2, not found 3, not readable 4; one line, no traceback."""
    (place.cwd / "train.out").touch()
    supervisor = Supervisor(place.cwd / "train.out", place.environ)
    supervisor.dir.path.chmod(0o775)
    cases = {
        ("attach", "none.out"): 3,
        ("attach", str(supervisor.dir.path)): 4,
        ("attach", "-", "train.out"): 2,
        ("attach", "train.out", "--rules", "none"): 3,
        ("attach", "train.out", "--may", "everything"): 2,
        ("attach", "train.out", "--fact", "x"): 2,
        ("attach", "slurm:x"): 3,
    }
    for words, code in cases.items():
        done = place.run(*words)
        assert (done.returncode, done.stderr.count("\n"), "Traceback" in done.stderr) == (code, 1, False), done.stderr
        assert done.stderr.startswith("trainwatch: ")


def test_trust_needs_a_log(place: Live) -> None:
    """A pipe does not tell whose it is; a run keeps the trust it was started with."""
    done = subprocess.run(
        place.command("attach", "-", "--may", "save"),
        cwd=place.cwd,
        env=place.environ,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "trainwatch: --may needs a log file: a pipe does not tell whose it is\n")
    (place.cwd / "train.out").touch()
    supervisor = Supervisor(place.cwd / "train.out", place.environ)
    done = place.run("attach", supervisor.dir.path.name, "--may", "stop=overfit")
    assert done.returncode == 2
    assert "is a run with --may save; that cannot be changed" in done.stderr
