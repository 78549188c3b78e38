from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live import Live, living


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A place for real runs."""
    with living(tmp_path) as place:
        yield place
