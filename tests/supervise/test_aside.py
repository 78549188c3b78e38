import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from trainwatch.store.rundir import RunDir
from trainwatch.supervise.aside import reason


@pytest.mark.parametrize(("free", "told"), [(0, "No space left on device"), (9, "supervisor.log")])
def test_why_nobody_supervises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, told: str) -> None:
    """A full disk is named, because supervisor.log could not be written there; otherwise that file says why."""
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=free))
    assert reason(RunDir(tmp_path)).endswith(told)
