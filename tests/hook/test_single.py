"""The protocol with one process: requests, answers, holds, standing orders, and everything that may lie in the folder."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from tests.hook.harness import RUN, Bench, until


def done(bench: Bench, request: str) -> dict[str, object]:
    """The final answer to a request."""
    until(lambda: bench.ack(request).get("status") in ("saved", "failed"))
    return bench.ack(request)


def test_the_process_says_that_it_is_there(bench: Bench) -> None:
    """Rank, pid, start time, what it can do and where it stands."""
    with bench.job(*bench.single()) as job:
        rank = until(bench.rank)
        assert (rank["rank"], rank["world_size"], rank["pid"], rank["kind"], rank["phase"]) == (0, 1, job.pid, "plain", "train")
        assert rank["caps"] == ["save", "hold", "standing"]
        assert rank["ticks"] == int(Path(f"/proc/{job.pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
        assert rank["v"] == 1
        assert oct((bench.dir.ranks / "rank0.json").stat().st_mode & 0o777) == "0o600"


def test_a_save_is_made_and_answered_and_training_goes_on(bench: Bench) -> None:
    """The answer names an absolute path that exists; the same id again does nothing; the next id works."""
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a")
        answer = done(bench, "a")
        assert answer["status"] == "saved"
        assert answer["path"] == str(bench.out / f"ckpt_{answer['step']}.pt")
        assert Path(str(answer["path"])).exists()
        bench.ask("a")
        time.sleep(0.5)
        bench.ask("b")
        assert done(bench, "b")["status"] == "saved"
        bench.finish(job)
    assert bench.text().count("saved") == 2
    assert bench.text().endswith("done\n")


def test_after_save_stop_the_process_holds_until_released(bench: Bench) -> None:
    """No step is taken while it holds, and the heartbeat says so; "go_on" lets it finish."""
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=60)
        step = done(bench, "a")["step"]
        until(lambda: bench.rank()["phase"] == "holding")
        time.sleep(0.5)
        assert bench.rank()["step"] == step
        bench.put(bench.dir.release("a"), id="a", op="go_on")
        until(lambda: bench.rank()["phase"] == "train")
        bench.finish(job)
    assert bench.text().endswith("done\n")


def test_leave_lets_the_loop_end_by_itself(bench: Bench) -> None:
    """`poll` then says "stop"."""
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=60)
        step = done(bench, "a")["step"]
        bench.put(bench.dir.release("a"), id="a", op="leave")
        bench.ends(job)
    assert f"stopped {int(str(step)) + 1} []" in bench.text()


def test_a_hold_ends_by_itself(bench: Bench) -> None:
    """A supervisor that died must not stop the job for good. A release for another request changes nothing."""
    bench.put(bench.dir.release("other"), id="a", op="leave")
    bench.put(bench.dir.release("a"), id="a", op=["leave"])
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=2.0)
        done(bench, "a")
        until(lambda: bench.rank()["phase"] == "holding")
        until(lambda: bench.rank()["phase"] == "train")
        bench.finish(job)


@pytest.mark.parametrize("handles", ["", "1"])
def test_sigterm_ends_a_hold(bench: Bench, handles: str) -> None:
    """Without a handler the process ends as always; with one the job's own handler runs, and its loop goes on to see it."""
    bench.given = {"HANDLES_TERM": handles}
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=60)
        done(bench, "a")
        until(lambda: bench.rank()["phase"] == "holding")
        job.send_signal(signal.SIGTERM)
        assert job.wait(60) == (0 if handles else -signal.SIGTERM)
    assert ("stopped" in bench.text()) == bool(handles)


def test_where_the_frameworks_handler_must_not_run_in_a_hold_its_word_is_given(bench: Bench) -> None:
    """SIGTERM ends the hold; the framework is told in its own way, and its handler runs neither then nor at a second signal."""
    bench.given = {"HANDLES_TERM": "1", "ENDS_BY_WORD": "1"}
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=60)
        done(bench, "a")
        until(lambda: bench.rank()["phase"] == "holding")
        job.send_signal(signal.SIGTERM)
        job.send_signal(signal.SIGTERM)
        bench.ends(job)
    assert "['word']" in bench.text()


def test_the_standing_order_saves_each_best_evaluation(bench: Bench) -> None:
    """Better ones only, the first of equals, nothing for NaN; each is written down with its value and path."""
    bench.given = {"VALUES": "3,2,2,nan,2.5,1"}
    bench.put(bench.dir.standing, run=RUN, metric="eval_loss", direction="min")
    with bench.job(*bench.single(steps=80)) as job:
        bench.ends(job)
    bests = sorted(bench.dir.control.glob("best-*.json"), key=lambda p: bench.read(p)["step"])
    assert [(bench.read(p)["step"], bench.read(p)["value"]) for p in bests] == [(10, 3), (20, 2), (60, 1)]
    assert bench.read(bests[-1])["path"] == str(bench.out / "ckpt_60.pt")


def test_a_standing_order_that_comes_later_knows_the_evaluations_before(bench: Bench) -> None:
    """What was best before the order is not beaten by less."""
    bench.given = {"VALUES": "1,5,4,0.5", "WAITS_AT": "15"}
    with bench.job(*bench.single(steps=60, pace=0.05)) as job:
        until(lambda: "waits" in bench.text())
        bench.put(bench.dir.standing, run=RUN, metric="eval_loss", direction="min")
        time.sleep(1)
        (bench.place / "go").touch()
        bench.ends(job)
    assert [p.name for p in bench.dir.control.glob("best-*.json")] == ["best-40.json"]


def test_a_maximum_is_the_best_where_the_order_says_so(bench: Bench) -> None:
    """The direction is the order's."""
    bench.given = {"VALUES": "0.1,0.3,0.2"}
    bench.put(bench.dir.standing, run=RUN, metric="accuracy", direction="max")
    with bench.job(*bench.single(steps=40)) as job:
        bench.ends(job)
    assert sorted(p.name for p in bench.dir.control.glob("best-*.json")) == ["best-10.json", "best-20.json"]


NONSENSE = {
    "not json": b"{",
    "not an object": b"[1]",
    "another version": b'{"v": 2, "run": "run-1", "id": "x", "op": "save"}',
    "no id": b'{"v": 1, "run": "run-1", "op": "save"}',
    "an id that leads elsewhere": b'{"v": 1, "run": "run-1", "id": "../../x", "op": "save"}',
    "an id that is a number": b'{"v": 1, "run": "run-1", "id": 7, "op": "save"}',
    "another run": b'{"v": 1, "run": "run-2", "id": "x", "op": "save"}',
    "an unknown operation": b'{"v": 1, "run": "run-1", "id": "x", "op": "rm"}',
    "too large": b'{"v": 1, "run": "run-1", "id": "x", "op": "save", "reason": "' + b"x" * 70_000 + b'"}',
    "deep": b"[" * 60_000,
    "not text": b"\xff\xfe\x00",
}


def test_nonsense_in_the_folder_is_ignored_and_the_next_request_works(bench: Bench) -> None:
    """Whatever lies there, training goes on, nothing is saved, and a good request is still answered."""
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        for content in NONSENSE.values():
            bench.dir.request.write_bytes(content)
            bench.dir.standing.write_bytes(content)
            time.sleep(0.25)
        for link in (bench.dir.request, bench.dir.standing):
            link.unlink()
            (bench.place / "elsewhere.json").write_text('{"v": 1, "run": "run-1", "id": "x", "op": "save"}')
            link.symlink_to(bench.place / "elsewhere.json")
        time.sleep(0.3)
        bench.dir.request.unlink()
        os.mkfifo(bench.dir.request)
        time.sleep(0.3)
        assert "saved" not in bench.text()
        bench.dir.request.unlink()
        bench.ask("good")
        assert done(bench, "good")["status"] == "saved"
        assert [p.name for p in bench.dir.control.glob("ack-*")] == ["ack-good.json"]
        assert job.poll() is None
    assert "trainwatch" not in bench.text()


def test_a_request_from_before_a_restart_is_not_carried_out_again(bench: Bench) -> None:
    """A requeued job finds the old request, with its answer beside it."""
    bench.ask("old", "save_stop", hold_s=60)
    bench.put(bench.dir.ack("old"), id="old", status="saved")
    with bench.job(*bench.single(steps=60)) as job:
        bench.ends(job)
    assert "saved" not in bench.text()


def test_a_folder_that_cannot_be_written_hurts_nobody(bench: Bench) -> None:
    """Control and ranks gone, or files in their place: the job ends as without the hook."""
    for folder in (bench.dir.ranks, bench.dir.control):
        folder.rmdir()
    bench.dir.ranks.write_text("a file")
    with bench.job(*bench.single(steps=60)) as job:
        bench.ends(job)
    assert bench.text() == "done\n"


def test_what_could_not_be_written_comes_later(bench: Bench) -> None:
    """A full disk passes: the newest text of each file is kept and tried again, while training goes on."""
    bench.dir.ranks.rmdir()
    with bench.job(*bench.single()) as job:
        time.sleep(1)
        assert not bench.rank()
        bench.dir.ranks.mkdir()
        until(bench.rank)
        assert job.poll() is None


def test_a_run_directory_that_hangs_holds_up_no_step(bench: Bench) -> None:
    """Files are the affair of a thread: where none ever answers, the job takes its time and not more."""
    bench.ask("a")
    began = time.monotonic()
    with bench.job(*bench.single(steps=60, script="hanging.py")) as job:
        bench.ends(job)
    assert time.monotonic() - began < 30
    assert bench.text() == "done\n"
    assert not bench.rank()
