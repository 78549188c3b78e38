"""What `make demo` runs: the overfitting job under trainwatch, and afterwards a look at whether all of it happened.

Ends 0 when, and only when, the overfit rule stopped the job with a proven checkpoint, and the best one was saved too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainwatch.checkpoints.prove import prove

HERE = Path(__file__).resolve().parent
PLACE = HERE.parent.parent / ".demo"
BIN = Path(sys.executable).parent

STOPPED_AND_PROVEN = 80
SCREEN_CLOSES_AFTER = "10"
"""Seconds for which the screen shows how the run ended."""


def main() -> int:
    """Run the job, then check."""
    PLACE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=PLACE))
    print(f"the job's files are in {os.path.relpath(folder)}", flush=True)
    code = launch(folder)
    print("\nwhat was to happen:")
    results = list(checks(folder, code))
    for text, good in results:
        print(f"  {'yes' if good else 'NO '}  {text}")
    for report in sorted(folder.glob("runs/*/report.md")):
        print(f"report: {os.path.relpath(report)}")
    return 0 if all(good for _, good in results) else 1


def launch(folder: Path) -> int:
    """`trainwatch launch` with the terminal that we have; its exit code."""
    job = [str(BIN / "torchrun"), "--standalone", "--nproc_per_node=2", str(HERE / "train.py"), "--out", str(folder / "checkpoints")]
    watch = [
        str(BIN / "trainwatch"),
        "launch",
        "--name",
        "overfit_lm",
        "--may",
        "stop=overfit",
        "--veto",
        "5s",
        "--log",
        str(folder / "train.log"),
    ]
    return subprocess.run([*watch, "--", *job], env=environment(folder), check=False).returncode


def environment(folder: Path) -> dict[str, str]:
    """One thread a rank; everything that the run leaves stays in the demo's own folder."""
    return {
        **{name: value for name, value in os.environ.items() if name != "TRAINWATCH_RUN_DIR"},
        "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        "OMP_NUM_THREADS": "1",
        "TRAINWATCH_HOME": str(folder / "runs"),
        "TRAINWATCH_CLOSE_AFTER": SCREEN_CLOSES_AFTER,
    }


def checks(folder: Path, code: int) -> Iterator[tuple[str, bool]]:
    """Each thing that had to happen, and whether it did."""
    yield f"launch ended with {STOPPED_AND_PROVEN}, stopped by a rule and proven (it was {code})", code == STOPPED_AND_PROVEN
    runs = sorted(folder.glob("runs/*/run.json"))
    yield "there is one run directory", len(runs) == 1
    if len(runs) != 1:
        return
    run = runs[0].parent
    yield "the overfit rule climbed yellow, orange, red", climbed(read(run / "report.json")) == ["yellow", "orange", "red"]
    evaluations = {record["step"]: record["eval_loss"] for record in records(folder) if "eval_loss" in record}
    best = min(evaluations, key=lambda step: evaluations[step], default=None)
    yield f"the checkpoint of the best evaluation (step {best}) is there and complete", complete(run / "control" / f"best-{best}.json")
    stop = read(run / "stop.json")
    path = Path(str(stop.get("checkpoint", "")))
    yield f"the checkpoint asked for before the stop ({path.name}) is there and complete", prove(path).complete
    yield "the report was written", (run / "report.md").is_file()


def climbed(report: dict[str, Any]) -> list[str]:
    """The severities of the overfit rule in the order in which they were raised."""
    return [e["severity"] for e in report.get("events", []) if e["rule"] == "overfit" and e["verdict"] == "fired"]


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """What the job printed as records."""
    log = folder / "train.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines:
        if line.startswith("{'"):
            yield json.loads(line.replace("'", '"'))


def complete(answer: Path) -> bool:
    """Whether the checkpoint that the job wrote down in `answer` is complete."""
    path = read(answer).get("path")
    return isinstance(path, str) and prove(Path(path)).complete


def read(path: Path) -> dict[str, Any]:
    """A JSON object; empty when the file is not there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
