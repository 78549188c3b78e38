"""The short selection of `make chaos`: every fault once, at moments that are the same in every run of the tests."""

from pathlib import Path

import pytest
from tests import chaos
from tests.faults import FAULTS, Fault


@pytest.mark.real
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_while_a_job_is_stopped(tmp_path: Path, fault: Fault) -> None:
    """No signal before a proof, one stop at most, no rank left behind, none ended that was to go on, the right exit code."""
    if fault.needs:
        pytest.skip(fault.needs)
    assert not chaos.one(fault, 7, tmp_path / "run")
