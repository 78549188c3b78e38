"""Whatever a user hands over: a sentence that says what is wrong, the exit code of the contract, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

READERS = ("attach", "check", "report", "why", "backtest", "export")
THREE_MISTAKES = """\
name = "mine"

[[rule]]
name = "a"
kind = "no_such_kind"

[[rule]]
name = "b"
kind = "overfit"
patience_of_a_saint = 3

[[rule]]
name = "c"
kind = "overfit"
ladder = { purple = "stop" }
"""


def trainwatch(*words: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a home of its own, without a terminal."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRAINWATCH")}
    environ |= {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config"), **env}
    return subprocess.run(
        [sys.executable, "-m", "trainwatch", *words],
        env=environ,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What it said on stderr, after making sure that it is words and not a traceback."""
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stderr.strip()
    return done.stderr


@pytest.mark.parametrize("verb", READERS)
def test_a_log_that_does_not_exist(verb: str, tmp_path: Path) -> None:
    """A missing log is named, with exit code 3."""
    done = trainwatch(verb, "missing.out", home=tmp_path)

    assert done.returncode == 3
    assert "missing.out" in said(done)


@pytest.mark.parametrize("verb", READERS)
def test_a_directory_without_a_run_or_a_log(verb: str, tmp_path: Path) -> None:
    """A directory with neither is exit code 3, and the sentence says what was looked for."""
    (tmp_path / "empty").mkdir()
    done = trainwatch(verb, "empty", home=tmp_path)

    assert done.returncode == 3
    assert "empty" in said(done)


@pytest.mark.parametrize("verb", READERS)
def test_a_binary_file(verb: str, tmp_path: Path) -> None:
    """A file that is not text is refused with exit code 4."""
    (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 64)
    done = trainwatch(verb, "model.bin", home=tmp_path)

    assert done.returncode == 4
    assert "model.bin" in said(done)


@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("text", ["", "hello\nworld\n"], ids=["empty", "no metric"])
def test_a_log_with_nothing_in_it_is_no_error(verb: str, text: str, tmp_path: Path) -> None:
    """An empty log, or one without a metric, is exit code 0 with a sentence."""
    (tmp_path / "train.out").write_text(text)
    done = trainwatch(verb, "train.out", home=tmp_path)

    assert done.returncode == 0
    said(done)


@pytest.mark.skipif(os.geteuid() == 0 and not os.environ.get("TRAINWATCH_TEST_MODE_BITS"), reason="root may read every file")
def test_a_log_that_may_not_be_read(tmp_path: Path) -> None:
    """A file without read permission is exit code 4."""
    (tmp_path / "train.out").write_text("x")
    (tmp_path / "train.out").chmod(0)

    assert trainwatch("check", "train.out", home=tmp_path).returncode == 4


@pytest.mark.parametrize("words", [("check", "train.out", "--rules", "mine.toml"), ("rules", "check", "mine.toml")])
def test_all_mistakes_of_a_rules_file_are_named(words: tuple[str, ...], tmp_path: Path) -> None:
    """A rules file with three mistakes: all three, each with file and key, exit code 2."""
    (tmp_path / "train.out").write_text("{'loss': 1.0, 'epoch': 1.0}\n")
    (tmp_path / "mine.toml").write_text(THREE_MISTAKES)
    done = trainwatch(*words, home=tmp_path)
    text = said(done)

    assert done.returncode == 2
    assert text.count("mine.toml") >= 3
    assert all(word in text for word in ("no_such_kind", "patience_of_a_saint", "purple"))


@pytest.mark.parametrize("words", [("frobnicate",), ("check",), ("check", "--no-such-flag"), ("launch",), ("launch", "--")])
def test_words_that_make_no_sense(words: tuple[str, ...], tmp_path: Path) -> None:
    """A verb or flag that does not exist, or a missing target, is exit code 2."""
    done = trainwatch(*words, home=tmp_path)

    assert done.returncode == 2
    said(done)


def test_a_verb_that_is_nearly_one(tmp_path: Path) -> None:
    """A slip of the finger gets the verb that was meant."""
    assert "did you mean attach?" in said(trainwatch("attch", home=tmp_path))


def test_a_rule_that_does_not_exist_may_not_stop(tmp_path: Path) -> None:
    """`--may stop=` with a name that the preset does not have is refused before the job is started."""
    done = trainwatch("launch", "--may", "stop=overfitt", "--", "touch", "started", home=tmp_path)

    assert done.returncode == 2
    assert "there is no rule overfitt; the rules of default are:" in said(done)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(("command", "code"), [("/no/such/program", 127), ("./not_executable", 126)])
def test_a_command_that_cannot_be_started(command: str, code: int, tmp_path: Path) -> None:
    """Not found is 127, not executable 126, as for `env` and `timeout`."""
    (tmp_path / "not_executable").write_text("no program")
    done = trainwatch("launch", "--", command, home=tmp_path)

    assert done.returncode == code
    assert Path(command).name in said(done)


def test_a_run_directory_that_others_may_write(tmp_path: Path) -> None:
    """A run directory that group or others may write is refused with exit code 4."""
    done = trainwatch("launch", "--", "true", home=tmp_path, TRAINWATCH_HOME=str(tmp_path / "runs"))
    assert done.returncode == 0
    (run,) = [p.parent for p in (tmp_path / "runs").glob("*/run.json")]
    run.chmod(0o777)
    refused = trainwatch("attach", str(run), home=tmp_path)

    assert refused.returncode == 4
    assert "writ" in said(refused)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_run_directory_of_somebody_else(tmp_path: Path) -> None:
    """A run directory that is not ours is refused with exit code 4."""
    trainwatch("launch", "--", "true", home=tmp_path, TRAINWATCH_HOME=str(tmp_path / "runs"))
    (run,) = [p.parent for p in (tmp_path / "runs").glob("*/run.json")]
    os.chown(run, 12345, 12345)
    refused = trainwatch("attach", str(run), home=tmp_path)

    assert refused.returncode == 4
    said(refused)
