"""Many runs as rows: what each reached, and the configuration in which they differ."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from trainwatch.model.facts import Fact, FactValue
from trainwatch.model.snapshot import Best, Snapshot
from trainwatch.present.aligned import aligned
from trainwatch.present.attempts import named
from trainwatch.present.clean import clean
from trainwatch.present.numbers import number
from trainwatch.present.sentences import state_of
from trainwatch.report.cost import cost
from trainwatch.report.differences import differing
from trainwatch.report.words import alike, fact, hours

Direction = Literal["min", "max"]

WIDE = 32
"""Letters of a value in the text table; the other forms have all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run. `value` is its best evaluation by the metric of the table, None when it has none; `config` holds what differs."""

    run: str
    value: float | None
    step: int | None
    last_step: int | None
    state: str
    hours: float | None
    attempts: int
    config: dict[str, FactValue | None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """`metric` is empty when no run has an evaluation. Rows with the best value first, those without a value last."""

    metric: str
    direction: Direction
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """All that a table needs of a run, small enough to be handed from one process to another. `evaluations` are (step, value, values)."""

    run: str
    best: Best | None
    evaluations: tuple[tuple[int | None, float, dict[str, float]], ...]
    facts: dict[str, Fact]
    step: int | None
    state: str
    hours: float | None
    attempts: int = 1


def entry(run: Snapshot) -> Entry:
    """The entry of a run."""
    evaluations = tuple((e.step, e.value, dict(e.values)) for e in run.evaluations)
    name, step, state = named(run.run.sources), run.progress.step, state_of(run)
    return Entry(name, run.best, evaluations, dict(run.facts), step, state, cost(run).hours, len(run.attempts))


def sweep(runs: Sequence[Entry], by: str | None = None) -> Sweep:
    """The table of these runs. Without `by` the metric is the one that decides in most runs."""
    decides = [run.best.metric for run in runs if run.best is not None]
    metric = by or max(decides, key=decides.count, default="")
    way = _direction(runs, metric)
    names = differing([run.facts for run in runs])
    rows = [_row(run, metric, way, names) for run in runs]
    rows.sort(key=lambda row: (row.value is None, (row.value or 0.0) * (1 if way == "min" else -1), row.run))
    return Sweep(metric, way, tuple(rows))


def _direction(runs: Sequence[Entry], metric: str) -> Direction:
    """Which way is better: as the runs themselves judge; a metric that decides in none is better high when it sounds like a share."""
    said = next((run.best.direction for run in runs if run.best is not None and run.best.metric == metric), None)
    if said is not None:
        return said
    return "max" if any(word in metric for word in ("acc", "f1", "bleu", "rouge", "reward", "auc")) else "min"


def _row(run: Entry, metric: str, way: Direction, names: Sequence[str]) -> Row:
    """The row of one run."""
    value, step = _best(run, metric, way)
    config = {name: run.facts[name].value if name in run.facts else None for name in names}
    return Row(run.run, value, step, run.step, run.state, run.hours, run.attempts, config)


def _best(run: Entry, metric: str, way: Direction) -> tuple[float | None, int | None]:
    """The best finite value of a metric among the evaluations, and its step."""
    decides = run.best is not None and run.best.metric == metric
    found = [(value if decides else values.get(metric, math.nan), step) for step, value, values in run.evaluations]
    finite = [(value, step) for value, step in found if math.isfinite(value)]
    if not finite:
        return None, None
    pick = min if way == "min" else max
    return pick(finite, key=lambda pair: pair[0])


def _titles(table: Sweep) -> list[str]:
    """The names of the columns."""
    return ["run", table.metric or "best", "step", "last step", "state", "hours", "attempts", *(table.rows[0].config if table.rows else ())]


def to_text(table: Sweep) -> str:
    """Aligned columns; figures to the right."""
    lines = [_titles(table)]
    for row, name in zip(table.rows, _names(table.rows), strict=True):
        at = ["?" if step is None else str(step) for step in (row.step, row.last_step)]
        lines.append(
            [
                name,
                number(row.value),
                *at,
                row.state,
                hours(row.hours),
                str(row.attempts),
                *("-" if v is None else _brief(fact(v)) for v in row.config.values()),
            ]
        )
    return aligned(lines, left=(0, 4))


def _names(rows: Sequence[Row]) -> list[str]:
    """The runs without the folders that all of them lie in; the other forms have the whole paths."""
    paths = [PurePath(row.run).parts for row in rows]
    ahead = min(alike(paths), *(len(path) - 1 for path in paths)) if len(paths) > 1 else 0
    return [str(PurePath(*path[ahead:])) for path in paths]


def _brief(text: str) -> str:
    """A value that fits a column: of a long one, such as a command, the end, where runs differ."""
    return text if len(text) <= WIDE else f"…{text[1 - WIDE :]}"


def to_csv(table: Sweep) -> str:
    """Comma separated, full precision, empty where not known. A cell that a spreadsheet would run as a formula is quoted with '."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(title) for title in _titles(table)])
    for row in table.rows:
        writer.writerow(
            [_cell(v) for v in (row.run, row.value, row.step, row.last_step, row.state, row.hours, row.attempts, *row.config.values())]
        )
    return out.getvalue()


def _cell(value: object) -> object:
    """A value for a spreadsheet."""
    if isinstance(value, str):
        text = clean(value)
        return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
    return value


def to_json(table: Sweep) -> str:
    """Strict JSON; what is not known is null."""
    rows = [
        {
            "run": row.run,
            "value": row.value,
            "step": row.step,
            "last_step": row.last_step,
            "state": row.state,
            "hours": row.hours,
            "attempts": row.attempts,
            "config": {
                name: str(value) if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.config.items()
            },
        }
        for row in table.rows
    ]
    document = {"metric": table.metric or None, "direction": table.direction if table.metric else None, "runs": rows}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
