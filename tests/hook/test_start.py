"""What the hook does to processes that merely start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.hook.harness import Bench

from trainwatch.hook.install import PARTS


def python(bench: Bench, code: str, *more: str, **environ: str) -> str:
    """The output of a Python process under the hook, with `more` folders on its path."""
    bench.given = {"PYTHONPATH": ":".join(more), **environ}
    with bench.job(sys.executable, "-c", code) as process:
        assert process.wait(60) == 0
    return bench.text()


def left(bench: Bench) -> set[str]:
    """What processes left in the run directory, the compiled copy of the hook aside."""
    return {p.name for p in bench.dir.path.rglob("*") if p.is_file() and p.suffix != ".pyc"} - {p.name for p in PARTS}


def test_a_process_that_does_not_train_is_left_alone(bench: Bench) -> None:
    """No thread, no file, no other module; with or without a rank."""
    code = "import sys, threading; print(threading.active_count(), 'json' in sys.modules, 'trainwatch' in sys.modules)"
    for environ in ({}, {"RANK": "0", "WORLD_SIZE": "2"}):
        assert python(bench, code, **environ) == "1 False False\n"
        assert left(bench) == {"sitecustomize.py", "run.json"}


def test_the_output_of_a_rank_comes_in_whole_lines(bench: Bench) -> None:
    """One write a line, even under -u, which would write text and newline apart."""
    code = "import sys; print(sys.stdout.line_buffering, sys.stdout.write_through)"
    assert python(bench, code, RANK="0") == "True False\n"
    assert python(bench, code, RANK="0", PYTHONUNBUFFERED="1") == "True False\n"
    assert python(bench, code) == "False False\n"


@pytest.mark.parametrize("form", ["sitecustomize.py", "sitecustomize/__init__.py"])
def test_the_sitecustomize_that_was_there_still_runs(bench: Bench, tmp_path: Path, form: str) -> None:
    """As a module or as a package, it is found, run once and kept under its name."""
    theirs = tmp_path / "theirs" / form
    theirs.parent.mkdir(parents=True)
    theirs.write_text("print('theirs', __name__)\nVALUE = 3\n")
    out = python(bench, "import sitecustomize; print(sitecustomize.VALUE, sitecustomize.__file__)", str(tmp_path / "theirs"))
    assert out == f"theirs sitecustomize\n3 {theirs}\n"


def test_an_error_of_the_sitecustomize_that_was_there_is_its_own(bench: Bench, tmp_path: Path) -> None:
    """Python says what it says without us, and the process goes on."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "sitecustomize.py").write_text("raise RuntimeError('theirs')\n")
    out = python(bench, "print('on')", str(tmp_path / "theirs"))
    assert "RuntimeError: theirs" in out
    assert out.endswith("on\n")


def test_starting_costs_little(bench: Bench) -> None:
    """The hook itself imports nothing that Python has not loaded but importlib's machinery."""
    code = "import sys; print(sorted(m for m in sys.modules))"
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    extra = set(eval(python(bench, code))) - set(eval(plain.stdout))  # noqa: S307  our own output
    assert {m.partition(".")[0] for m in extra} <= {
        "trainwatch_hook",
        "sitecustomize",
        "importlib",
        "warnings",
        "_abc",
        "contextlib",
        "collections",
        "functools",
        "types",
        "keyword",
        "operator",
        "itertools",
        "reprlib",
    } | {"_" + m for m in ("weakref", "functools", "collections", "operator")}


def test_a_fake_transformers_gets_the_callback_and_a_broken_one_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    """The import hook adds to the default callbacks; a module without them is imported as it is."""
    trainer = tmp_path / "fake" / "transformers" / "trainer.py"
    trainer.parent.mkdir(parents=True)
    (trainer.parent / "__init__.py").write_text("")
    trainer.write_text("class TrainerCallback: pass\nDEFAULT_CALLBACKS = []\n")
    code = "from transformers import trainer; print([c.__name__ for c in getattr(trainer, 'DEFAULT_CALLBACKS', [])], trainer.__file__)"
    assert python(bench, code, str(tmp_path / "fake")) == f"['TrainwatchCallback'] {trainer}\n"
    trainer.write_text("VERSION = 9\n")
    out = python(bench, code, str(tmp_path / "fake"))
    assert out.endswith(f"[] {trainer}\n")
    assert "the save hook cannot serve transformers.trainer" in out
