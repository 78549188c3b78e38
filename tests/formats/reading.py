"""What the tests of this room share: records as plain tuples, and pieces of logs."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts

BAR = "\r  {share}%|{fill}| {step}/300 [00:{seconds:02}<01:35,  3.14it/s]"


def plain(blocks: Iterable[Block]) -> list[tuple[object, ...]]:
    """Everything a record says, comparable: NaN is like NaN."""
    found: list[tuple[object, ...]] = []
    for block in blocks:
        for row in range(len(block)):
            values = tuple((name, _same(value)) for name, value in block.values(row).items())
            derived = tuple(name for name in block.derived if name != "step" or block.step(row) is not None)
            place = (block.line(row), block.offsets[row])
            found.append((block.kind, block.format, *place, block.step(row), _same(block.epoch(row)), values, derived))
    return found


def read(data: bytes | str, names: Sequence[str] | None = None, facts: Facts | None = None) -> list[tuple[object, ...]]:
    """The records of a log read in one go."""
    raw = data.encode() if isinstance(data, str) else data
    return plain(Reader("log", facts=Facts() if facts is None else facts, names=names).feed(raw, 0, final=True))


def read_in(data: bytes, cuts: Sequence[int], *, fast: bool = True, only: AbstractSet[str] = frozenset()) -> list[tuple[object, ...]]:
    """The records of a log that arrives in pieces; each piece is looked at before the next one comes."""
    reader = Reader("log", facts=Facts(), only=only)
    if not fast:
        reader._blocks._may_skip = lambda *_: False  # type: ignore[method-assign]
    found: list[tuple[object, ...]] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in pairwise(edges):
        found += plain(reader.feed(data[start:stop], start))
    return found + plain(reader.feed(b"", len(data), final=True))


def values(record: tuple[object, ...]) -> dict[str, object]:
    """The values of a record."""
    return dict(record[6])  # type: ignore[call-overload]


def _same(value: object) -> object:
    """A value that equals itself."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def _bar(step: int) -> str:
    return BAR.format(share=step // 3, fill="█▌".ljust(8), step=step, seconds=step % 60)


def _number(draw: random.Random) -> str:
    return draw.choice(["1.5", "0.25", "nan", "inf", "-inf", "3e-05", "12", "1.7976806327455507e-05", "0.0", "1_0", "x"])


def _piece(draw: random.Random) -> bytes:
    step = draw.randrange(1, 300)
    n = [_number(draw) for _ in range(4)]
    text = draw.choice(
        [
            f"{{'loss': {n[0]}, 'grad_norm': {n[1]}, 'learning_rate': {n[2]}, 'epoch': {step / 30:.2f}}}\n",
            f"{{'loss': {n[0]}, 'grad_norm': {n[1]}, 'learning_rate': {n[2]}, 'epoch': {step / 30:.2f}}}\n",
            f"{_bar(step)}\r          \r{{'loss': '{n[0]}', 'learning_rate': '{n[1]}', 'epoch': '{step / 30:.4g}'}}\n{_bar(step)}",
            f"{_bar(step)}{{'loss': {n[0]}, 'learning_rate': {n[1]}, 'epoch': {step / 30:.2f}}}\n",
            f"\r  0%|  | 0/2 [00:00<?, ?it/s]\x1b[A\r   \r\n\r \r\x1b[A{{'eval_loss': '{n[0]}', 'epoch': '{step / 30:.4g}'}}\n{_bar(step)}",
            f"{{'eval_loss': {n[0]}, 'eval_runtime': {n[1]}, 'epoch': {step / 30:.2f}}}\r\n",
            f"iter {step}: loss {n[0]}, time {n[1]}ms, mfu {n[2]}%\n",
            f"step {step}: train loss {n[0]}, val loss {n[1]}\n",
            f" iteration {step:8}/    1000 | consumed samples: {step} | lm loss: {n[0]} | grad norm: {n[1]} |\n",
            f"Epoch 1/3:   4%|▍  | {step}/24941 [07:36<2:42:03, 2.45it/s, loss={n[0]}, lr={n[1]}]",
            f"\rEpoch 1/3:   4%|▍  | {step}/24941 [07:36<2:42:03, 2.45it/s, loss={n[0]}]",
            f"\rTrain:   4%|▍  | {step}/941 [07:36<2:42:03, 2.45ex/s, loss: {n[0]}]",
            f"\r  4%|▍  | {step}/941 [07:36<2:42:03, 2.45ex/s]",
            f'{{"current_steps": {step}, "total_steps": 610, "loss": 0.8518, "epoch": 0.08}}\n',
            f"[rank{draw.randrange(3)}]: step: 3  loss: {n[0]}  memory: 1.0GiB(2.0%)  tps: 1,402\n",
            f"[rank{draw.randrange(12)}]: iter {step % 4}: loss {n[0]}, time 90.5ms, mfu 3.0%\n",
            f"[rank{draw.randrange(3)}]: {{'loss': {n[0]}, 'learning_rate': 0.5, 'epoch': {step % 4}}}\n",
            f"epoch 1 step {step} loss={n[0]}\n",
            "[trainwatch] {'loss': 1.0, 'epoch': 0.5}\n",
            f"[INFO|2024-11-26 22:09:{step % 60:02}] logging.py:157 >> {{'loss': {n[0]}, 'learning_rate': 2.5e-06, 'epoch': {step / 30:.2f}}}\n\n",
            f"{_bar(step)}{_bar(step + 1)}\n{{'loss': {n[0]}, 'grad_norm': {n[1]}, 'learning_rate': {n[2]}, 'epoch': {step / 30:.2f}}}\n",
            f" [2024-05-01 10:00:{step % 60:02}] iteration {step:8}/    1000 | consumed samples: {step} | lm loss: {n[0]} | grad norm: 0.5 |\n",
            f"{{'loss': {n[0]}, and no record\n",
            f"{{'loss': {n[0]}, 'epoch': {step / 30:.2f}}}\r",
            f"{{'loss': {n[0]}, 'epoch': {step / 30:.2f}}}\r\r\n",
            "learning_rate=0.1 world_size=2\n",
            "\n",
            "\r\n",
            "\x1b[31mhello\x1b[0m\0\0\n",
            "Saving model checkpoint to out/checkpoint-40\n",
            "Traceback (most recent call last):\n  File x\n",
        ]
    )
    return text.encode() + (b"\xff\xfe" if draw.random() < 0.02 else b"")


def mixture(seed: int) -> bytes:
    """A log of anything, a few pieces of it again and again."""
    draw = random.Random(seed)
    few = [_piece(draw) for _ in range(draw.randrange(1, 6))]
    pieces = [draw.choice(few) if draw.random() < 0.7 else _piece(draw) for _ in range(draw.randrange(1, 60))]
    return b"".join(pieces)
