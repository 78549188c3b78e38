import pytest
from tests.live import wait_for

from trainwatch.supervise import slurm
from trainwatch.supervise.horizon import MARGIN, UNMEASURED, Horizon

LINE = (
    "JobId=7 JobName=x UserId=root(0) JobState=RUNNING Reason=None Requeue=1 Restarts=2 BatchFlag=1 StartTime=2026-11-20T10:00:00 "
    "EndTime=2026-11-20T11:00:00 NumNodes=2-4 NumCPUs=2 StdOut=/a b.out"
)


def test_a_job_as_slurm_tells_it() -> None:
    """State, end, requeue, nodes; a job without an end has none, and other text is no job."""
    job = slurm.parse(LINE)
    assert job is not None
    assert (job.id, job.state, job.requeue, job.restarts, job.nodes, job.over) == ("7", "RUNNING", True, 2, 2, False)
    assert job.ends_at is not None
    endless = slurm.parse(LINE.replace("2026-11-20T11:00:00", "Unknown"))
    assert endless is not None
    assert endless.ends_at is None
    assert slurm.parse("slurm_load_jobs error: Invalid job id specified") is None


@pytest.mark.parametrize(
    ("before", "save", "due"), [(None, 0.0, 2 * UNMEASURED + MARGIN), (None, 300.0, 600 + MARGIN), (50.0, 300.0, 50.0)]
)
def test_the_moment_depends_on_how_long_a_save_takes(before: float | None, save: float, due: float) -> None:
    """Twice the measured time and a margin, or what was asked for; resumable, with a deadline before the end."""
    horizon = Horizon("", ends_at=10_000.0, before=before)
    assert horizon.wish(10_000 - due - 1, save) is None
    wish = horizon.wish(10_000 - due, save)
    assert wish is not None
    assert (wish.goal, wish.cause, wish.deadline) == ("stop", "resume", 9995.0)
    assert horizon.wish(9_996.0, save) is None


def test_an_allocation_is_asked_for_by_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for Slurm; a job that is over, or that is not there, has no end."""
    ends = {"7": 1000.0, "8": None}
    monkeypatch.setattr(slurm, "show", lambda job: slurm.Allocation(job, "RUNNING", ends[job], requeue=True, restarts=0, nodes=1))
    ending = slurm.Ending("7")
    ending(10.0)
    wait_for(lambda: ending(11.0) == 1000.0, "the answer")
    assert slurm.Ending("")(10.0) is None
    assert slurm.Ending("8")(10.0) is None


def test_slurm_may_move_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again before anything is done; when it says nothing, its last answer stands."""
    answers = [1000.0, 5000.0, None]
    asked: list[str] = []

    def show(job: str) -> slurm.Allocation | None:
        asked.append(job)
        end = answers[min(len(asked), len(answers)) - 1]
        return None if end is None else slurm.Allocation("7", "RUNNING", end, requeue=True, restarts=0, nodes=1)

    monkeypatch.setattr(slurm, "show", show)
    horizon = Horizon("7", ends_at=None, before=100.0)
    assert horizon.wish(10.0, 0.0) is None
    assert horizon.wish(500.0, 0.0) is None
    assert asked == ["7"]
    assert horizon.wish(905.0, 0.0) is None
    assert horizon.wish(4_950.0, 0.0) is not None
