"""Real jobs on two ranks, under torchrun on the CPU."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest
from tests.hook.harness import EXAMPLES, JOBS, RUN, Bench, until

from trainwatch.checkpoints.find import find
from trainwatch.checkpoints.prove import prove

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
START = 120.0
"""Seconds within which two ranks have torch loaded, on a busy machine."""


def saved(bench: Bench, request: str) -> dict[str, object]:
    """The answer to a request that was carried out."""
    until(lambda: bench.ack(request).get("status") in ("saved", "failed"), START)
    answer = bench.ack(request)
    assert answer["status"] == "saved", answer
    return answer


def both(bench: Bench) -> bool:
    """Whether both ranks have said that they are there."""
    return bool(bench.rank(0) and bench.rank(1))


def test_all_ranks_save_at_one_step_hold_together_and_go_on(bench: Bench) -> None:
    """The answer comes when the slower rank has saved too; nobody takes a step while held; the job ends as it would have."""
    bench.given = {"WRONG": "slow save"}
    with bench.job(*bench.ranks()) as job:
        until(lambda: both(bench), START)
        bench.ask("a", "save_stop", hold_s=60)
        answer = saved(bench, "a")
        assert sorted(p.name for p in Path(str(answer["path"])).iterdir()) == ["rank0.pt", "rank1.pt"]
        assert float(str(answer["seconds"])) > 1.4
        until(lambda: [bench.rank(k)["phase"] for k in (0, 1)] == ["holding"] * 2)
        time.sleep(0.5)
        assert [bench.rank(k)["step"] for k in (0, 1)] == [answer["step"]] * 2
        bench.put(bench.dir.release("a"), id="a", op="go_on")
        bench.finish(job)
    assert "rank 0 done" in bench.text()
    assert "rank 1 done" in bench.text()
    assert "trainwatch" not in bench.text()


def test_leave_ends_all_ranks_at_one_step(bench: Bench) -> None:
    """Every rank is told "stop" at the same step, and the launcher ends with 0."""
    with bench.job(*bench.ranks()) as job:
        until(lambda: both(bench), START)
        bench.ask("a", "save_stop", hold_s=60)
        step = int(str(saved(bench, "a")["step"])) + 1
        bench.put(bench.dir.release("a"), id="a", op="leave")
        bench.ends(job)
    for rank in (0, 1):
        assert f"rank {rank} stopped at {step}" in bench.text()


def test_a_failure_of_ours_on_one_rank_switches_the_hook_off_on_all(bench: Bench) -> None:
    """Training goes on and ends with 0; each rank says once that the hook is off; a request is not answered."""
    bench.given = {"WRONG": "raises"}
    with bench.job(*bench.ranks()) as job:
        until(lambda: both(bench), START)
        until(lambda: bench.rank(0).get("off"))
        bench.ask("late")
        bench.finish(job)
    text = bench.text()
    assert "off on rank 1 (RuntimeError: broken on purpose)" in text
    assert "off on rank 0 (another rank could not go on)" in text
    assert text.count("[trainwatch]") == 2
    assert text.count("done") == 2
    assert bench.rank(0)["caps"] == []
    assert not list(bench.out.iterdir())


@pytest.mark.parametrize("when", ["dies", "dies in the agreement"])
def test_a_rank_that_dies_ends_the_job_as_without_the_hook(bench: Bench, when: str) -> None:
    """The agreement does not keep the other rank alive: the launcher sees the death and ends the job."""
    bench.given = {"WRONG": when}
    with bench.job(*bench.ranks()) as job:
        until(lambda: both(bench), START)
        bench.ends(job, 1)
    assert "exitcode  : 7" in bench.text()


def test_without_the_hook_the_same_script_runs_unchanged(bench: Bench) -> None:
    """The guarded import finds nothing, and nothing is left behind."""
    bench.hooked = False
    with bench.job(*bench.ranks(steps=20)) as job:
        bench.ends(job)
    assert bench.text().count("done") == 2
    assert not list(bench.dir.ranks.iterdir())


def test_the_plain_example_saves_its_best_and_resumes_from_what_was_asked_for(bench: Bench, tmp_path: Path) -> None:
    """Standing order, request, proof, and a second run that goes on from the proven file, with the same records."""
    script = (
        str(EXAMPLES / "overfit_lm" / "train.py"),
        "--out",
        str(bench.out),
        "--total-steps",
        "60",
        "--eval-steps",
        "20",
        "--batch-size",
        "6",
    )
    bench.put(bench.dir.standing, run=RUN, metric="eval_loss", direction="min")
    bench.ask("a")
    with bench.job(*bench.torchrun(*script)) as job:
        answer = saved(bench, "a")
        bench.ends(job)
    path = Path(str(answer["path"]))
    assert all(prove(p).complete for p in find(bench.out))
    assert {f"ckpt_{step}.pt" for step in (20, 40)} <= {p.name for p in bench.out.iterdir()}
    assert bench.read(bench.dir.control / "best-40.json")["path"] == str(bench.out / "ckpt_40.pt")
    first = [line for line in bench.text().splitlines() if line.startswith("{'") and "'step': 48" in line]
    bench.hooked = False
    with bench.job(*bench.torchrun(*script, "--resume", str(path if int(str(answer["step"])) < 40 else bench.out / "ckpt_40.pt"))) as job:
        bench.ends(job)
    assert "Resuming from" in bench.text()
    assert first[0] in bench.text().splitlines()


def test_the_trainer_saves_without_a_change_to_its_script(bench: Bench) -> None:
    """Callback put in by the import hook: standing order, save, hold, and a whole checkpoint of both ranks each time."""
    bench.put(bench.dir.standing, run=RUN, metric="eval_loss", direction="min")
    script = (
        str(EXAMPLES / "hf_overfit" / "train.py"),
        "--out",
        str(bench.out),
        "--max-steps",
        "60",
        "--eval-steps",
        "20",
        "--save-total-limit",
        "2",
    )
    bench.ask("a", "save_stop", hold_s=60)
    with bench.job(*bench.torchrun(*script)) as job:
        answer = saved(bench, "a")
        assert answer["path"] == str(bench.out / f"checkpoint-{answer['step']}")
        proof = prove(Path(str(answer["path"])), world_size=2)
        assert proof.complete, proof.why
        assert bench.rank()["kind"] == "hf"
        bench.put(bench.dir.release("a"), id="a", op="go_on")
        bench.ends(job)
    bests = {p.name: bench.read(p) for p in bench.dir.control.glob("best-*.json")}
    assert set(bests) == {"best-20.json", "best-40.json", "best-60.json"}
    assert not any(value["rotated"] for value in bests.values()), "what is saved because we asked comes on top of the two the job keeps"
    assert "trainwatch" not in bench.text()


def test_the_trainer_ends_by_itself_when_told_to_leave(bench: Bench) -> None:
    """`leave` becomes the Trainer's own wish to stop, on both ranks; the launcher ends with 0 and nothing was torn."""
    script = (str(EXAMPLES / "hf_overfit" / "train.py"), "--out", str(bench.out), "--max-steps", "5000", "--eval-steps", "2000")
    with bench.job(*bench.torchrun(*script)) as job:
        until(lambda: both(bench), START)
        bench.ask("a", "save_stop", hold_s=60)
        answer = saved(bench, "a")
        bench.put(bench.dir.release("a"), id="a", op="leave")
        bench.ends(job)
    assert all(prove(p, world_size=2).complete for p in find(bench.out))
    state = json.loads((Path(str(answer["path"])) / "trainer_state.json").read_text())
    assert state["global_step"] == answer["step"]
    shutil.rmtree(bench.out)


def agents(*front: str, steps: int = 0) -> tuple[str, ...]:
    """Two agents with a rank each stand for two machines; `front` is what stands in front of the second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    agent = "torchrun --nnodes 2 --nproc_per_node 1 --master_addr 127.0.0.1 --master_port"
    words = [sys.executable, "-m", "torch.distributed.run", *agent.split()[1:], port]
    script = [str(JOBS / "ranks.py"), str(steps), "0.01"]
    first, second = ([*words, "--node_rank", str(node), *script] for node in (0, 1))
    return "/bin/sh", "-c", f"{shlex.join(first)} & {shlex.join([*front, *second])}; wait"


def test_ranks_on_several_machines_agree_over_the_jobs_own_group(bench: Bench) -> None:
    """One step, one answer, and both leave at it."""
    with bench.job(*agents()) as job:
        until(lambda: both(bench), START)
        bench.ask("a", "save_stop", hold_s=60)
        answer = saved(bench, "a")
        assert sorted(p.name for p in Path(str(answer["path"])).iterdir()) == ["rank0.pt", "rank1.pt"]
        bench.put(bench.dir.release("a"), id="a", op="leave")
        bench.ends(job)
    assert {f"rank {rank} stopped at {int(str(answer['step'])) + 1}" in bench.text() for rank in (0, 1)} == {True}
    assert "trainwatch" not in bench.text()


def test_where_only_one_of_several_machines_has_the_hook_nobody_waits_for_the_other(bench: Bench) -> None:
    """No word of ours gets among the job's: the hook is off with its reason, the sums come out and the job ends with 0."""
    bench.given = {"JOIN_WITHIN": "2"}
    with bench.job(*agents("env", "-u", "PYTHONPATH", steps=100)) as job:
        bench.ends(job)
    assert "the save hook is off on rank 0 (1 of 2 ranks have the hook); training goes on" in bench.text()
    assert bench.text().count("[trainwatch]") == 1
    assert bench.text().count(" done") == 2
    assert bench.rank(0)["caps"] == []


def test_a_loop_with_distributed_checkpoints_saves_when_asked_and_goes_on_from_it(bench: Bench) -> None:
    """The example as it is: each rank writes its part, `.metadata` proves them all, and a second run loads them."""
    script = str(EXAMPLES / "dcp_loop" / "train.py")
    with bench.job(*bench.torchrun(script, "--out", str(bench.out), "--steps", "1000000")) as job:
        until(lambda: both(bench), START)
        bench.ask("a", "save_stop", hold_s=60)
        answer = saved(bench, "a")
        seen = prove(Path(str(answer["path"])), world_size=2)
        assert (seen.complete, seen.kind, seen.step) == (True, "dcp", answer["step"]), seen
        bench.put(bench.dir.release("a"), id="a", op="leave")
        job.wait(120)
    steps = str(int(str(answer["step"])) + 3)
    bench.hooked = False
    with bench.job(*bench.torchrun(script, "--out", str(bench.out), "--steps", steps, "--resume", str(answer["path"]))):
        until(lambda: bench.text().count(" done") == 2, START)
    assert f"resumed at {answer['step']}" in bench.text()
