from pathlib import Path

import pytest
from tests.replay.runs import FakeClock, Supervisor


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    path = tmp_path / "train.out"
    path.touch()
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a state directory of its own."""
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def supervisor(log: Path, environ: dict[str, str]) -> Supervisor:
    """A supervised run that writes the log."""
    return Supervisor(log, environ)
