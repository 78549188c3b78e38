"""Make the recording that `trainwatch demo` plays from a run of the demo job.

    python examples/overfit_lm/record.py RUN_DIR

Keeps the log, every input of the fold and every step of the stop machine; paths of this machine become short ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from trainwatch.model.inputs import CheckpointSeen, Chunk, Input
from trainwatch.sources.reread import Reread
from trainwatch.store import journal, runfile
from trainwatch.store.arrivals import Arrivals, Recorded
from trainwatch.store.rundir import RunDir

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "src" / "trainwatch" / "replay" / "demo"
LOG = "overfit_lm.out"


def main() -> int:
    """Write log, arrivals and journal anew."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    run_dir = RunDir(Path(sys.argv[1]))
    run = runfile.load(run_dir)
    names = {f"{run.cwd}/": "", str(ROOT / ".venv"): "/venv", f"{ROOT}/": "", run.info.sources[0]: LOG}
    DEMO.mkdir(exist_ok=True)
    for file in DEMO.iterdir():
        file.unlink()
    arrivals = Arrivals(DEMO / "arrivals.jsonl")
    log = b""
    for item in shortened(Recorded(run_dir.arrivals, Reread()).read(), names):
        if isinstance(item, Chunk):
            log += item.data
        arrivals.write(item)
    arrivals.close()
    (DEMO / LOG).write_bytes(log)
    steps = [e for e in journal.read(run_dir.journal) if e["event"] in ("machine", "stopped")]
    (DEMO / "journal.jsonl").write_text("".join(short(json.dumps(e), names) + "\n" for e in steps), encoding="utf-8")
    for file in DEMO.iterdir():
        file.chmod(0o644)
    return 0


def shortened(items: Iterator[Input], names: dict[str, str]) -> Iterator[Input]:
    """The inputs with short paths, their offsets those of the shorter log. Whole lines arrive, so no path is cut in two."""
    offset = 0
    for item in items:
        if isinstance(item, Chunk):
            data = short(item.data.decode(), names).encode()
            yield replace(item, source=LOG, data=data, offset=offset)
            offset += len(data)
        elif isinstance(item, CheckpointSeen):
            yield replace(item, path=short(item.path, names))
        else:
            yield item


def short(text: str, names: dict[str, str]) -> str:
    """The text with every path of this machine replaced."""
    for path, name in names.items():
        text = text.replace(path, name)
    return text


if __name__ == "__main__":
    sys.exit(main())
