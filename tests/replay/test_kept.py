from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.replay.runs import evaluation, record
from tests.seeds import overfit_log

from trainwatch.engine.engine import Engine
from trainwatch.engine.frozen import Frozen
from trainwatch.engine.kept import set_aside, take_up
from trainwatch.formats.catalog import builtin, text_of
from trainwatch.model.inputs import Chunk
from trainwatch.model.series import Series
from trainwatch.model.snapshot import RunInfo, Snapshot
from trainwatch.replay import kept
from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import builtin_names, load
from trainwatch.store import columns

PRESET = load("default")

MEGATRON = b"".join(
    b" iteration %8d/    1000 | consumed samples: %12d | elapsed time per iteration (ms): 1234.5 | learning rate: 1.000E-04 | global batch size:    32 "
    b"| lm loss: %.6E | loss scale: 1.0 | grad norm: 0.500 | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
    % (step, step * 32, 2 + 1 / step if step % 97 else float("nan"))
    for step in range(1, 400)
)
EPOCHS = b"".join(
    b"Epoch %d/50\nepoch %d loss: %.4f lr: 0.001\nepoch %d val_loss: %.4f accuracy: 0.5\n" % (e, e, 2 / e, e, 2.1 / e) for e in range(1, 40)
)
BARS = b"".join(
    b"\r %3d%%|#####     | %d/500 [00:%02d<01:00,  9.65it/s]" % (step // 5, step, step % 60)
    + (b"\n{'loss': %.4f, 'grad_norm': 0.5, 'learning_rate': 2e-05, 'epoch': %.2f}\n" % (2 / step, step / 100) if step % 10 == 0 else b"")
    + (
        b"\n{'eval_loss': %.4f, 'epoch': %.2f}\nSaving model checkpoint to out/checkpoint-%d\n" % (2.5 / step, step / 100, step)
        if step % 50 == 0
        else b""
    )
    for step in range(1, 501)
)
LOGS = {
    "overfit": overfit_log().encode(),
    "megatron": MEGATRON,
    "epochs": EPOCHS,
    "bars": BARS,
    "mixed": BARS + MEGATRON + EPOCHS + overfit_log().encode() + b"Traceback (most recent call last):\nRuntimeError: CUDA out of memory.\n",
}


def told(snapshot: Snapshot) -> dict[str, str]:
    """All that a snapshot says, to be compared."""
    values = {f.name: getattr(snapshot, f.name) for f in fields(snapshot)}
    values["schedule"] = values["schedule"]()
    values["facts"] = dict(values["facts"])
    values["series"] = {name: _parts(series) for name, series in values["series"].items()}
    values["epochs"] = _parts(values["epochs"])
    return {name: repr(value) for name, value in values.items()}


def _parts(series: Series) -> list[list[object]]:
    """A curve as what it holds."""
    return [list(_flat(getattr(series, slot))) for slot in Series.__slots__]


def _flat(value: object) -> list[object]:
    """A list of arrays or an array as what it holds."""
    return [repr(part) for part in value] if isinstance(value, list) else [repr(value)]


def new(preset: str = "default") -> Engine:
    """A fold that knows nothing."""
    return Engine(PRESET if preset == "default" else load(preset), RunInfo("run", "run", ("train.out",)))


def again(engine: Engine, data: bytes) -> Engine:
    """The engine set aside and taken up by a new one."""
    frozen = set_aside(engine)
    raw = b"".join(bytes(memoryview(part).cast("B")) for part in frozen.blobs)
    fresh = Engine(engine.preset, engine.run)
    take_up(fresh, Frozen(frozen.root, frozen.nodes, frozen.shapes, (raw,)), lambda _, offset, length: data[offset : offset + length])
    return fresh


def feed(engine: Engine, data: bytes, start: int, stop: int, *, final: bool = False, piece: int = 5000) -> None:
    """Bytes of the log in pieces."""
    for at in range(start, stop, piece):
        engine.feed(Chunk("train.out", at, data[at : min(at + piece, stop)]))
    if final:
        engine.feed(Chunk("train.out", stop, b"", final=True))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_fold_goes_on_as_if_it_had_never_been_set_aside(data: st.DataObject) -> None:
    """Whatever the log and wherever it is cut, in the middle of a record too: the same snapshot then, and at the end."""
    log = LOGS[data.draw(st.sampled_from(sorted(LOGS)))]
    cut = data.draw(st.integers(0, len(log)))
    straight = new()
    feed(straight, log, 0, cut)
    kept_one = again(straight, log)
    assert told(kept_one.snapshot()) == told(straight.snapshot())
    for engine in (straight, kept_one):
        feed(engine, log, cut, len(log), final=True)
    assert told(kept_one.snapshot()) == told(straight.snapshot())


@pytest.mark.parametrize("preset", builtin_names())
def test_every_rule_that_comes_with_trainwatch_can_be_set_aside(preset: str) -> None:
    """No kind of rule keeps what has no plain form, and each decides afterwards what it would have decided."""
    log = LOGS["mixed"]
    straight = new(preset)
    feed(straight, log, 0, len(log) // 2)
    kept_one = again(straight, log)
    for engine in (straight, kept_one):
        feed(engine, log, len(log) // 2, len(log), final=True)
    assert told(kept_one.snapshot()) == told(straight.snapshot())


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log, a cache of its own, and the wish to keep even this little."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "WORTH", 1000)
    path = tmp_path / "train.out"
    path.write_bytes(BARS)
    return path


def files(log: Path) -> list[Path]:
    """What is kept."""
    return sorted((log.parent / "cache").rglob("*.columns"))


def look(*logs: Path, **words: object) -> tuple[dict[str, str], list[int]]:
    """What a look at logs tells, and from which byte on each was read."""
    begun: list[int] = []
    feed_all = Engine.feed

    def spy(engine: Engine, item: Chunk) -> list[object]:
        begun.append(item.offset)
        return feed_all(engine, item)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Engine, "feed", spy)
        engine = fold_files(list(logs), preset=words.pop("preset", PRESET), **words)
    return told(engine.snapshot()), begun


def fresh(*logs: Path, **words: object) -> dict[str, str]:
    """What a look without anything kept tells."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept.Keeper, "take_up", lambda *_: {})
        patched.setattr(kept.Keeper, "set_aside", lambda *_: False)
        return look(*logs, **words)[0]


def test_the_second_look_reads_nothing_again(log: Path):
    """What was kept is taken up, and tells the same."""
    first, begun = look(log)
    assert begun[0] == 0
    second, begun = look(log)
    assert begun == [len(BARS)]
    assert first == second == fresh(log)


def test_what_was_appended_is_read_and_kept_too(log: Path):
    """A log that grew, in the middle of a record too, is read from where it was left; much that is new is kept again."""
    for size in (20_000, 20_013, len(BARS)):
        log.write_bytes(b"")
        log.write_bytes(BARS[:size])
        look(log)
        with log.open("ab") as file:
            file.write(BARS[size:] + evaluation(1, 0.5))
        told_now, begun = look(log)
        assert begun[0] == size
        assert told_now == fresh(log)
        assert look(log)[1] == [log.stat().st_size] or size == len(BARS)


@pytest.mark.parametrize("change", ["truncated", "begun anew", "begun anew and longer", "replaced", "changed in place", "another log"])
def test_what_is_no_longer_there_is_not_taken_up(log: Path, change: str):
    """Whatever happened to the log, what is told is what a look without anything kept tells."""
    look(log)
    match change:
        case "truncated":
            os.truncate(log, 9000)
        case "begun anew":
            log.write_bytes(MEGATRON)
        case "begun anew and longer":
            log.write_bytes(EPOCHS + BARS + MEGATRON)
        case "replaced":
            log.with_name("new").write_bytes(BARS.replace(b"'loss': 0.2", b"'loss': 0.3"))
            log.with_name("new").replace(log)
        case "changed in place":
            was = log.stat().st_mtime_ns
            log.write_bytes(BARS.replace(b"'loss': 0.2", b"'loss': 0.9"))
            os.utime(log, ns=(was + 1, was + 1))
        case "another log":
            log = log.with_name("other.out")
            log.write_bytes(BARS)
    told_now, begun = look(log)
    assert begun[0] == 0
    assert told_now == fresh(log)


@pytest.mark.parametrize("words", [{"preset": load("off")}, {"stated": {"total_steps": 7.0}}, {"formats": ["generic"]}], ids=str)
def test_what_was_read_with_other_words_is_not_taken_up(log: Path, words: dict[str, object]):
    """Other rules, facts or formats mean another reading; each is kept for itself."""
    look(log)
    told_now, begun = look(log, **words)
    assert begun[0] == 0
    assert told_now == fresh(log, **words)
    assert look(log, **words)[1] == [len(BARS)]
    assert look(log)[1] == [len(BARS)]


def test_a_format_file_that_was_changed_reads_anew(log: Path, tmp_path: Path):
    """A format file is known by its place, its length and its time: what was read with it as it was is not taken up."""
    file = tmp_path / "mine.toml"
    text = text_of(next(fmt for fmt in builtin() if fmt.name == "hf_trainer"))
    file.write_text(text)
    look(log, formats=[str(file)])
    assert look(log, formats=[str(file)])[1] == [len(BARS)]
    file.write_text(text + "\n")
    assert look(log, formats=[str(file)])[1][0] == 0


def test_another_version_reads_anew(log: Path, monkeypatch: pytest.MonkeyPatch):
    """What the code of another day decided is not taken for what this one would."""
    look(log)
    monkeypatch.setattr(kept, "_version", lambda: "another")
    assert look(log)[1][0] == 0


def test_a_file_that_makes_no_sense_is_ignored(log: Path):
    """Torn, foreign, with a state of another shape: all is read again, and kept well afterwards."""
    expected = look(log)[0]
    (path,) = files(log)
    header = columns.read_header(path)
    pair = [["l", [1], [2]], ["d"]]
    for state in (
        None,
        [],
        [[0], [["o", 0]], [["os", "system"]]],
        [None, [], []],
        [[0], [*pair, ["l"]], []],
        [[0], [*pair, ["d", "a", 1]], []],
    ):
        columns.write(path, columns.encode(header, state, []))
        assert look(log)[0] == expected
        assert look(log)[1] == [len(BARS)]
    path.write_bytes(path.read_bytes()[:-3])
    assert look(log)[0] == expected


def test_a_cache_that_cannot_be_written_costs_only_time(log: Path):
    """A file stands where the folder should be."""
    (log.parent / "cache").touch()
    first = look(log)
    assert look(log) == first
    assert first[0] == fresh(log)


def test_several_logs_are_kept_as_one_run(log: Path):
    """All but the last are over; the last may grow. One that was over and grew makes all be read again."""
    other = log.with_name("second.out")
    other.write_bytes(MEGATRON)
    first, _ = look(log, other)
    told_now, begun = look(log, other)
    assert begun == [len(MEGATRON)]
    assert told_now == first
    with other.open("ab") as file:
        file.write(MEGATRON[:2000])
    assert look(log, other)[1][0] == len(MEGATRON)
    with log.open("ab") as file:
        file.write(record(1))
    told_now, begun = look(log, other)
    assert begun[0] == 0
    assert told_now == fresh(log, other)


def test_a_log_in_utf_16_is_read_anew(log: Path):
    """The state of a decoder has no plain form: nothing is kept, and nothing is missing."""
    log.write_bytes(overfit_log().encode("utf-16"))
    first = look(log)
    assert look(log) == first
    assert files(log) == []


def test_little_is_not_kept(log: Path, monkeypatch: pytest.MonkeyPatch):
    """A small log leaves nothing behind."""
    monkeypatch.setattr(kept, "WORTH", len(BARS) + 1)
    look(log)
    assert files(log) == []


def test_kept_columns_hold_no_code(log: Path):
    """The file is a header, JSON and numbers: no pickle, and no name of a class that is not ours."""
    look(log)
    (path,) = files(log)
    saved = columns.read(path)
    _, _, shapes = saved.state
    assert all(re.fullmatch(r"trainwatch\.[a-z_.]+", module) for module, *_ in shapes)
    assert b"\x80\x04" not in path.read_bytes()[:2]
