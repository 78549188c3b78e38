"""Jobs of another user, for root and for everybody else: real processes under a second user id."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests import people
from tests.live import TRAINER, WAIT, Live, Run, living, wait_for

from trainwatch.store.lock import start_ticks
from trainwatch.supervise import processes

pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(people.CANNOT), reason=people.CANNOT)]

TRAIN = ("--flat", "--pause", "0.05", "--no-hook", "--save-every", "50")


@pytest.fixture
def live() -> Iterator[Live]:
    """A folder that both users may enter."""
    with people.common_ground() as folder, living(folder) as made:
        yield made


@contextmanager
def job(live: Live, *prefix: str, python: str) -> Iterator[subprocess.Popen[bytes]]:
    """A trainer in a folder of its own user, its output in theirs.out."""
    place = live.cwd / "theirs"
    place.mkdir()
    if prefix:
        os.chown(place, people.NOBODY, people.NOBODY)
    with (place / "train.out").open("wb") as out:
        process = subprocess.Popen([*prefix, python, str(TRAINER), *TRAIN], cwd=place, stdout=out, stdin=subprocess.DEVNULL)
    try:
        wait_for(lambda: (place / "train.out").stat().st_size > 500, "output")
        yield process
    finally:
        process.kill()
        process.wait()


def as_nobody(live: Live, *words: str, groups: str = "--clear-groups") -> subprocess.CompletedProcess[str]:
    """A command of ours, run by the second user."""
    line = people.command(people.PYTHON, "-P", "-m", "trainwatch", *words, groups=groups)
    home = live.cwd / "home"
    home.mkdir(exist_ok=True)
    os.chown(home, people.NOBODY, people.NOBODY)
    env = people.environ({**live.environ, "XDG_STATE_HOME": str(home)})
    return subprocess.run(line, env=env, cwd=live.cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def test_root_does_not_act_on_the_job_of_another_user(live: Live) -> None:
    """Neither stop nor attach --may: refused in words, no run directory, no signal. Watching goes on."""
    with job(live, *people.command(), python=people.PYTHON) as process:
        log = str(live.cwd / "theirs/train.out")
        for words in (("stop", log, "--confirm", "train"), ("save", log), ("attach", "--may", "save", "--plain", log)):
            done = live.run(*words)
            assert done.returncode == 2, done.stdout + done.stderr
            assert f"belongs to user {people.NOBODY}" in done.stderr
            assert "--any-user" in done.stderr
        assert not list(live.cwd.glob("**/journal.jsonl"))
        assert process.poll() is None
        status = live.run("status", log)
        assert status.returncode == 0
        assert "step" in status.stdout


def test_root_acts_on_it_when_asked(live: Live) -> None:
    """--any-user: its next regular save is proven, then it is stopped."""
    with job(live, *people.command(), python=people.PYTHON) as process:
        log = live.cwd / "theirs/train.out"
        done = live.run("stop", str(log), "--confirm", "train", "--any-user")
        assert done.returncode == 83, done.stdout + done.stderr
        assert process.wait(timeout=WAIT) == -15


def test_the_job_of_another_user_is_only_watched(live: Live) -> None:
    """Without root its processes cannot be looked into: the log is read, and a stop is refused."""
    with job(live, python=sys.executable) as process:
        log = live.cwd / "theirs/train.out"
        log.chmod(0o644)
        watched = as_nobody(live, "status", str(log))
        assert watched.returncode == 0, watched.stderr
        assert "step" in watched.stdout
        refused = as_nobody(live, "stop", str(log), "--confirm", "train")
        assert refused.returncode == 3
        assert "no process of yours" in refused.stderr
        assert process.poll() is None


def test_a_process_that_may_not_be_signalled_is_found_out_with_signal_0(live: Live) -> None:
    """The kernel opens a handle on another user's process and refuses the signal: that is known before anything is promised."""
    with job(live, python=sys.executable) as process:
        code = (
            "import sys; from trainwatch.supervise import processes as p\n"
            "proc = p.read(int(sys.argv[1])); print(len(p.untouchable([proc])), len(p.of_others([proc])), len(p.signal_all([proc], 15)))"
        )
        line = people.command(people.PYTHON, "-c", code, str(process.pid))
        done = subprocess.run(line, env=people.environ(live.environ), capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.split() == ["1", "1", "0"]
        assert process.poll() is None
        mine = processes.read(process.pid)
        assert mine is not None
        assert processes.untouchable([mine]) == []
        assert processes.untouchable([replace(mine, pid=2**22 + 1)]) == []


def test_a_run_directory_of_another_user_is_refused(live: Live) -> None:
    """By everybody: nothing in it is believed, and nothing is written into it."""
    run = live.launch("", "--flat --pause 0.02")
    run.supervisor()
    refused = as_nobody(live, "status", str(run.dir.path))
    assert refused.returncode in (3, 4), refused.stdout
    os.chown(run.dir.path, people.NOBODY, people.NOBODY)
    try:
        theirs = live.run("stop", str(run.dir.path), "--confirm", run.id)
        assert theirs.returncode == 4, theirs.stdout + theirs.stderr
        assert f"belongs to user {people.NOBODY}" in theirs.stderr
    finally:
        os.chown(run.dir.path, 0, 0)
    assert start_ticks(run.launcher())


COLLEAGUE = f"--groups={os.getegid()}"


def test_a_shared_run_is_watched_by_the_group(live: Live) -> None:
    """--share: who is in the group reads state, log and report by log or directory, asks nothing, and finds no way into the rest."""
    run = live.launch("--share --may save", "--flat --pause 0.01 --until end")
    run.supervisor()
    wait_for(lambda: run.state().get("brief", {}).get("step"), "training")
    for target in (str(run.dir.path), str(run.log())):
        told = as_nobody(live, "status", target, groups=COLLEAGUE)
        assert told.returncode == 0, told.stderr
        assert run.id in told.stdout
    for words in (("stop", str(run.dir.path), "--confirm", run.id), ("save", str(run.dir.path)), ("cancel", str(run.dir.path))):
        refused = as_nobody(live, *words, groups=COLLEAGUE)
        assert refused.returncode == 4, refused.stdout + refused.stderr
        assert "belongs to user" in refused.stderr
    assert as_nobody(live, "status", str(run.dir.path)).returncode == 4, "somebody who is not in the group"
    run.let("end")
    assert run.wait() == 0
    wait_for(run.dir.report.exists, "the report")
    watched = as_nobody(live, "attach", "--plain", str(run.dir.path), groups=COLLEAGUE)
    assert watched.returncode == 0, watched.stderr
    assert f"step {run.state()['brief']['step']}" in watched.stdout.replace(",", "")
    seen = people.command(
        "sh", "-c", f"cd {run.dir.path} && cat report.md stop.json exit.json; ls control requests hook views outbox", groups=COLLEAGUE
    )
    told_by_files = subprocess.run(seen, capture_output=True, text=True, check=False)
    assert "#" in told_by_files.stdout
    assert told_by_files.stderr.count("Permission denied") == 5, told_by_files.stderr


def test_what_a_run_leaves_on_disk_is_for_its_user_alone(live: Live) -> None:
    """Folders 0700 and files 0600, whoever wrote them: launch, shim, supervisor, hook and report."""
    run = live.launch("--may save", "--flat --pause 0.01 --steps 150")
    assert run.wait() == 0
    wait_for(run.dir.report.exists, "the report")
    modes = {path.relative_to(run.dir.path): path.lstat().st_mode & 0o777 for path in run.dir.path.rglob("*")}
    by_others = {path for path in modes if path.parts[0] == "hook" or path.name.startswith(("rank", "ack", "saves", "best"))}
    assert {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077 and path not in by_others} == {}
    assert run.dir.path.stat().st_mode & 0o777 == 0o700
    assert Run(live, run.dir).dir.path.parent.stat().st_mode & 0o077 == 0
