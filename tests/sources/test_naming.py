from pathlib import Path

from trainwatch.sources.naming import called, job, parse


def test_a_run_is_called_by_its_log_or_its_folder() -> None:
    """The names that streams of ranks have tell nothing: the folder given to `--log-dir` does."""
    names = ("a/train_v4.out", "runs/x9/stdout.log", "runs/x9/none_a1/attempt_0/3/stderr.log")
    assert [called(Path(name)) for name in names] == ["train_v4", "x9", "x9"]


def test_the_logs_of_a_job_are_named_alike() -> None:
    """Streams, ranks, restarts and parts are of one job; another id in the name is another job."""
    names = ("d/x_rank0.out", "d/x_rank0.err", "d/x_rank11.out", "d/x_rank0.out.1")
    assert len({job(Path(name)) for name in names}) == 1
    assert len({job(Path(f"/l/a1/attempt_{again}/{rank}/stdout.log")) for again in (0, 1) for rank in (0, 1)}) == 1
    assert job(Path("d/x_7471.out")) != job(Path("d/x_7472.out"))
    told = parse(Path("/l/a1/attempt_2/3/stderr.log"))
    assert (told.rank, told.again, told.stream) == (3, 2, "err")
