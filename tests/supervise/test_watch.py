from pathlib import Path

from tests.supervise.trainer import checkpoint

from trainwatch.supervise.watch import REST, Watch


def told(watch: Watch, now: float, rest: float = REST) -> list[tuple[str, bool]]:
    return [(Path(seen.path).name, seen.complete) for seen in watch.changes(now, rest)]


def test_a_checkpoint_is_told_once_it_rests(tmp_path: Path) -> None:
    """A folder that still changes is not judged; one at rest is, once, and again when it changes."""
    watch = Watch(tmp_path)
    watch.add_folder("out")
    checkpoint(tmp_path / "out", 10)
    assert told(watch, 0.0) == []
    assert told(watch, REST) == [("checkpoint-10", True)]
    assert told(watch, 100.0) == []
    (tmp_path / "out/checkpoint-10/model.safetensors").write_bytes(b"")
    assert told(watch, 101.0) == []
    assert told(watch, 101.0 + REST) == [("checkpoint-10", False)]


def test_a_named_checkpoint_leads_to_its_folder(tmp_path: Path) -> None:
    """A path in the log is enough to find the next checkpoints beside it; who asked for it stays known."""
    watch = Watch(tmp_path)
    path = checkpoint(tmp_path / "out", 10)
    checkpoint(tmp_path / "out", 20)
    watch.add_checkpoint(str(path), "request")
    seen = list(watch.changes(0.0, rest=0.0))
    assert [(Path(s.path).name, s.by) for s in seen] == [("checkpoint-10", "request"), ("checkpoint-20", "job")]


def test_the_newest_complete_one_before_the_trouble(tmp_path: Path) -> None:
    """Torn ones are passed over, and so are those after the step at which the trouble began."""
    watch = Watch(tmp_path)
    watch.add_folder("out")
    checkpoint(tmp_path / "out", 10)
    checkpoint(tmp_path / "out", 20)
    checkpoint(tmp_path / "out", 30, cut=0)
    newest, before = watch.newest_complete(1.0, None), watch.newest_complete(1.0, 15)
    assert newest is not None
    assert before is not None
    assert (newest.step, before.step) == (20, 10)
    assert watch.newest_complete(1.0, 5) is None


def test_what_an_earlier_supervisor_saw_is_not_told_again(tmp_path: Path) -> None:
    """After a restart the fold has it from the arrivals."""
    first, second = Watch(tmp_path), Watch(tmp_path)
    first.add_folder("out")
    checkpoint(tmp_path / "out", 10)
    for seen in first.changes(0.0, rest=0.0):
        second.seen_before(seen)
    assert told(second, 1.0, rest=0.0) == []


def test_folders_that_are_not_there_are_nothing(tmp_path: Path) -> None:
    """A configured folder may never come to be."""
    watch = Watch(tmp_path)
    watch.add_folder("nowhere")
    watch.add_checkpoint("")
    assert told(watch, 0.0, rest=0.0) == []
    assert not watch.judge(tmp_path / "nowhere/checkpoint-1", 0.0).complete
