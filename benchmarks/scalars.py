"""The same scalars from a text log and from TensorBoard's event file, each until every value can be asked for.

python benchmarks/scalars.py [MEGABYTES [ROUNDS]]      100 MB of HF with bars, five rounds, when nothing is said

TensorBoard is no dependency of ours: $TENSORBOARD_PYTHON names a Python that has it, such as that of
`python -m venv .bench/tensorboard && .bench/tensorboard/bin/pip install tensorboard setuptools`, which is looked for too.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

NAMES = ("loss", "grad_norm", "learning_rate", "epoch")
PYTHON = os.environ.get("TENSORBOARD_PYTHON") or ".bench/tensorboard/bin/python"
_RECORD = re.compile(rb"\{'loss': ([^,]+), 'grad_norm': ([^,]+), 'learning_rate': ([^,]+), 'epoch': ([^}]+)\}")


def write_events(log: Path, folder: Path) -> None:
    """What a training with TensorBoard would have left beside this log: `add_scalar` writes an event per value. Runs under TensorBoard's Python."""
    from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415  the other Python has it
    from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415

    writer = EventFileWriter(str(folder))
    for step, match in enumerate(_RECORD.finditer(log.read_bytes()), 1):
        for name, text in zip(NAMES, match.groups(), strict=True):
            value = Summary.Value(tag=name, simple_value=float(text))
            writer.add_event(Event(wall_time=1.8e9 + step, step=step * 10, summary=Summary(value=[value])))
    writer.close()


def read_events(folder: Path) -> int:
    """Load every scalar; how many there are. Runs under TensorBoard's Python."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415  the other Python has it

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return sum(len(events.Scalars(name)) for name in NAMES)


def read_log(log: Path) -> int:
    """Load every scalar of the train records; how many there are."""
    from records import blocks  # noqa: PLC0415  TensorBoard's Python does not have it

    return sum(len(block) * len(block.columns) for block in blocks(str(log)) if block.kind == "train")


def main(megabytes: int, rounds: int) -> None:
    """Both, in turns."""
    import logs  # noqa: PLC0415
    from rounds import command, interleave, report  # noqa: PLC0415

    if not Path(PYTHON).exists():
        print(f"scalars: no TensorBoard at {PYTHON}; its docstring says how to get it")
        return
    with tempfile.TemporaryDirectory() as name:
        log, folder = Path(name, "hf.log"), Path(name, "events")
        logs.write("hf", megabytes, log)
        command(PYTHON, __file__, "write", str(log), str(folder))()
        jobs = {
            "trainwatch reader, text log": command(sys.executable, __file__, "log", str(log)),
            "EventAccumulator, event file": command(PYTHON, __file__, "events", str(folder)),
        }
        title = (
            f"{read_log(log):,} scalars: {megabytes} MB of text, {sum(p.stat().st_size for p in folder.iterdir()) / 1e6:.0f} MB of events"
        )
        report(title, interleave(jobs, rounds), ["EventAccumulator, event file"])


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["write"]:
        write_events(Path(words[1]), Path(words[2]))
    elif words[:1] == ["events"]:
        print(read_events(Path(words[1])))
    elif words[:1] == ["log"]:
        print(read_log(Path(words[1])))
    else:
        main(int(words[0]) if words else 100, int(words[1]) if len(words) > 1 else 5)
