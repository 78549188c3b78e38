"""The step of a Trainer record, which prints none."""

from __future__ import annotations

import pytest
from tests.formats.reading import read, read_in

from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts


def _frame(step: int, total: int, seconds: int) -> str:
    return (
        f"{100 * step // total:3}%|{'█' * (10 * step // total):10}| {step}/{total} [{seconds // 60:02}:{seconds % 60:02}<10:00,  1.00s/it]"
    )


def _steps(text: str, facts: Facts | None = None) -> list[tuple[object, object]]:
    return [(record[0], record[4]) for record in read(text, facts=facts)]


def _unbuffered(total: int, every: int, eval_every: int, *, lag: int = 0) -> str:
    """What a Trainer prints to a terminal-less file when stdout is not buffered: the bar, cleared, the dict, the bar again."""
    out = [f"\r{_frame(0, total, 0)}"]
    for step in range(1, total + 1):
        shown = step - lag if step % every == 0 else step
        out.append(f"\r{_frame(shown, total, step // 10)}")
        if step % every == 0:
            record = f"{{'loss': {3 - step / total:.4f}, 'learning_rate': 0.001, 'epoch': {step / 40:.2f}}}"
            out.append(f"\r{' ' * 40}\r{record}\n\r{_frame(step, total, step // 10)}")
        if step % eval_every == 0:
            record = f"{{'eval_loss': {3 - step / total:.4f}, 'epoch': {step / 40:.2f}}}"
            bars = "".join(f"\r{_frame(i, 9, i)}\x1b[A" for i in range(10))
            out.append(f"\n{bars}\r{' ' * 20}\r\n\r{' ' * 20}\r\x1b[A{record}\n\r{_frame(step, total, step // 10)}")
    return "".join(out)


def _buffered(total: int, every: int, flushed_at: list[int], per_epoch: float) -> str:
    """The bar goes on while the dicts wait in a buffer."""
    out = [f"\r{_frame(0, total, 0)}"]
    waiting: list[str] = []
    for step in range(1, total + 1):
        out.append(f"\r{_frame(step, total, step * 10)}")
        if step % every == 0:
            waiting.append(f"{{'loss': 0.5, 'learning_rate': 1e-05, 'epoch': {step / per_epoch:.2f}}}\n")
        if step in flushed_at:
            out.extend(waiting)
            waiting.clear()
    return "".join([*out, *waiting])


def test_the_step_comes_from_the_bar() -> None:
    """With an unbuffered stdout the bar beside a record tells its step; the bar of the evaluation does not."""
    found = _steps(_unbuffered(100, 5, 10))
    assert [step for kind, step in found if kind == "train"] == list(range(5, 101, 5))
    assert [step for kind, step in found if kind == "eval"] == list(range(10, 101, 10))


def test_a_bar_that_lags_is_corrected_by_its_refresh() -> None:
    """Fast steps: the picture before a record is some steps old, the one drawn anew behind it is not."""
    assert [step for kind, step in _steps(_unbuffered(100, 10, 50, lag=3)) if kind == "train"] == list(range(10, 101, 10))


@pytest.mark.parametrize(("total", "per_epoch", "flushes"), [(181, 181.0, [100]), (300, 30.0, [150, 240]), (200, 100.0, [90, 130])])
def test_a_buffered_stdout_does_not_fool(total: int, per_epoch: float, flushes: list[int]) -> None:
    """Records that come at once behind one picture of the bar get the steps of their epochs, not that picture's."""
    found = [step for kind, step in _steps(_buffered(total, 10, flushes, per_epoch)) if kind == "train"]
    assert found == list(range(10, total + 1, 10))


def test_a_picture_of_a_later_step_is_not_taken_for_the_refresh() -> None:
    """The frame behind a record counts only when it was drawn at the same moment."""
    text = f"\r{_frame(10, 200, 2102)}\n{{'eval_loss': 0.1551, 'epoch': 5.0}}\n\r{_frame(20, 200, 4204)}\n"
    assert _steps(text) == [("eval", 10)]


def test_without_bars_the_step_follows_from_stated_facts() -> None:
    """Total steps and epochs, or steps per epoch, give the step of an epoch; without them it is not known."""
    text = "{'loss': 1.5, 'learning_rate': 0.001, 'epoch': 2.5}\n"
    assert _steps(text) == [("train", None)]
    assert _steps(text, Facts({"total_steps": 400.0, "num_train_epochs": 4.0})) == [("train", 250)]
    assert _steps(text, Facts({"steps_per_epoch": 10.0})) == [("train", 25)]


def test_a_second_run_in_the_file_has_its_own_bar() -> None:
    """After the train bar came to its end, an epoch that starts over belongs to the next bar."""
    found = [step for kind, step in _steps(_unbuffered(100, 10, 50) + "\n" + _unbuffered(60, 20, 30)) if kind == "train"]
    assert found == [*range(10, 101, 10), 20, 40, 60]


def test_the_bar_total_is_the_planned_steps() -> None:
    """The total of the train bar is noted as the planned number of steps, with where it was found."""
    facts = Facts()
    Reader("train.out", facts=facts).feed(_unbuffered(40, 5, 20).encode(), 0, final=True)
    assert facts["total_steps"].value == 40
    assert facts["total_steps"].origin == "train.out"


def test_a_record_is_there_as_soon_as_its_frame_is() -> None:
    """Live, a record waits for the frame behind it and no longer."""
    reader = Reader("log", facts=Facts())
    head = f"\r{_frame(5, 100, 5)}\r   \r{{'loss': 1.0, 'learning_rate': 0.1, 'epoch': 0.5}}\n".encode()
    assert reader.feed(head, 0) == []
    blocks = reader.feed(f"\r{_frame(5, 100, 5)}".encode(), len(head))
    assert [(block.kind, block.step(0)) for block in blocks] == [("train", 5)]


def test_a_record_in_a_log_without_bars_does_not_wait() -> None:
    """Where no bar was seen there is nothing to wait for."""
    blocks = Reader("log", facts=Facts()).feed(b"{'loss': 1.0, 'learning_rate': 0.1, 'epoch': 0.5}\n", 0)
    assert len(blocks) == 1


def test_every_byte_may_be_a_chunk() -> None:
    """A log that arrives byte by byte gives the same records."""
    data = _unbuffered(20, 5, 10).encode()
    assert read_in(data, list(range(len(data)))) == read_in(data, [])


def test_progress_follows_the_bar() -> None:
    """The newest marker is the train bar, not the bar of an evaluation."""
    reader = Reader("log", facts=Facts())
    reader.feed(f"\r{_frame(0, 50, 0)}\r{_frame(7, 50, 9)}\n\r{_frame(3, 9, 1)}\x1b[A\r".encode(), 0)
    assert reader.progress == (7, 50)


def test_the_span_is_what_the_bar_says_when_no_line_has_a_time() -> None:
    """Without timestamps the elapsed time of the train bar is the length of the log."""
    reader = Reader("log", facts=Facts())
    reader.feed(f"\r{_frame(0, 50, 0)}\r{_frame(49, 50, 3725)}\n".encode(), 0, final=True)
    assert reader.span.how == "progress bar"
    assert reader.span.seconds == 3725


def test_a_bar_of_something_else_tells_no_steps() -> None:
    """A bar that came to its end before training counted something else: no step, no total, and no waiting."""
    facts = Facts()
    reader = Reader("log", facts=facts)
    text = f"\r{_frame(0, 40, 0)}\r{_frame(40, 40, 3)}\n" + "".join(
        f"{{'loss': 1.5, 'learning_rate': 0.001, 'epoch': {i / 10}}}\n" for i in range(1, 6)
    )
    blocks = reader.feed(text.encode(), 0)
    assert [block.step(row) for block in blocks for row in range(len(block))] == [None] * 5
    assert "total_steps" not in facts
    assert [step for kind, step in _steps(text + _unbuffered(100, 10, 50)) if kind == "train"][5:] == list(range(10, 101, 10))


def test_a_short_run_whose_output_comes_at_its_end() -> None:
    """When all records come behind the complete bar, the summary beside them makes the bar the run's."""
    text = _buffered(60, 10, [], 20.0) + "{'train_runtime': 600.0, 'train_loss': 0.5, 'epoch': 3.0}\n"
    assert [step for _, step in _steps(text)] == [10, 20, 30, 40, 50, 60, 60]


def test_steps_that_follow_from_the_configuration_lie_on_its_grid() -> None:
    """A log without bars, such as LLaMA-Factory's running_log.txt: the epoch is rounded, the records come every ten steps."""
    head = "max_steps: 3000\nnum_train_epochs: 7\nlogging_steps: 10\n"
    text = head + "".join(
        f"[INFO] >> {{'loss': 2.25, 'learning_rate': 1.0e-06, 'epoch': {step / 3000 * 7:.2f}}}\n\n" for step in range(10, 3000, 10)
    )
    assert [record[4] for record in read(text)] == list(range(10, 3000, 10))
