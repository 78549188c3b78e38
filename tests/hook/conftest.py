from __future__ import annotations

from pathlib import Path

import pytest
from tests.hook.harness import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A run directory with the hook in it, and a place for a job."""
    return Bench(tmp_path)
