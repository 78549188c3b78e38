from pathlib import Path

import pytest

from trainwatch.store.rundir import RunDir
from trainwatch.supervise import slurm
from trainwatch.supervise.job import GONE_AFTER, NEVER_FOUND, Job


@pytest.mark.parametrize(("job_id", "looks"), [("", GONE_AFTER), ("17", NEVER_FOUND)])
def test_a_job_that_was_never_found_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job_id: str, looks: int) -> None:
    """A supervisor that was attached to a job that is gone ends; one that Slurm knows of is waited for longer, until Slurm had time to answer."""
    monkeypatch.setattr(slurm, "show", lambda _: None)
    job = Job(RunDir(tmp_path), [str(tmp_path / "gone.log")], attached=True, job_id=job_id)
    assert [job.ended() for _ in range(looks)] == [False] * (looks - 1) + [True]
