"""Start-up of commands without a screen against `python -c pass`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rounds import command, interleave, report

LOG = "".join(f"{{'loss': {3 - i / 100:.4f}, 'grad_norm': 0.5, 'learning_rate': 1e-05, 'epoch': {i / 10}}}\n" for i in range(100))


def main() -> None:
    """Time the commands, eleven rounds."""
    trainwatch = str(Path(sys.executable).with_name("trainwatch"))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "train.out")
        log.write_text(LOG)
        jobs = {
            "python -c pass": command(sys.executable, "-c", "pass"),
            "trainwatch --version": command(trainwatch, "--version"),
            "trainwatch backtest --help": command(trainwatch, "backtest", "--help"),
            "trainwatch check LOG": command(trainwatch, "check", str(log)),
            "trainwatch export LOG": command(trainwatch, "export", str(log), "-f", "jsonl"),
        }
        report("start-up", interleave(jobs, 11), ["python -c pass"])


if __name__ == "__main__":
    main()
