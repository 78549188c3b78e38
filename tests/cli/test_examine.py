from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trainwatch.cli import examine
from trainwatch.model.inputs import Gpu, Sample
from trainwatch.sources.gpu import Nvml
from trainwatch.tui import terminal
from trainwatch.tui.terminal import Terminal


def program(path: Path, text: str) -> Path:
    """A program that prints a text and fails if there is none."""
    path.write_text(f"#!/bin/sh\nprintf '%s' '{text}'\n[ -n '{text}' ]\n")
    path.chmod(0o755)
    return path


def test_a_place_that_cannot_be_written_is_mended(tmp_path: Path) -> None:
    """A file where the folder of runs should be: the finding says where, and what to set."""
    (tmp_path / "file").touch()
    found = examine.keeping(tmp_path, {"TRAINWATCH_HOME": str(tmp_path / "file" / "runs")})
    assert (found.outcome, found.fix) == ("no", "export TRAINWATCH_HOME=FOLDER")
    assert str(tmp_path / "file" / "runs") in found.text
    assert examine.keeping(tmp_path, {"HOME": str(tmp_path)}).text.startswith(f"runs {tmp_path}/.trainwatch; ")


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the word that installs it."""
    from importlib import metadata

    def version(name: str) -> str:
        if name == "rich":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(metadata, "version", version)
    found = examine.versions()
    assert (found.outcome, found.fix) == ("no", "pip install rich")


def test_few_watches_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are watched all the same, until the limit is met."""
    monkeypatch.setattr(examine, "WATCHES", 1 << 40)
    found = examine.watching()
    assert found.outcome == "less"
    assert found.fix.startswith("sysctl fs.inotify.max_user_watches=")


def test_the_hook_is_tried_in_a_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not load it is told with its last word, and so is one that cannot be started."""
    assert examine.hook().outcome == "ok"
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python", "")))
    assert examine.hook().outcome == "less"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert "cannot be started" in examine.hook().text


def test_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names; without any, the reason and what is done without."""
    monkeypatch.setattr(Nvml, "sample", lambda _, now: Sample(now, (Gpu(0, "u", "H200", None, 0, 0), Gpu(1, "v", "", None, 0, 0))))
    assert examine.devices() == examine.Finding("devices", "ok", "H200, device 1")
    monkeypatch.setattr(Nvml, "sample", lambda _, now: Sample(now, (), "no driver"))
    assert examine.devices().text.startswith("no driver: ")


@pytest.mark.parametrize(
    ("found", "outcome", "text", "fix"),
    [
        (Terminal("full", ascii=False, colour=True), "ok", "a screen in Unicode, with colour", ""),
        (
            Terminal("full", ascii=True, colour=True, why="tmux runs without UTF-8: ASCII. Fix: tmux -u attach"),
            "less",
            "tmux runs without UTF-8: ASCII",
            "tmux -u attach",
        ),
        (Terminal("plain", ascii=False, colour=False, why="no terminal: plain lines"), "less", "no terminal: plain lines", ""),
    ],
)
def test_the_terminal_is_told_with_its_fix(found: Terminal, outcome: str, text: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the screen would say in its bottom line."""
    monkeypatch.setattr(terminal, "look", lambda: found)
    assert examine.terminal() == examine.Finding("terminal", outcome, text, fix)


@pytest.mark.parametrize(
    ("said", "outcome", "text"),
    [
        (None, "ok", "not here"),
        ("Slurmctld(primary) at n1 is UP", "ok", "Slurmctld(primary) at n1 is UP; this is job 7471"),
        ("Slurmctld(primary) at n1 is DOWN", "less", "Slurmctld(primary) at n1 is DOWN; this is job 7471"),
        ("", "less", "scontrol says nothing; this is job 7471"),
    ],
)
def test_slurm_is_asked(said: str | None, outcome: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its controller answers; a machine without it lacks nothing."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if said is not None else str(tmp_path))
    if said is not None:
        program(tmp_path / "scontrol", said)
    assert examine.slurm({"SLURM_JOB_ID": "7471"}) == examine.Finding("slurm", outcome, text)


def test_a_network_filesystem_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be seen there."""
    monkeypatch.setattr("trainwatch.sources.mounts.is_remote", lambda _: True)
    assert examine.filesystem(tmp_path).outcome == "less"
