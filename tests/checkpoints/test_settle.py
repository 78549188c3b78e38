from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.checkpoints import samples as build

from trainwatch.checkpoints import settle as module
from trainwatch.checkpoints.settle import settle


@pytest.mark.parametrize("name", build.KINDS)
def test_every_file_and_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """All files of the checkpoint, and the folders that name them."""
    path = build.KINDS[name][1](tmp_path)
    synced: list[Path] = []
    monkeypatch.setattr(module, "_sync_one", synced.append)
    done = settle(path)
    assert done.complete
    assert done.files == done.total == len(build.files(path))
    folders = {path, *(p for p in path.rglob("*") if p.is_dir())} if path.is_dir() else {path.parent}
    assert {p.resolve() for p in synced} == {*build.files(path), *folders}


def test_a_real_sync_succeeds(tmp_path: Path) -> None:
    """On a disk that answers nothing is left to say."""
    assert settle(build.hf(tmp_path)).why == ""


def test_a_disk_that_does_not_answer_is_reported_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller goes on after the time it gave."""
    release = threading.Event()
    monkeypatch.setattr(module, "_sync_one", lambda _: release.wait(30))
    done = settle(build.hf(tmp_path), within=0.05)
    release.set()
    assert not done.complete
    assert done.files == 0
    assert "not finished within 0.05 s" in done.why


def test_what_cannot_be_synced_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is part of the answer, and so is a checkpoint that is not there."""

    def fail(path: Path) -> None:
        if path.name == "optimizer.pt":
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(module, "_sync_one", fail)
    assert settle(build.hf(tmp_path)).why == "optimizer.pt: Input/output error"
    assert "cannot be looked at" in settle(tmp_path / "nowhere").why
