"""Real jobs of every framework: asked for a checkpoint, which is proven, and from which a second run goes on by itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.frameworks.catalogue import JOBS, SCRIPTS
from tests.frameworks.conftest import PYTHON, Stage
from tests.hook.harness import RUN, until

from trainwatch.checkpoints.find import find
from trainwatch.checkpoints.prove import prove

pytestmark = [pytest.mark.frameworks, pytest.mark.real, pytest.mark.timeout(600)]
START = 180.0
"""Seconds within which two ranks have their framework loaded, and DeepSpeed perhaps compiled what it needs."""


def both(stage: Stage) -> bool:
    """Whether both ranks have said that they are there."""
    return bool(stage.rank(0) and stage.rank(1))


def answered(stage: Stage, request: str) -> dict[str, Any]:
    """The final answer to a request."""
    until(lambda: stage.ack(request).get("status") in ("saved", "failed"), 60)
    return stage.ack(request)


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def leaves(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    """Wait for the end. On the CPU a rank may abort in the destructors of gloo after its last line, without trainwatch too."""
    code = process.wait(120)
    assert code == 0 or "terminate called without an active exception" in stage.text(), stage.text()[-3000:]


@pytest.mark.parametrize("name", [name for name in JOBS if name != "plain"])
def test_a_job_saves_when_asked_and_goes_on_from_it_in_a_second_run(
    stage: Stage, name: str, record_property: pytest.RecordProperty
) -> None:
    """Saved at one step with the framework's own code, held, proven as a whole with the states of both ranks, left, and resumed."""
    job = JOBS[name]
    stage.given |= job.given
    with stage.job(*stage.ranks_of(job, 3000)) as process:
        until(lambda: both(stage) or process.poll() is not None, START)
        until(lambda: find(stage.out) or process.poll() is not None, START)
        assert process.poll() is None, stage.text()[-3000:]
        began = time.monotonic()
        stage.ask("a", "save_stop", hold_s=60)
        answer = answered(stage, "a")
        record_property("request_to_ack", round(time.monotonic() - began, 2))
        assert answer["status"] == "saved", (answer, stage.text()[-2000:])
        path, began = Path(str(answer["path"])), time.monotonic()
        seen = prove(path, world_size=2)
        record_property("ack_to_proven", round(time.monotonic() - began, 4))
        assert (seen.complete, seen.kind, seen.step) == (True, job.kind, answer["step"]), seen
        assert answer["rotated"] == []
        until(lambda: [stage.rank(k)["phase"] for k in (0, 1)] == ["holding"] * 2)
        assert ("standing" in stage.rank()["caps"]) == job.standing
        stage.put(stage.dir.release("a"), id="a", op="leave")
        leaves(stage, process)
    assert "[trainwatch]" not in stage.text()
    stage.hooked = False
    resumed = job.resumed.format(step=answer["step"])
    with stage.job(*stage.ranks_of(job, int(answer["step"]) + 3, "--resume", str(path))) as process:
        until(lambda: resumed in stage.text() or process.poll() is not None, START)
        leaves(stage, process)
        assert len(re.findall(r"rank \d done", stage.text())) == 2
    assert resumed in stage.text()


@pytest.mark.parametrize("launcher", ["deepspeed", "accelerate", "python"])
def test_launchers_of_the_frameworks_carry_the_hook(stage: Stage, launcher: str) -> None:
    """DeepSpeed's runner, Accelerate's launcher, and Lightning, which starts its second rank by itself: both ranks save and leave."""
    commands = {
        "deepspeed": (
            str(PYTHON),
            str(PYTHON.parent / "deepspeed"),
            "--num_gpus",
            "2",
            "--master_port",
            free_port(),
            str(SCRIPTS / "hf_trainer.py"),
        ),
        "accelerate": (
            *(
                str(PYTHON),
                "-m",
                "accelerate.commands.accelerate_cli",
                "launch",
                "--multi_gpu",
                "--num_processes",
                "2",
                "--num_machines",
                "1",
            ),
            *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", free_port(), str(SCRIPTS / "hf_trainer.py")),
        ),
        "python": (str(PYTHON), str(SCRIPTS / "lightning_fit.py")),
    }
    more = ("--zero", "2") if launcher == "deepspeed" else ()
    with stage.job(*commands[launcher], "--out", str(stage.out), "--steps", "3000", *more) as process:
        until(lambda: both(stage) or process.poll() is not None, START)
        assert process.poll() is None, stage.text()[-3000:]
        stage.ask("a", "save_stop", hold_s=60)
        answer = answered(stage, "a")
        assert answer["status"] == "saved", answer
        assert prove(Path(answer["path"]), world_size=2).complete
        stage.put(stage.dir.release("a"), id="a", op="leave")
        leaves(stage, process)
    assert "[trainwatch]" not in stage.text()


def test_lightning_ends_on_a_sigterm_to_all_ranks_while_they_hold(stage: Stage) -> None:
    """Its own handler broadcasts, once a signal, and the first rank passes the signal on: ranks that hold would wait for each other."""
    with stage.job(str(PYTHON), *JOBS["lightning"].words(stage.out, 3000)) as process:
        until(lambda: both(stage) or process.poll() is not None, START)
        stage.ask("a", "save_stop", hold_s=60)
        assert answered(stage, "a")["status"] == "saved"
        until(lambda: [stage.rank(k)["phase"] for k in (0, 1)] == ["holding"] * 2)
        for rank in (0, 1):
            os.kill(int(stage.rank(rank)["pid"]), signal.SIGTERM)
        stage.ends(process)
    assert " done" not in stage.text()


@pytest.mark.parametrize("name", ["lightning", "hf_zero2"])
def test_the_best_evaluation_is_saved_by_standing_order(stage: Stage, name: str) -> None:
    """Under the name the framework gives the metric; each is proven, and nothing of the job's own is lost."""
    job = JOBS[name]
    stage.put(stage.dir.standing, run=RUN, metric="eval_loss", direction="min")
    with stage.job(*stage.ranks_of(job, 60)) as process:
        stage.ends(process)
    bests = [stage.read(path) for path in stage.dir.control.glob("best-*.json")]
    assert bests, stage.text()[-2000:]
    for best in bests:
        seen = prove(Path(best["path"]), world_size=2)
        assert (seen.complete, seen.step) == (True, best["step"]), seen
        assert best["rotated"] == []


def test_rotation_takes_nothing_because_we_asked(stage: Stage) -> None:
    """The Trainer keeps two checkpoints of its own; what was asked for lies beside them, as long as it is young."""
    with stage.job(*stage.ranks_of(JOBS["hf"], 3000, "--save-every", "20", "--keep", "2")) as process:
        until(lambda: both(stage), START)
        until(lambda: len(find(stage.out)) == 2, START)
        asked: set[object] = set()
        for request in ("a", "b"):
            before = set(find(stage.out))
            stage.ask(request)
            answer = answered(stage, request)
            assert answer["status"] == "saved", answer
            assert set(answer["rotated"]) <= asked, "only what was there because we asked"
            asked.add(answer["path"])
            step = int(str(answer["step"]))
            until(lambda step=step: (stage.rank().get("step") or 0) > step + 45, 60)
            own = [p for p in find(stage.out) if int(p.name.partition("-")[2]) % 20 == 0]
            assert len(own) >= 2, (before, find(stage.out))
        assert process.poll() is None


@pytest.mark.parametrize("name", ["accelerate", "deepspeed_zero2"])
def test_without_a_folder_to_save_in_the_request_is_refused_in_words(stage: Stage, name: str) -> None:
    """A script that never saved has not said where; nothing is written, and training goes on. The environment may say it."""
    job = JOBS[name]
    with stage.job(*stage.ranks_of(job, 3000, "--save-every", "10000")) as process:
        until(lambda: both(stage), START)
        stage.ask("a")
        answer = answered(stage, "a")
        assert answer["status"] == "failed"
        assert "no folder is known" in str(answer["error"])
        step = stage.text().count("loss")
        until(lambda: stage.text().count("loss") > step + 5)
        assert process.poll() is None
    stage.given |= {"TRAINWATCH_SAVE_DIR": str(stage.place / "elsewhere")}
    shutil.rmtree(stage.dir.ranks)
    stage.dir.ranks.mkdir()
    with stage.job(*stage.ranks_of(job, 3000, "--save-every", "10000")):
        until(lambda: both(stage), START)
        stage.ask("b")
        answer = answered(stage, "b")
        assert answer["status"] == "saved", answer
        assert Path(str(answer["path"])).parent == stage.place / "elsewhere"
        assert prove(Path(str(answer["path"])), world_size=2).complete


@pytest.mark.parametrize("name", ["lightning", "accelerate", "deepspeed_zero2"])
def test_a_save_that_cannot_be_written_hurts_nobody(stage: Stage, name: str) -> None:
    """A file in the place of the folder of checkpoints: the answer says why, and both ranks train on."""
    job = JOBS[name]
    stage.given |= {"TRAINWATCH_SAVE_DIR": str(stage.out)}
    with stage.job(*stage.ranks_of(job, 400, "--save-every", "10000")) as process:
        until(lambda: both(stage), START)
        stage.out.rmdir()
        stage.out.write_text("")
        stage.ask("a")
        answer = answered(stage, "a")
        assert answer["status"] == "failed"
        assert "cannot write" in str(answer["error"])
        stage.ends(process)
    assert len(re.findall(r"rank \d done", stage.text())) == 2


@pytest.mark.parametrize("name", ["lightning", "accelerate", "deepspeed_zero2"])
def test_a_disk_that_fills_while_saving_hurts_nobody(stage: Stage, name: str) -> None:
    """Files may grow no longer than a few bytes: each rank's write fails in the middle, the answer says so, and both train on."""
    job = JOBS[name]
    stage.given |= {"TRAINWATCH_SAVE_DIR": str(stage.out)}
    script = "import resource,runpy,sys; resource.setrlimit(resource.RLIMIT_FSIZE,(3000,3000)); sys.argv=sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    wrapper = stage.place / "limited.py"
    wrapper.write_text(script)
    command = list(stage.ranks_of(job, 300, "--save-every", "10000"))
    command.insert(next(i for i, word in enumerate(command) if word == str(job.script)), str(wrapper))
    stage.log.write_text("")
    with stage.job("/bin/sh", "-c", '"$@" 2>&1 | cat', "sh", *command) as process:
        until(lambda: both(stage), START)
        stage.ask("a")
        answer = answered(stage, "a")
        assert answer["status"] == "failed", answer
        assert re.search("file too large|file write failed|unexpected pos|another rank", str(answer["error"]), re.IGNORECASE), answer
        stage.ends(process)
    assert "[trainwatch]" not in stage.text(), "the hook goes on too"
    assert len(re.findall(r"rank \d done", stage.text())) == 2, stage.text()[-3000:]
    assert not (stage.out / "latest").exists()
