import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.live import wait_for

from trainwatch.supervise import tree
from trainwatch.supervise.processes import Proc

SHIPPED = tomllib.loads(tree.DATA.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "argv"), [(e["name"], argv) for e in SHIPPED["launcher"] for argv in e["samples"]])
def test_launchers_are_known_by_their_command_lines(name: str, argv: list[str]) -> None:
    """Every sample of the data file is recognised as its launcher."""
    assert tree.launcher_of(argv) == name
    assert not tree.is_never(argv)


@pytest.mark.parametrize("argv", SHIPPED["never"]["samples"])
def test_shells_and_their_like_are_never_touched(argv: list[str]) -> None:
    """Every sample of what is not ours to end is recognised."""
    assert tree.is_never(argv)


def test_a_word_among_the_arguments_protects_nobody() -> None:
    """A training script that is told a project of our name is still a training script."""
    assert not tree.is_never(["python", "train.py", "--project", "trainwatch"])


def proc(pid: int, parent: int, command: str, **environ: str) -> Proc:
    return Proc(pid, parent, 1, "S", tuple(command.split()), environ)


def pids(job: list[Proc], hooked: set[int] = frozenset()) -> list[int]:
    return [p.pid for p in tree.recognised(job, hooked=hooked)]


def test_ranks_and_launcher_end_and_their_helpers_with_them() -> None:
    """Torchrun with two ranks: both ranks first, then the agent; data loader workers are children of a rank and left to it."""
    job = [
        proc(10, 1, "bash run.sh"),
        proc(11, 10, "python torchrun train.py"),
        proc(12, 11, "python -u train.py", RANK="0"),
        proc(13, 11, "python -u train.py", RANK="1"),
        proc(14, 12, "python -u train.py", RANK="0"),
        proc(15, 10, "tee train.out"),
    ]
    assert pids(job) == [12, 13, 11]


def test_an_orphaned_rank_is_found() -> None:
    """The launcher is dead and its ranks train on: the decisive trap of deepspeed."""
    job = [proc(12, 1, "python -u train.py", RANK="0"), proc(13, 1, "python -u train.py", RANK="1")]
    assert pids(job) == [12, 13]


def test_a_single_trainer_under_a_shell_is_the_topmost_program() -> None:
    """No RANK and no launcher: what the shell started is told to end, not its workers and not the shell."""
    job = [proc(10, 1, "sh run.sh"), proc(11, 10, "python train.py"), proc(12, 11, "python train.py")]
    assert pids(job) == [11]
    assert pids(job, hooked={12}) == [12, 11]


def test_ranks_under_a_shell_of_the_same_rank_are_ranks() -> None:
    """Srun starts `bash -c 'python train.py'` with RANK in the shell's environment too."""
    assert pids([proc(10, 1, "bash -c x", RANK="0"), proc(11, 10, "python train.py", RANK="0")]) == [11]


def test_members_are_found_below_the_root_and_by_the_environment(tmp_path: Path) -> None:
    """A child in another session belongs by descent, an orphan by TRAINWATCH_RUN_DIR; another run's process does not."""
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    marked = {**os.environ, "TRAINWATCH_RUN_DIR": str(tmp_path)}
    below = subprocess.Popen(sleep, start_new_session=True)
    orphan = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(60)' & echo $!"], env=marked, stdout=subprocess.PIPE
    )
    assert orphan.stdout is not None
    pid = int(orphan.stdout.readline())
    other = subprocess.Popen(sleep, env={**os.environ, "TRAINWATCH_RUN_DIR": "/another"})
    orphan.wait()
    orphan.stdout.close()
    try:
        wait_for(lambda: pid in {p.pid for p in tree.members(tmp_path, {below.pid}, without=())}, "the orphan")
        found = {p.pid for p in tree.members(tmp_path, {below.pid}, without=())}
        assert found == {below.pid, pid}
        assert {p.pid for p in tree.members(tmp_path, {os.getpid()}, without={os.getpid(), other.pid})} >= {below.pid, pid}
        assert other.pid not in {p.pid for p in tree.members(tmp_path, {os.getpid()}, without={os.getpid(), other.pid})}
    finally:
        os.kill(pid, 9)
        for process in (below, other):
            process.kill()
            process.wait()


def test_ranks_that_are_not_here_are_counted() -> None:
    """By the environment of those that are; a job without ranks lacks none."""
    two = [proc(10, 1, "python train.py", RANK="0", WORLD_SIZE="4"), proc(11, 1, "python train.py", RANK="1", WORLD_SIZE="4")]
    assert tree.missing(two) == (2, 4)
    assert tree.missing([*two, proc(12, 10, "python train.py", RANK="0", WORLD_SIZE="4")]) == (2, 4)
    assert tree.missing([proc(10, 1, "python train.py", RANK="x", WORLD_SIZE="4")]) == (0, 0)
    assert tree.missing([]) == (0, 0)
