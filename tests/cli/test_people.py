import json
import os
import signal
from pathlib import Path

import pytest
from tests.live import WAIT, Live, wait_for
from tests.replay.runs import NOW, Supervisor, evaluation, record

from trainwatch.cli import stop
from trainwatch.cli.main import main
from trainwatch.model.errors import UsageError
from trainwatch.store import requests
from trainwatch.store.lock import start_ticks
from trainwatch.supervise.clock import SystemClock

STEADY = "--flat --pause 0.02"


def test_ls_and_status_say_where_runs_stand(live: Live) -> None:
    """A run that goes on, then ended: state, step and code, as text and as JSON."""
    run = live.launch("--fact total_steps=60 -n probe", "--steps 60")
    run.wait()
    listed = live.run("ls")
    assert listed.stdout.split()[:2] == [run.id, "done"]
    status = live.run("status", "probe", "--json")
    found = json.loads(status.stdout)
    assert (found["run"], found["state"], found["exit_code"], found["name"]) == (run.id, "done", 0, "probe")
    assert found["best"]["value"] == pytest.approx(2.0)
    text = live.run("status", run.id).stdout
    assert "state     done" in text
    assert "exit code 0" in text
    assert json.loads(live.run("ls", "--json").stdout)["run"] == run.id


def test_status_of_a_bare_log_reads_it(live: Live) -> None:
    """No run directory: the log itself is read, and nothing is left behind."""
    log = live.cwd / "old.out"
    log.write_text("{'loss': 1.5, 'epoch': 1.0}\n{'eval_loss': 2.5, 'epoch': 1.0}\n", encoding="utf-8")
    found = json.loads(live.run("status", "old.out", "--json").stdout)
    assert found["evaluation"]["value"] == 2.5
    assert not (live.cwd / ".trainwatch").exists()


def test_a_run_left_alone_is_read_to_the_end_of_its_log(live: Live) -> None:
    """Supervisor and shim died, the job went on to its end: every verb reads what came since, and gives the same numbers."""
    run = live.launch("", "--flat --until end")
    run.supervisor()
    wait_for(run.dir.state.exists, "the first state")
    job = json.loads(run.dir.job.read_text(encoding="utf-8"))
    os.kill(job["shim"]["pid"], signal.SIGKILL)
    os.kill(run.supervisor(), signal.SIGKILL)
    wait_for(lambda: "eval_loss" in run.log().read_text(encoding="utf-8"), "an evaluation")
    assert run.training()
    run.let("end")
    wait_for(lambda: not start_ticks(run.launcher()), "the end of the job")
    steps = run.log().read_text(encoding="utf-8").count("'loss'")
    found = json.loads(live.run("status", run.id, "--json").stdout)
    assert (found["step"], found["evaluation"]["step"]) == (steps, steps // 10 * 10)
    assert json.loads(live.run("ls", "--json").stdout)["evaluation"] == found["evaluation"]
    assert str(steps) in live.run("why", run.id).stdout
    assert "lost" in live.run("ls").stdout


def test_nothing_here_is_said(live: Live) -> None:
    """No run: ls ends 0 with a sentence, the verbs of people end 3."""
    assert live.run("ls").returncode == 0
    for verb in ("save", "stop", "cancel", "wait", "status"):
        done = live.run(verb)
        assert done.returncode == 3, verb
        assert "no run goes on here" in done.stderr
    assert live.run("save", "nobody").returncode == 3


def test_one_run_needs_no_name_and_two_do(live: Live) -> None:
    """Without a word the only run that goes on is meant; with two of them their ids are listed."""
    first = live.launch("-n one", STEADY)
    assert live.run("save").returncode == 0
    second = live.launch("-n two", STEADY)
    done = live.run("save")
    assert done.returncode == 2
    assert first.id in done.stderr
    assert second.id in done.stderr


def test_a_run_that_has_ended_cannot_be_asked(live: Live) -> None:
    """There is nobody left to save."""
    run = live.launch("", "--steps 5")
    run.wait()
    done = live.run("save", run.id)
    assert done.returncode == 2
    assert "has ended" in done.stderr


def test_a_request_finds_a_run_without_a_supervisor(live: Live) -> None:
    """A supervisor that was ended is started again for a person's request."""
    run = live.launch("", STEADY)
    os.kill(run.supervisor(), signal.SIGTERM)
    wait_for(lambda: not run.dir.lock.exists(), "the end of the supervisor")
    done = live.run("save", run.id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one was started" in done.stderr


def test_no_wait_leaves_the_request_and_returns(live: Live) -> None:
    """The request's id is all that is printed; the answer comes without us."""
    run = live.launch("", STEADY)
    done = live.run("save", run.id, "--no-wait")
    request = done.stdout.strip()
    wait_for(lambda: (answer := requests.answered(run.dir, request)) is not None and answer.exit_code == 0, "the answer")


def test_nonsense_in_the_requests_is_refused(live: Live) -> None:
    """Stale, foreign, unconfirmed, linked, senseless ones, a pipe and 100 MB get a refusal and a journal line each, and change nothing."""
    run = live.launch("", STEADY)
    run.supervisor()
    wait_for(run.state, "a state")
    now = SystemClock().now()
    for name, more in {
        "stale": {"at": 1.0},
        "copied": {"id": "other"},
        "unknown": {"op": "kill"},
        "unconfirmed": {"confirm": "other-run"},
    }.items():
        value = {"v": 1, "id": name, "op": "stop", "at": now, "confirm": run.id, **more}
        (run.dir.requests / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    with (run.dir.requests / "huge.json").open("wb") as huge:
        huge.write(b"{")
        huge.truncate(100 << 20)
    (run.dir.requests / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(run.dir.requests / "pipe.json")
    (run.dir.requests / "word.json").write_text("nonsense", encoding="utf-8")
    names = {"stale", "copied", "unknown", "unconfirmed", "huge", "link", "pipe", "word"}
    if os.geteuid() == 0:
        names.add("foreign")
        foreign = run.dir.requests / ".foreign"
        foreign.write_text(json.dumps({"v": 1, "id": "foreign", "op": "stop", "at": now, "confirm": run.id}), encoding="utf-8")
        os.chown(foreign, 12345, -1)
        foreign.rename(run.dir.requests / "foreign.json")
    wait_for(lambda: len(run.journal("request_refused")) >= len(names), "every refusal")
    assert {entry["request"] for entry in run.journal("request_refused")} == names
    assert all(entry["why"] for entry in run.journal("request_refused"))
    assert run.training()
    assert run.machine() == "idle"


def test_a_job_of_somebody_else_can_be_stopped_by_its_log(live: Live) -> None:
    """A person's word works on a log that no run of ours has: the next regular save is proven, then the writers end."""
    import subprocess
    import sys

    from tests.live import TRAINER

    log = live.cwd / "theirs.out"
    with log.open("w", encoding="utf-8") as out:
        job = subprocess.Popen(
            [sys.executable, str(TRAINER), "--flat", "--pause", "0.05", "--no-hook", "--save-every", "60"], cwd=live.cwd, stdout=out
        )
    try:
        wait_for(lambda: log.stat().st_size > 0, "output")
        done = live.run("stop", "theirs.out", "--confirm", "theirs")
        assert done.returncode == 83, done.stdout + done.stderr
        assert job.wait(timeout=WAIT) == -signal.SIGTERM
    finally:
        job.kill()
        job.wait()


def test_wait_gives_up_when_told(live: Live) -> None:
    """--timeout ends 124, as timeout(1) does, and the run goes on."""
    run = live.launch("", STEADY)
    assert run.wait("--timeout", "0.5") == 124
    assert start_ticks(run.launcher())


def test_a_stop_is_never_confirmed_by_silence(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and without --confirm the words to write are told."""
    from trainwatch.store import runfile

    run = live.launch("", STEADY)
    with pytest.raises(UsageError, match=f"--confirm {run.id}"):
        stop._typed(runfile.load(run.dir), unsaved=False)


@pytest.mark.parametrize("verb", ["status", "attach"])
def test_a_run_keeps_its_own_rules(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Words on how to read or judge a run, or its log, are refused where they would be ignored; `why` judges anew with them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.out").write_bytes(record(1) + evaluation(1, 2.0))
    Supervisor(tmp_path / "train.out", dict(os.environ)).read(NOW)
    for words in (["demo", "--rules", "full"], ["train.out", "--fact", "total_steps=9"], ["demo", "--formats", "json"]):
        assert main([verb, *words]) == 2
        assert f"leave out {words[1]}" in capsys.readouterr().err
    assert main(["why", "demo", "--fact", "total_steps=9"]) == 0


def test_a_note_needs_words_and_somebody_to_take_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that nobody writes takes no note, and neither does one without a text."""
    (tmp_path / "train.out").write_text("{'loss': 1.0, 'epoch': 1.0}\n")
    os.utime(tmp_path / "train.out", (0, 0))

    assert main(["note", str(tmp_path / "train.out"), " "]) == 2
    assert "a note needs a text" in capsys.readouterr().err
    assert main(["note", str(tmp_path / "train.out"), "new data mix"]) == 3
    assert "so there is nobody to ask" in capsys.readouterr().err
