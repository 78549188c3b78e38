from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.reading import mixture, plain, read, read_in, values

from trainwatch.formats.reader import MAX_UNFINISHED, Reader
from trainwatch.model.facts import Facts


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(0, 1 << 16), max_size=12))
def test_the_records_do_not_depend_on_the_chunks(seed: int, cuts: list[int]) -> None:
    """Any split of the bytes gives the same records, with the same lines, offsets, steps and values."""
    data = mixture(seed)
    assert read_in(data, cuts) == read_in(data, [])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(0, 1 << 16), max_size=12))
def test_both_drivers_read_the_same(seed: int, cuts: list[int]) -> None:
    """The block driver gives exactly the records of the line driver, whatever the log mixes."""
    data = mixture(seed) * 3
    assert read_in(data, cuts) == read_in(data, [], fast=False)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b""])
@pytest.mark.parametrize("next_line", [b"{'loss': 1.5, and no record", b"{'loss': 1.5, 'learning_rate': 0.5, 'epoch': 0.3}"])
def test_what_may_be_a_record_behind_one_is_seen_by_both_drivers(next_line: bytes, end: bytes) -> None:
    """A record that is glued to a bar tells the steps per epoch only with another one behind it, however the log ends."""
    glued = b"\r 10%%|# | %d/300 [00:10<01:35,  3.14it/s]{'loss': 2.5, 'learning_rate': 0.5, 'epoch': %.2f}\n"
    data = b"".join(glued % (step, step / 30) + b"some words\n" for step in range(9, 90, 9)) + glued % (90, 3.0) + next_line + end
    assert read_in(data, []) == read_in(data, [], fast=False) == read_in(data, [len(data) - 1])


@pytest.mark.parametrize("driver", ["blocks", "lines"])
def test_lines_that_were_given_a_return_twice_are_lines(driver: str) -> None:
    """A log that went through two translations of its newlines shows what it holds, in whatever pieces it comes."""
    line = b"{'loss': 2.5, 'learning_rate': 0.5, 'epoch': %d.5}\r\r\n"
    data = b"".join(line % epoch for epoch in range(9))
    for size in range(1, len(line) + 3):
        assert len(read_in(data, list(range(0, len(data), size)), fast=driver == "blocks")) == 9


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1 << 30))
def test_columns_that_nobody_asks_for_change_nothing_else(seed: int) -> None:
    """With one name asked for, records stand where they stood, with the same steps and the same values of that name."""
    data = mixture(seed) * 3
    whole, narrow = read_in(data, []), read_in(data, [], only={"loss"})
    assert [record[:5] for record in narrow] == [record[:5] for record in whole]
    assert [values(record).get("loss") for record in narrow] == [values(record).get("loss") for record in whole]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000), max_size=5))
def test_no_bytes_raise(data: bytes, cuts: list[int]) -> None:
    """Whatever a log holds, it is read to its end."""
    read_in(data, cuts)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="{}'\":,=[]()|/ \r\n\x1b0123456789.eE-+%lostepchrank<", max_size=2000))
def test_no_text_that_looks_like_a_log_raises(text: str) -> None:
    """Broken pieces of the syntax of logs are read to their end."""
    read(text)


def test_the_block_driver_is_in_use_on_a_long_log() -> None:
    """After a few records of a shape a pattern of it is learned, and whole blocks come from it."""
    data = b"".join(b"iter %d: loss 1.5, time 2.0ms, mfu 3.0%%\n" % i for i in range(5000))
    reader = Reader("log", facts=Facts())
    blocks = [block for start in range(0, len(data), 50_000) for block in reader.feed(data[start : start + 50_000], start)]
    assert sum(map(len, blocks)) == 5000
    assert max(map(len, blocks)) > 500
    assert [record[4] for record in plain(blocks)] == list(range(5000))


@pytest.mark.parametrize(
    "line",
    [
        "{bar}{bar}\n{{'loss': {x}, 'epoch': {x}}}\n",
        "{bar}{{'loss': {x}, 'epoch': {x}}}\n",
        "[INFO|22:09:{s:02}] logging.py:157 >> {{'loss': {x}, 'epoch': {x}}}\n\n",
        " [10:00:{s:02}] iteration {i:8}/ 5000 | lm loss: {x} | loss scale: 1.0 |\n",
    ],
)
def test_what_stands_between_records_does_not_send_them_to_the_line_driver(line: str) -> None:
    """Bars that end with a newline or have a record glued to them, times before records, empty lines: whole blocks all the same."""
    bar = "\r  0%|▏ | 1/9999 [00:01<1:35,  3.14it/s]"
    data = "".join(line.format(bar=bar, x=i / 7, i=i, s=i % 60) for i in range(1, 3000)).encode()
    blocks = Reader("log", facts=Facts()).feed(data, 0, final=True)
    assert sum(map(len, blocks)) == 2999
    assert max(map(len, blocks)) > 300


def test_columns_that_nobody_asks_for_are_left_out() -> None:
    """A long log read for its loss has no other column, and its steps all the same."""
    data = b"".join(b"iter %d: loss 1.5, time 2.0ms, mfu 3.0%%\n" % i for i in range(5000))
    block = max(Reader("log", facts=Facts(), only={"loss"}).feed(data, 0, final=True), key=len)
    assert set(block.columns) == {"loss"}
    assert block.step(len(block) // 2) == block.step(0) + len(block) // 2  # type: ignore[operator]


def test_a_record_without_a_newline_is_complete_at_the_end_only() -> None:
    """A last line without its newline is held until more comes or the source ends."""
    reader = Reader("log", facts=Facts())
    assert reader.feed(b"iter 1: loss 2.0, time 1.0ms, mfu 3.0%", 0) == []
    assert [record[4] for record in plain(reader.feed(b"", 38, final=True))] == [1]


def test_lines_count_newlines_only() -> None:
    """Carriage returns do not make lines."""
    found = read("a\rb\r\nc\n\nstep 1000: train loss 4.5, val loss 4.6\n")
    assert [record[2] for record in found] == [4]


def test_utf16_is_read() -> None:
    """A log that Windows redirected, UTF-16 with a mark and CRLF, gives its records."""
    text = "step 10: train loss 1.5, val loss 2.5\r\niter 10: loss 1.5, time 2.0ms, mfu 1.0%\r\n"
    assert [record[0] for record in read(text.encode("utf-16"))] == ["eval", "train"]


@given(st.integers(0, 400), st.integers(0, 60), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_the_newest_bytes_once_more(start: int, torn: int, codec: str) -> None:
    """The end of a source, from any byte of it on, is the end of the text that its records have their offsets in."""
    text = "\ufeff" + "\N{EURO SIGN} step 10: train loss 1.5, val loss 2.5\n" * 8
    reader, data = Reader("t", facts=Facts()), text.encode(codec)
    data = data[: len(data) - torn]
    start = min(start, len(data))
    reader.feed(data[:100], 0)
    reader.feed(data[100:], 100)
    again, offset = reader.again(data[start:], start)
    decoded = data if codec == "utf-8" else data.decode(codec, "ignore").removeprefix("\ufeff").encode()
    assert (again, offset) == (decoded[offset:], len(decoded) - len(again))


def test_our_own_lines_are_skipped() -> None:
    """What trainwatch itself wrote into the job's log is no record."""
    assert read("[trainwatch] iter 1: loss 2.0, time 1.0ms, mfu 3.0%\n[trainwatch] step 3 loss=0.5\n") == []


def test_a_line_of_megabytes_is_left_out_and_the_next_is_read() -> None:
    """Memory stays bounded when no newline comes for long."""
    reader = Reader("log", facts=Facts())
    offset = 0
    for _ in range(12):
        assert reader.feed(b"x" * (1 << 20), offset) == []
        offset += 1 << 20
    assert reader._waiting <= MAX_UNFINISHED + (1 << 20)
    tail = b"\niter 7: loss 2.0, time 1.0ms, mfu 3.0%\n"
    assert [record[4] for record in plain(reader.feed(tail, offset, final=True))] == [7]


@pytest.mark.parametrize("spelling", ["nan", "NaN", "-nan", "inf", "Infinity", "-inf"])
def test_what_is_not_finite_is_read(spelling: str) -> None:
    """NaN and infinity are values in every spelling: they are what a stop rule needs most."""
    (record,) = read(f"{{'loss': {spelling}, 'learning_rate': 0.1, 'epoch': 0.5}}\n")
    assert values(record)["loss"] == ("nan" if "nan" in spelling.lower() else float(spelling))


def test_detected_names_the_formats_in_order() -> None:
    """The formats that gave records are named, the first one first."""
    reader = Reader("log", facts=Facts())
    reader.feed(b"iter 1: loss 2.0, time 1.0ms, mfu 3.0%\n{'loss': 1.0, 'epoch': 0.5}\n", 0, final=True)
    assert reader.detected == ("nanogpt", "hf_trainer")


def test_formats_can_be_restricted() -> None:
    """With names given, only those formats read."""
    text = "iter 1: loss 2.0, time 1.0ms, mfu 3.0%\n{'loss': 1.0, 'learning_rate': 0.1, 'epoch': 0.5}\n"
    assert [record[1] for record in read(text, names=["hf_trainer"])] == ["hf_trainer"]


def test_a_total_beside_the_step_is_the_total_of_the_run() -> None:
    """`iteration 58/ 500000` of Megatron and `step 5/100` of anybody say how long the run is."""
    facts = Facts()
    reader = Reader("log", facts=facts)
    reader.feed(b" iteration       58/  500000 | consumed samples:  1856 | lm loss: 2.867985E+00 | loss scale: 1.0 |\n", 0, final=True)
    assert (reader.progress, facts.number("total_steps")) == ((58, 500000), 500000)
    reader = Reader("log", facts=Facts())
    reader.feed(b"step 5/100 loss: 2.0\nstep 6/100 loss: 1.9\n", 0, final=True)
    assert reader.progress == (6, 100)


def test_a_total_within_an_epoch_is_not_that_of_the_run() -> None:
    """`step 7/50` beside an epoch counts the steps of that epoch."""
    for text in (b"Epoch 1 step 7/50 loss: 1.0\n", b"Epoch 3/20\nstep 7/50 loss: 1.0\n"):
        reader = Reader("log", facts=Facts())
        reader.feed(text, 0, final=True)
        assert reader.progress is None or reader.progress[1] is None


def test_stamps_before_the_training_do_not_time_it() -> None:
    """A launcher that prints the time twice at its start does not say how long 26 records took; stamps on the records do."""
    launcher = b"[2026-01-02 10:00:00,000] [INFO] launch\n[2026-01-02 10:00:00,907] [INFO] ranks\n"
    records = [b"{'loss': %.4f, 'grad_norm': 1.0, 'learning_rate': 0.0001, 'epoch': %.2f}\n" % (2 - i / 26, i / 10) for i in range(26)]
    reader = Reader("log", facts=Facts())
    reader.feed(launcher + b"".join(records), 0, final=True)
    assert reader.span.seconds is None
    stamped = [b"[2026-01-02 10:%02d:00,000] " % i + record for i, record in enumerate(records)]
    reader = Reader("log", facts=Facts())
    reader.feed(launcher + b"".join(stamped), 0, final=True)
    assert (reader.span.seconds, reader.span.how) == (25 * 60, "timestamps")


def test_a_save_without_a_step_is_that_of_the_record_before() -> None:
    """A script like nanoGPT saves right behind its evaluation and names only the folder: the step is derived, and said to be."""
    found = read("step 6000: train loss 4.5155, val loss 4.5217\nsaving checkpoint to out\n")
    assert [(record[0], record[4], record[7]) for record in found] == [("eval", 6000, ()), ("event", 6000, ("step",))]
    assert read("saving checkpoint to out\n")[0][4] is None


def test_an_evaluation_without_a_step_was_made_where_the_run_had_come_to() -> None:
    """DeepSpeed-Chat prints `ppl: 2.1` behind the engine's steps: derived, in both drivers."""
    engine = "[2026-01-02 03:04:05,590] [INFO] [logging.py:96:log_dist] [Rank 0] step={}, skipped=0, lr=[9.5e-06], mom=[(0.9, 0.95)]\n"
    text = "".join(engine.format(10 * i) + ("ppl: 2.25\n" if i % 3 == 0 else "") for i in range(1, 400))
    for fast in (True, False):
        found = [record for record in read_in(text.encode(), [], fast=fast) if record[0] == "eval"]
        assert [(record[4], record[7]) for record in found] == [(30 * i, ("step",)) for i in range(1, 134)]


@pytest.mark.parametrize("size", [1, 5000, 1 << 17])
def test_a_record_behind_a_hole_is_read(size: int) -> None:
    """What a writer left that did not append is no part of the line that follows, however long the hole is."""
    lines = [b"{'loss': %.2f, 'learning_rate': 0.5, 'epoch': %.2f}\n" % (9 / step, step / 10) for step in range(1, 30)]
    data = b"".join(lines[:15]) + bytes(size) + b"".join(lines[15:])
    found = read_in(data, [])
    assert [record[6] for record in found] == [record[6] for record in read_in(b"".join(lines), [])]
    assert found[15][3] == len(b"".join(lines[:15])) + size
    assert found == read_in(data, [], fast=False) == read_in(data, [len(data) // 2, 700, 900])


@pytest.mark.parametrize("prefix", ["(TaskRunner pid=123) ", "\x1b[36m(main_task pid=9, ip=10.0.0.1)\x1b[0m ", "(pid=7) "])
def test_what_ray_sets_before_a_line_is_a_prefix(prefix: str) -> None:
    """The records of a format that begin their lines are read behind the name of a process too."""
    data = "".join(f"{prefix}iter {step}: loss {9 / step:.4f}, time 120.00ms, mfu 30.00%\n" for step in range(1, 9))
    assert [(record[1], record[4]) for record in read(data)] == [("nanogpt", step) for step in range(1, 9)]


@pytest.mark.parametrize("end", [b"\r\r\n", b"\r\r\r\n", b"\r \r\n"])
def test_a_record_of_another_shape_that_ends_in_returns_is_seen_by_both_drivers(end: bytes) -> None:
    """What shows at last counts, however many returns stand before the newline: nothing is printed over it."""
    line = b"{'loss': %.2f, 'grad_norm': 1.5, 'learning_rate': 0.5, 'epoch': %.2f}\n"
    lines = [line % (9 / step, step / 10) for step in range(1, 40)]
    data = b"".join([*lines[:30], b"{'loss': 0.25, 'epoch': 3.05}" + end, *lines[30:]])
    assert read_in(data, [700]) == read_in(data, [], fast=False) == read_in(data, [])
    assert len(read_in(data, [700])) == 39 + (b" " not in end)
