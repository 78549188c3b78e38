import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live import Live, living


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A place for real runs."""
    with living(tmp_path) as place:
        yield place


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was read of a log is not kept in the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _hangup() -> None:
    """A hangup means to the runs of tests what it means in a terminal, also when the tests run under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
