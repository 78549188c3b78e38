from __future__ import annotations

from tests.formats.reading import plain, read, read_in

from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts


def test_a_record_printed_by_every_rank_is_one() -> None:
    """Copies with another rank's prefix collapse, interleaved or not."""
    lines = [f"[rank{rank}]: step: {step}  loss: {1 / step:.4f}  memory: 1.0GiB(2.0%)" for step in (1, 2, 3) for rank in range(4)]
    lines[2], lines[5] = lines[5], lines[2]
    assert sorted(record[4] for record in read("\n".join(lines) + "\n")) == [1, 2, 3]


def test_the_same_rank_may_repeat_itself() -> None:
    """A rank that prints a record twice has two records."""
    line = "[rank0]: step: 3  loss: 0.5  memory: 1.0GiB(2.0%)\n"
    assert len(read(line + line)) == 2


def test_without_prefixes_the_world_size_tells() -> None:
    """Equal lines at one step are one record when several ranks are known to print, and several when not."""
    line = "iter 5: loss 2.0, time 1.0ms, mfu 3.0%\n"
    assert len(read(line * 2, facts=Facts({"world_size": 2.0}))) == 1
    assert len(read(line * 4, facts=Facts({"world_size": 2.0}))) == 2
    assert len(read(line * 2)) == 2


def test_equal_values_at_different_steps_are_different_records() -> None:
    """A saturated loss prints the same values again and again; the bar tells the steps apart."""
    text = "".join(
        f"\r  4%|▍         | {step}/5064 [{step // 60:02}:{step % 60:02}<13:01:29,  9.65s/it]{{'loss': 0.0, 'learning_rate': 1e-05, 'epoch': 0.04}}\n"
        for step in (205, 215, 225)
    )
    assert [record[4] for record in read(text, facts=Facts({"world_size": 8.0}))] == [205, 215, 225]


def _interleaved(steps: int) -> str:
    """Four ranks, each with a time of its own; of every record the first two ranks print the same."""
    return "".join(
        f"[rank{rank}]: iter {step}: loss {max(rank, 1)}.5, time {rank}.25ms, mfu 3.0%\n".replace("0.25ms", "1.25ms")
        + ("[rank2]: UserWarning: step\n" if step % 50 == rank else "")
        for step in range(1, steps)
        for rank in range(4)
    )


def test_interleaved_ranks_are_read_in_blocks() -> None:
    """A rank before each record does not send a log to the line driver, and copies collapse there as they do line by line."""
    data = _interleaved(1000).encode()
    blocks = Reader("log", facts=Facts()).feed(data, 0, final=True)
    assert max(map(len, blocks)) > 50
    assert plain(blocks) == read_in(data, [], fast=False)
    assert sum(map(len, blocks)) == 3 * 999
