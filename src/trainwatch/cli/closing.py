"""What is written when a run has ended, whoever watched it: the supervisor runs `python -m trainwatch.cli.closing RUN_DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from trainwatch.store.files import mode_in
from trainwatch.store.rundir import RunDir

COMMAND = (sys.executable, "-P", "-m", "trainwatch.cli.closing")
"""What writes the report; the run directory follows."""


def main(argv: list[str]) -> int:
    """Write report.md and report.json of a run. Raises NotReadableError or OSError into the supervisor's log."""
    from trainwatch.cli.whole import run_now
    from trainwatch.report.compose import compose
    from trainwatch.report.document import to_json
    from trainwatch.report.markdown import to_markdown

    run_dir = RunDir(Path(argv[0]))
    report = compose(run_now(run_dir, ended=True))
    path = run_dir.report
    path.with_suffix(".json").write_text(to_json(report), encoding="utf-8")
    path.write_text(to_markdown(report), encoding="utf-8")
    for written in (path, path.with_suffix(".json")):
        written.chmod(mode_in(run_dir.path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
