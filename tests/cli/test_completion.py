from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from trainwatch.cli import shells
from trainwatch.cli.main import VERBS, main, parser_of
from trainwatch.cli.words import verbs


@pytest.fixture(scope="module")
def script() -> str:
    """What bash is told."""
    return shells.bash(verbs())


def completed(script: str, folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words; `trainwatch ls` knows one run."""
    ours = folder / "trainwatch"
    ours.write_text("#!/bin/sh\necho 'gpt-20261120-101500-1f2e  running  step 5'\n")
    ours.chmod(0o755)
    typed = shlex.join(("trainwatch", *words))
    asked = f"{script}\nCOMP_WORDS=({typed}); COMP_CWORD={len(words)}; _trainwatch; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", asked], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ch",), ["check"]),
        (("check", "--st"), ["--strict"]),
        (("check", "--rules", "f"), ["finetune", "full"]),
        (("check", "train.out", "-f", ""), ["text", "json"]),
        (("formats", ""), ["list", "show", "check", "test", "new"]),
        (("formats", "test", "--fo"), ["--formats"]),
        (("completion", "f"), ["fish"]),
        (("stop", ""), ["gpt-20261120-101500-1f2e"]),
        (("launch", "--hook", ""), ["auto", "none"]),
        (("launch", "--", "python", "--v"), []),
        (("check", "tr"), []),
        (("check", "--fact", ""), []),
    ],
    ids=" ".join,
)
def test_bash_is_offered(words: tuple[str, ...], offered: list[str], script: str, tmp_path: Path) -> None:
    """Verbs, options, their values, runs; nothing, and so files, where anything may stand, and behind -- what is the command's own."""
    assert completed(script, tmp_path, *words) == offered


def test_every_option_of_every_verb_is_offered(script: str, tmp_path: Path) -> None:
    """What `--help` of a verb tells is completed."""
    for verb in ("launch", "attach", "report", "stop", "latest"):
        told = set(re.findall(r"--[a-z][a-z-]+", parser_of(verb).format_usage()))
        assert told <= set(completed(script, tmp_path, verb, "--")), verb


def test_verbs_are_those_of_the_help() -> None:
    """In the same order, each with its one line."""
    assert {verb.name: verb.about for verb in verbs()} == VERBS


def test_fish_is_told_every_word() -> None:
    """A line a word; texts with quotes and backslashes stay one word."""
    lines = [shlex.split(line.replace("\\'", "")) for line in shells.fish(verbs()).splitlines()[1:]]
    told = {line[line.index("-a") + 1] for line in lines if "__fish_use_subcommand" in line}
    assert told == set(VERBS)
    assert next(line for line in lines if "strict" in line)[-4:-1] == ["-l", "strict", "-d"]
    assert shells._fish("it's a \\ b") == "'it\\'s a \\\\ b'"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_can_be_read(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shell itself finds no fault, where it is installed; zsh goes through the script of bash."""
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    reader = shell if shutil.which(shell) else "bash"
    if shell in (reader, "zsh"):
        subprocess.run([reader, "-n", str(script)], check=True, capture_output=True, timeout=60)
    assert script.read_text().startswith("#")


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err
