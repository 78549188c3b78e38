from pathlib import Path

import pytest

from trainwatch.model.errors import NotWrittenError
from trainwatch.model.inputs import Chunk, Gpu, Input, Sample, Tick
from trainwatch.store.arrivals import Arrivals
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.intake import Intake


def intake(folder: Path, *, gpus: tuple[Gpu, ...] = ()) -> Intake:
    return Intake(RunDir(folder), sample=lambda now: Sample(now, gpus, "" if gpus else "no driver"))


def kinds(items: list[Input]) -> list[str]:
    return [type(item).__name__ for item in items]


def test_everything_is_written_before_it_is_handed_over(tmp_path: Path) -> None:
    """At the moment an input arrives at the fold it can be read from the arrivals by another process."""
    log = tmp_path / "a.out"
    log.write_text("one\ntwo\n", encoding="utf-8")
    source = intake(tmp_path)
    source.follow(str(log), 4, None)
    for handed, item in enumerate(source.arrived(10.0), 1):
        again = list(intake(tmp_path).recorded())
        assert len(again) == handed
        assert again[-1] == item
    assert [item.data for item in intake(tmp_path).recorded() if isinstance(item, Chunk)] == [b"two\n"]


def test_a_second_reader_goes_on_where_the_first_was(tmp_path: Path) -> None:
    """Not a byte twice and none missed, with the follower's own state or with the arrivals alone."""
    log = tmp_path / "a.out"
    log.write_bytes(b"one\n")
    first = intake(tmp_path)
    first.follow(str(log), 0, None)
    list(first.arrived(10.0))
    kept = first.positions()
    for state in (kept[str(log)], None, {"attempt": 9, "offset": 1}, {"attempt": 1, "offset": 4}):
        second = intake(tmp_path)
        list(second.recorded())
        second.follow(str(log), 0, state)
        with log.open("ab") as file:
            file.write(b"more\n")
        chunks = [item for item in second.arrived(11.0) if isinstance(item, Chunk)]
        assert [chunk.data for chunk in chunks] == [b"more\n"]


def test_ticks_lie_on_the_grid(tmp_path: Path) -> None:
    """One tick a second, on whole seconds, however often we look."""
    source = intake(tmp_path)
    ticks = [item.now for n in range(40) for item in source.arrived(100.05 + n / 10) if isinstance(item, Tick)]
    assert ticks == [100.0, 101.0, 102.0, 103.0]


def test_devices_are_noted_when_they_change_and_blindness_is_told_once(tmp_path: Path) -> None:
    """A look each two seconds: what changed is noted, what did not only every ten seconds; without devices the reason, once."""
    loads = iter([i / 1000 for i in range(1000)])
    cases = {"busy": lambda: Gpu(0, "u", "H200", next(loads) * 10, 1, 2), "idle": lambda: Gpu(0, "u", "H200", 0.501, 1, 2), "none": None}
    for (name, device), count in zip(cases.items(), (10, 2, 1), strict=True):
        (tmp_path / name).mkdir()
        look = lambda now, device=device: Sample(now, (device(),) if device else (), "" if device else "no driver")  # noqa: E731
        source = Intake(RunDir(tmp_path / name), sample=look)
        samples = [item for n in range(200) for item in source.arrived(100.0 + n / 10) if isinstance(item, Sample)]
        assert len(samples) == count, name
        assert samples == [item for item in intake(tmp_path / name).recorded() if isinstance(item, Sample)]


def test_a_month_stays_below_twenty_megabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight busy devices and a log that never rests: what is noted becomes rarer as the file grows; the size is played, not written."""
    log = tmp_path / "a.out"
    log.touch()
    power = iter(range(10**9))
    source = Intake(
        RunDir(tmp_path),
        sample=lambda now: Sample(
            now, tuple(Gpu(i, "GPU-" + "u" * 36, "NVIDIA H200", 0.9, 9**11, 9**11, 60.0, next(power)) for i in range(8))
        ),
    )
    source.follow(str(log), 0, None)
    monkeypatch.setattr("trainwatch.supervise.intake.DOUBLING", 2000)
    day, now, sizes = 86400 / 1000, 1e9, []
    for _ in range(30):
        until = now + day
        while now < until:
            now += 0.1
            with log.open("ab") as file:
                file.write(b"x\n")
            for _item in source.arrived(now):
                pass
        sizes.append(source._arrivals.size)
    assert sizes[-1] < 20_000
    assert list(intake(tmp_path).recorded())


def test_a_full_disk_stops_reading_and_keeps_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The input that could not be written comes first when it can be; the log is not read on meanwhile."""
    log = tmp_path / "a.out"
    log.write_bytes(b"one\n")
    source = intake(tmp_path)
    source.follow(str(log), 0, None)

    def full(_self: Arrivals, _item: Input) -> None:
        raise NotWrittenError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Arrivals, "write", full)
        for _ in range(3):
            with pytest.raises(NotWrittenError):
                list(source.arrived(10.0))
        log.write_bytes(b"one\ntwo\n")
    items = list(source.arrived(12.0))
    assert [item.data for item in items if isinstance(item, Chunk)] == [b"one\n", b"two\n"]
    assert kinds(items)[:2] == ["Chunk", "Chunk"]


def test_the_end_closes_every_source(tmp_path: Path) -> None:
    """After the last bytes each source gets its final, empty chunk."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
    source = intake(tmp_path)
    for name in ("a", "b"):
        source.follow(str(tmp_path / name), 0, None)
    chunks = [item for item in source.final(10.0) if isinstance(item, Chunk)]
    assert [(chunk.data, chunk.final) for chunk in chunks] == [(b"x", False), (b"x", False), (b"", True), (b"", True)]


def test_what_a_requeue_truncates_is_not_lost(tmp_path: Path) -> None:
    """The next supervisor, and every view, still read the first attempt, whose bytes are no longer in the log; then the second."""
    log = tmp_path / "a.out"
    log.write_bytes(b"step 1 loss 2.0\nstep 2 loss 1.0\n")
    first = intake(tmp_path)
    first.follow(str(log), 0, None)
    list(first.arrived(10.0))
    log.write_bytes(b"step 2 loss 0.9\n")
    list(first.arrived(20.0))
    first.close()
    log.write_bytes(b"step 3 loss 0.8\n")
    second = intake(tmp_path)
    chunks = [item for item in second.recorded() if isinstance(item, Chunk)]
    assert [(chunk.attempt, chunk.data) for chunk in chunks if chunk.data] == [
        (1, b"step 1 loss 2.0\nstep 2 loss 1.0\n"),
        (2, b"step 2 loss 0.9\n"),
    ]


@pytest.mark.parametrize("how", ["truncated", "renamed"])
def test_a_killed_supervisor_takes_nothing_with_it(tmp_path: Path, how: str) -> None:
    """Killed before it wrote any state, and the log truncated past the old offset or rotated twice since: every byte comes once."""
    log = tmp_path / "a.out"
    log.write_bytes(b"step 1 loss 2.0\n")
    killed = intake(tmp_path)
    killed.follow(str(log), 0, None)
    list(killed.arrived(10.0))
    with log.open("ab") as file:
        file.write(b"step 2 loss 1.9\n")
    list(killed.arrived(11.0))
    if how == "renamed":
        with log.open("ab") as file:
            file.write(b"step 3 loss 1.8\n")
        log.rename(tmp_path / "a.out.2")
        (tmp_path / "a.out.1").write_bytes(b"step 4 loss 1.7\n")
    log.write_bytes(b"step 5 loss 1.6\nstep 6 loss 1.5\nstep 7 loss 1.4\n")
    second = intake(tmp_path)
    before = [(item.attempt, item.data) for item in second.recorded() if isinstance(item, Chunk)]
    second.follow(str(log), 0, None)
    after = [(item.attempt, item.data, item.goes_on) for item in second.arrived(12.0) if isinstance(item, Chunk) and item.data]
    assert before == [(1, b"step 1 loss 2.0\n"), (1, b"step 2 loss 1.9\n")]
    rest = [(1, b"step 3 loss 1.8\n", False), (1, b"step 4 loss 1.7\n", False)] if how == "renamed" else []
    assert after == [*rest, (2, b"step 5 loss 1.6\nstep 6 loss 1.5\nstep 7 loss 1.4\n", how == "renamed")]
