"""What is written when a run has ended."""

from __future__ import annotations

from pathlib import Path

from trainwatch.model.snapshot import Snapshot
from trainwatch.store.rundir import RunDir


def write_report(run_dir: RunDir, snapshot: Snapshot) -> list[Path]:
    """report.md and report.json in the run directory; the path for people. Empty when they cannot be written."""
    from trainwatch.report.compose import compose
    from trainwatch.report.document import to_json
    from trainwatch.report.markdown import to_markdown

    report = compose(snapshot)
    markdown = run_dir.path / "report.md"
    try:
        markdown.write_text(to_markdown(report), encoding="utf-8")
        markdown.with_suffix(".json").write_text(to_json(report), encoding="utf-8")
    except OSError:
        return []
    return [markdown]
