import os
import shutil
import subprocess
import sys

import pytest

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.sources import target
from trainwatch.sources.target import logs, my_jobs


def slurm(tmp_path, monkeypatch, name, script):
    """A Slurm command that answers like the real one."""
    tool = tmp_path / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_a_file_is_itself(tmp_path):
    """As it was written."""
    (tmp_path / "a.out").touch()
    assert logs(str(tmp_path / "a.out")) == (tmp_path / "a.out",)


def test_a_folder_is_every_log_in_it(tmp_path):
    """What prints the same records again is left out, and so is what is no text."""
    for name in ("b.err", "a.out", "trainer_log.jsonl", "trainer_state.json", ".hidden.log", "notes.md", "requirements.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "core.log").write_bytes(bytes(range(256)) * 9)
    assert logs(str(tmp_path)) == (tmp_path / "a.out", tmp_path / "b.err")
    (tmp_path / "a.out").unlink()
    (tmp_path / "b.err").unlink()
    assert logs(str(tmp_path)) == (tmp_path / "trainer_log.jsonl",)
    (tmp_path / "trainer_log.jsonl").unlink()
    assert logs(str(tmp_path)) == (tmp_path / "trainer_state.json",)
    (tmp_path / "trainer_state.json").unlink()
    for step in (9, 10):
        state = tmp_path / f"checkpoint-{step}/trainer_state.json"
        state.parent.mkdir()
        state.write_text("{}")
        os.utime(state, (step, step))
    assert logs(str(tmp_path)) == (state,)
    shutil.rmtree(tmp_path / "checkpoint-9")
    shutil.rmtree(tmp_path / "checkpoint-10")
    with pytest.raises(NotFoundError, match="holds neither a run nor a log"):
        logs(str(tmp_path))


def test_a_folder_of_ranks_is_all_their_logs(tmp_path):
    """What `torchrun --redirects 3 --log-dir` leaves, named by the folder itself, a job's or an attempt's."""
    job = tmp_path / "logs_dir" / "none_x1"
    ranks = [job / "attempt_0" / str(rank) / f"{stream}.log" for rank in (0, 1) for stream in ("stderr", "stdout")]
    for log in ranks:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
    for folder in (tmp_path / "logs_dir", job, job / "attempt_0"):
        assert logs(str(folder)) == tuple(ranks)
    assert logs(str(ranks[0].parent)) == tuple(ranks[:2])


@pytest.mark.parametrize("ranks", [("logs/none_x1/attempt_0/{}/stdout.log"), ("ranks/20260101_rank{}.log")])
def test_a_launcher_and_its_ranks_are_one_run(tmp_path, ranks):
    """The folder that holds the launcher's output, and below it its ranks' files; beside logs of other jobs they are not taken for theirs."""
    launcher = [tmp_path / "train.err", tmp_path / "train.out"]
    printed = [tmp_path / ranks.format(rank) for rank in (0, 1)]
    for log in (*launcher, *printed):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
    assert logs(str(tmp_path)) == (*launcher, *printed)
    other = tmp_path / "other.out"
    other.touch()
    assert logs(str(tmp_path)) == (other, *launcher)


def test_a_process_is_the_files_it_prints_to(tmp_path):
    """Its stdout and stderr, as far as they are files."""
    with (tmp_path / "o").open("w") as out, (tmp_path / "e").open("w") as err:
        both = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=out, stderr=err)
        none = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert logs(str(both.pid)) == (tmp_path / "o", tmp_path / "e")
        with pytest.raises(NotFoundError, match=f"{none.pid}: prints to no file"):
            logs(str(none.pid))
        (tmp_path / "o").unlink()
        assert logs(str(both.pid)) == (tmp_path / "e",)
    finally:
        both.communicate(b"\n")
        none.communicate(b"\n")
    with pytest.raises(NotFoundError, match="no such process"):
        logs(str(both.pid))


def test_another_users_process_is_not_readable(monkeypatch):
    """We say what to do instead."""

    def refuse(_):
        raise PermissionError

    monkeypatch.setattr("trainwatch.sources.process.os.listdir", refuse)
    with pytest.raises(NotReadableError, match="belongs to another user; name its log"):
        logs(str(os.getpid()))


def running(script, *words, **how):
    """A process that has run a script and waits for a line."""
    job = subprocess.Popen(
        [sys.executable, "-c", f"{script}\nprint('ready', file=sys.stderr, flush=True)\ninput()", *words],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,
    )
    assert job.stderr.readline() == b"ready\n"
    return job


def end(*jobs):
    """Let them go."""
    for job in jobs:
        job.communicate(b"\n" if job.stdin is not None else None)


def test_a_process_whose_output_goes_nowhere(tmp_path):
    """The file of `tee`, a log that it has open, what lies in the folder that its command line names: the first that there is."""
    script = "import sys, os\nkept = [open(name, 'a') for name in sys.argv[2:]]"
    job = running(script, "x", stdout=subprocess.DEVNULL)
    with pytest.raises(NotFoundError, match="writes no log that could be found"):
        logs(str(job.pid))
    end(job)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "train.log").write_text("step 1 loss 2.0\n")
    job = running(script, "--output_dir=out", cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert logs(str(job.pid)) == (tmp_path / "out" / "train.log",)
    end(job)
    job = running(script, "x", "own.log", "events.bin", cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert logs(str(job.pid)) == (tmp_path / "own.log",)
    end(job)
    job = running(script, "x", "own.log", cwd=tmp_path, stdout=subprocess.PIPE)
    tee = subprocess.Popen(["tee", "tee.out"], stdin=job.stdout, stdout=subprocess.DEVNULL, cwd=tmp_path)
    job.stdout.close()
    while not (tmp_path / "tee.out").exists():
        pass
    assert logs(str(job.pid)) == (tmp_path / "tee.out",)
    job.stdin.write(b"\n")
    job.stdin.close()
    job.stderr.close()
    assert (job.wait(), tee.wait()) == (0, 0)


def test_a_launcher_is_what_its_ranks_print_to(tmp_path):
    """Its own output goes nowhere; each rank has a file."""
    script = (
        "import sys, subprocess\n"
        "ranks = [subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE, stdout=open(f'rank{r}.log', 'w')) for r in (0, 1)]"
    )
    job = running(script, cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert logs(str(job.pid)) == (tmp_path / "rank0.log", tmp_path / "rank1.log")
    end(job)


def test_a_slurm_job_is_what_it_prints_to(tmp_path, monkeypatch):
    """StdOut and StdErr of `scontrol show job`, once each, with blanks in the path."""
    folder = tmp_path / "my runs"
    folder.mkdir()
    out = folder / "slurm-7.out"
    slurm(tmp_path, monkeypatch, "scontrol", f'echo "JobId=7 JobName=x StdErr={out} StdIn=/dev/null StdOut={out} Power="')
    with pytest.raises(NotFoundError, match=r"slurm:7: has printed nothing yet; its output will be .*slurm-7\.out"):
        logs("slurm:7")
    out.touch()
    assert logs("slurm:7") == (out,)


def test_slurm_that_does_not_help(tmp_path, monkeypatch):
    """No id, no such job, no answer, no Slurm at all: each has its words."""
    with pytest.raises(NotFoundError, match="is no job id"):
        logs("slurm:; rm")
    slurm(tmp_path, monkeypatch, "scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    with pytest.raises(NotFoundError, match="Invalid job id specified"):
        logs("slurm:7")
    slurm(tmp_path, monkeypatch, "scontrol", "echo 'JobId=8 ArrayJobId=7 ArrayTaskId=2'; echo 'JobId=7 ArrayJobId=7 ArrayTaskId=1'")
    with pytest.raises(NotFoundError, match="an array of several jobs; name one of them, such as slurm:7_1"):
        logs("slurm:7")
    slurm(tmp_path, monkeypatch, "scontrol", "exec sleep 9")
    monkeypatch.setattr(target, "SECONDS", 0.2)
    with pytest.raises(NotFoundError, match="did not answer"):
        logs("slurm:7")
    monkeypatch.setattr(target.shutil, "which", lambda _: None)
    with pytest.raises(NotFoundError, match="no Slurm here"):
        logs("slurm:7")
    assert my_jobs() == []


def test_my_jobs(tmp_path, monkeypatch):
    """Id, name, state; a name may hold the separator."""
    slurm(tmp_path, monkeypatch, "squeue", "echo '7|RUNNING|train|v4'; echo 'warning'")
    assert my_jobs() == [("7", "train|v4", "RUNNING")]
