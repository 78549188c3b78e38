"""What the save hook costs the job: steps of the two-rank examples in which it is asked, against steps of the same job in which it is not.

It is asked in every other block of steps, so that both sides see the same machine.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from trainwatch.hook.install import environment, install
from trainwatch.store.rundir import RunDir

EXAMPLES = Path(__file__).parents[1] / "examples"
BLOCK = 8
"""Steps in a row with the hook, or without. The first of a block is not counted: in it ranks meet that were apart."""

NEVER = "1000000"
JOBS = {"overfit_lm": ("poll", "--total-steps"), "hf_overfit": ("boundary", "--max-steps")}
"""An example: what of the hook is called at each of its steps, and its word for their number."""


def main() -> None:
    """Run each example, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=480)
    args = parser.parse_args()
    print("\nthe save hook in a step of two ranks  (goal: at most 1.01 for steps of 50 ms and more)")
    print(f"  {'':14}{'blocks':>8}{'ms without':>12}{'ms with':>10}{'ratio':>8}")
    for example in JOBS:
        with tempfile.TemporaryDirectory() as folder:
            steps = measure(example, Path(folder), args.steps)
        starts = range(0, len(steps) - BLOCK + 1, BLOCK)
        blocks = [statistics.median(steps[start + 1 : start + BLOCK]) * 1000 for start in starts]
        without, asked = blocks[0 : len(blocks) // 2 * 2 : 2], blocks[1::2]
        ratio = statistics.median(b / a for a, b in zip(without, asked, strict=True))
        print(f"  {example:14}{len(blocks):8}{statistics.median(without):12.1f}{statistics.median(asked):10.1f}{ratio:8.3f}")


def measure(example: str, place: Path, steps: int) -> list[float]:
    """Run an example on two ranks with the hook in it; the seconds of each step."""
    run = RunDir(place / "run")
    for path in run.folders():
        path.mkdir(mode=0o700, parents=True)
    run.run.write_text(json.dumps({"v": 1, "run": "bench"}))
    install(run.hook)
    _, word = JOBS[example]
    here = [__file__, example, str(place / "steps.json")]
    words = [word, str(steps), "--eval-steps", NEVER, "--save-steps", NEVER, "--out", str(place / "out")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", *here, *words]
    subprocess.run(command, env=environment(run.hook, {**os.environ, "OMP_NUM_THREADS": "1"}), check=True, capture_output=True)
    return list(json.loads((place / "steps.json").read_text()))


def rank(example: str, out: Path) -> None:
    """Be a rank: the example as it is, with a clock at its hook."""
    calls: Any = sys.modules["trainwatch_hook"]
    hook = calls.poll.__self__
    name, _ = JOBS[example]
    ask, ends = getattr(hook, name), [time.perf_counter()]

    def timed(*args: Any) -> Any:
        asked = (len(ends) - 1) // BLOCK % 2
        answer = ask(*args) if asked else None
        ends.append(time.perf_counter())
        return answer

    setattr(hook, name, timed)
    if name == "poll":
        calls.poll = timed
    del sys.argv[1:3]
    runpy.run_path(str(EXAMPLES / example / "train.py"), run_name="__main__")
    if os.environ["RANK"] == "0":
        out.write_text(json.dumps([b - a for a, b in itertools.pairwise(ends)]))


if __name__ == "__main__":
    if "RANK" in os.environ:
        rank(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
