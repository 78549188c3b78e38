"""Every rule of the preset `full` over a long run: on blocks, against the same rules called record by record, and against river.

river is no dependency: where it can be imported (`pip install river` into an environment of its own, then run this file with that
environment's directory in PYTHONPATH), 25 of its incremental statistics over the same records are the second yardstick.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import random
import time
from array import array
from collections.abc import Callable

from rounds import interleave, report

from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.rules.board import Board
from trainwatch.rules.preset import load

SEED = 20260301
ROWS = 1300
"""Records of a block: what 128 KiB of a log hold."""

COLUMNS = ("loss", "grad_norm", "learning_rate", "tokens_per_second", "step_time")
FACTS = {"total_steps": 1_000_000, "max_grad_norm": 1.0, "learning_rate": 1e-4, "lr_scheduler_type": "linear", "vocab_size": 50257}


class Lines:
    """A locator of records that stand on a line each."""

    def line(self, offset: int) -> int:
        """The line of an offset."""
        return offset + 1

    def step(self, row: int) -> int | None:  # noqa: ARG002
        """Every record prints its step."""
        return None


def blocks(records: int) -> list[Block]:
    """A run that learns, with noise, a few spikes, and an evaluation after every block."""
    dice = random.Random(SEED)
    found: list[Block] = []
    for start in range(0, records, ROWS):
        steps = range(start + 1, min(start + ROWS, records) + 1)
        columns = {
            "step": array("d", map(float, steps)),
            "loss": array("d", (1.5 + 5 / (1 + s / 5000) + dice.gauss(0, 0.05) + 3 * (dice.random() < 1e-5) for s in steps)),
            "grad_norm": array("d", (0.5 + abs(dice.gauss(0, 0.1)) for _ in steps)),
            "learning_rate": array("d", (1e-4 * (1 - s / (records + 1)) for s in steps)),
            "tokens_per_second": array("d", (1000 + dice.gauss(0, 20) for _ in steps)),
            "step_time": array("d", (0.5 + abs(dice.gauss(0, 0.01)) for _ in steps)),
            "epoch": array("d", (s / 100_000 for s in steps)),
        }
        found.append(Block("train", "train.out", 1, "bench", columns, array("q", range(start, start + len(steps))), Lines()))
        values = {"step": float(steps[-1]), "eval_loss": 1.6 + 5 / (1 + steps[-1] / 5000) + dice.gauss(0, 0.01)}
        single = {name: array("d", [value]) for name, value in values.items()}
        found.append(Block("eval", "train.out", 1, "bench", single, array("q", [start + len(steps)]), Lines()))
    return found


def judged(found: list[Block], preset: str, *, single: bool = False) -> Callable[[], float]:
    """A job that judges these blocks, or each of their rows for itself; CPU seconds of the judging alone."""
    rules = load(preset)

    def job() -> float:
        board, spent = Board(rules, Facts(FACTS)), 0.0
        gc.collect()
        for block in found:
            parts = [block.row(row) for row in range(len(block))] if single else [block]
            start = time.process_time()
            for part in parts:
                board.observe(part)
            spent += time.process_time() - start
        return spent

    return job


def statistics(found: list[Block]) -> Callable[[], float]:
    """A job that feeds the same records to 25 incremental statistics of river: the kinds of state that such rules keep."""
    from river import stats, utils  # noqa: PLC0415

    def _states() -> tuple[stats.base.Univariate, ...]:
        windows = (utils.Rolling(stats.Mean, window_size=128), utils.Rolling(stats.Var, window_size=128))
        return (stats.EWMean(), stats.RollingQuantile(0.5, 128), stats.RollingMax(128), *windows)

    def job() -> float:
        of = {name: _states() for name in COLUMNS}
        start = time.process_time()
        for block in found:
            if block.kind == "train":
                for name, several in of.items():
                    for value in block.columns[name]:
                        for one in several:
                            one.update(value)
        return time.process_time() - start

    return job


def main() -> None:
    """Five rounds of each, in CPU time; every job over the same records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--preset", default="full")
    args, _ = parser.parse_known_args()
    found = blocks(args.records)
    jobs = {"on blocks": judged(found, args.preset), "record by record": judged(found, args.preset, single=True)}
    yardsticks = ["record by record"]
    if importlib.util.find_spec("river") is not None:
        jobs["river, 25 statistics"] = statistics(found)
        yardsticks.append("river, 25 statistics")
    else:
        print("river is not installed: left out")
    title = f"{len(load(args.preset).rules)} rules over {args.records} records"
    report(title, interleave(jobs, args.rounds), yardsticks)


if __name__ == "__main__":
    main()
