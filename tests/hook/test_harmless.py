"""A job with the hook in it trains and ends as without it, whatever goes wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.hook.harness import EXAMPLES, RUN, Bench, until

from trainwatch.checkpoints.prove import prove

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
START = 120.0

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root only")


@contextmanager
def disk(place: Path, size: str) -> Iterator[Callable[[], None]]:
    """A disk of that size at `place`; what is given fills it to the last byte."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(place)], check=True)

    def fill() -> None:
        with (place / "filler").open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    try:
        yield fill
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def figures(bench: Bench) -> list[str]:
    """Every loss, gradient norm and eval loss that the job printed, in order."""
    return re.findall(r"'(?:loss|grad_norm|eval_loss)': '?[-+.\w]+", bench.text())


SCRIPTS = {
    "plain loop": ("overfit_lm", "--total-steps", "48", "--batch-size", "4"),
    "Trainer": ("hf_overfit", "--max-steps", "48"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_figures_are_those_of_a_job_without_the_hook(bench: Bench, name: str) -> None:
    """Every loss, norm and evaluation to the last digit, although it saved when asked to, held, and saved its best."""
    example, *words = SCRIPTS[name]
    command = bench.torchrun(str(EXAMPLES / example / "train.py"), *words, "--eval-steps", "16", "--out", str(bench.out))
    bench.put(bench.dir.standing, run=RUN, metric="eval_loss", direction="min")
    bench.ask("a", "save_stop", hold_s=1)
    with bench.job(*command) as job:
        until(lambda: bench.ack("a").get("status") == "saved", START)
        bench.ends(job)
    assert prove(Path(bench.ack("a")["path"]), world_size=2).complete
    assert list(bench.dir.control.glob("best-*.json"))
    hooked = figures(bench)
    bench.hooked = False
    with bench.job(*command) as job:
        bench.ends(job)
    assert len(hooked) == 15
    assert hooked == figures(bench)


@AS_ROOT
def test_a_full_disk_under_the_run_directory_delays_and_hurts_nothing(tmp_path: Path) -> None:
    """Nothing can be written; the loop takes its steps. Once there is room the rank says that it is there."""
    with disk(tmp_path / "run", "256k") as fill:
        bench = Bench(tmp_path)
        fill()
        with bench.job(*bench.single()) as job:
            time.sleep(1.5)
            assert not bench.rank()
            (bench.dir.path / "filler").unlink()
            until(lambda: (bench.rank().get("step") or 0) > 1)
            assert job.poll() is None
        fill()
        with bench.job(*bench.single(steps=60)) as job:
            bench.ends(job)
        assert bench.text() == "done\n"


@AS_ROOT
def test_a_full_disk_under_the_checkpoints_is_a_reason_to_refuse(tmp_path: Path) -> None:
    """The answer says that there is no room; both ranks train on, and nothing half written is left behind."""
    with disk(tmp_path / "out", "24m"):
        bench = Bench(tmp_path)
        script = str(EXAMPLES / "hf_overfit" / "train.py")
        bench.ask("a")
        with bench.job(*bench.torchrun(script, "--out", str(bench.out), "--max-steps", "60", "--eval-steps", "1000")) as job:
            until(lambda: bench.ack("a").get("status") in ("saved", "failed"), START)
            assert "no room" in bench.ack("a")["error"]
            bench.ends(job)
        assert [path.name for path in bench.out.iterdir()] == ["checkpoint-60"]


def test_a_save_may_take_longer_than_ranks_may_be_apart(bench: Bench) -> None:
    """The other rank waits at the end of a save as long as it takes: the bound of a step is not the bound of a save."""
    bench.given = {"WRONG": "slow save", "SLOW": "6", "AGREE_WITHIN": "5"}
    with bench.job(*bench.ranks()) as job:
        until(lambda: bench.rank(0) and bench.rank(1), START)
        bench.ask("a")
        until(lambda: bench.ack("a").get("status") == "saved", START)
        assert bench.ack("a")["seconds"] > 5
        bench.finish(job)
    assert "[trainwatch]" not in bench.text()


def test_a_save_of_forty_minutes_is_answered_and_training_goes_on(bench: Bench) -> None:
    """The clock jumps while the job saves: the answer tells how long it took, and the hold begins after it."""
    bench.given = {"SAVE_SECONDS": "2400"}
    with bench.job(*bench.single()) as job:
        until(bench.rank)
        bench.ask("a", "save_stop", hold_s=3.0)
        until(lambda: bench.ack("a").get("status") == "saved")
        assert bench.ack("a")["seconds"] >= 2400
        until(lambda: bench.rank()["phase"] == "holding")
        until(lambda: bench.rank()["phase"] == "train")
        bench.ask("b", within_s=600)
        until(lambda: bench.ack("b").get("status") == "failed")
        assert "the last save took 2400 s" in bench.ack("b")["error"]
        bench.finish(job)


def test_a_python_without_trainwatch_carries_the_hook(bench: Bench, tmp_path: Path) -> None:
    """The job's environment is its own: nothing of ours is installed there, and nothing is needed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    with bench.job(python, "-c", "import trainwatch") as job:
        assert job.wait(60) == 1
    assert "No module named 'trainwatch'" in bench.text()
    with bench.job(python, *bench.single()[1:]) as job:
        until(bench.rank)
        bench.ask("a")
        until(lambda: bench.ack("a").get("status") == "saved")
        bench.finish(job)
