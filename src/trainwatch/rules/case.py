"""A preset proves itself: `[[case]]` tables of records, and what a rule must say about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from trainwatch.model.criterion import STATES
from trainwatch.model.facts import FactValue
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.verdict import Outcome, Severity, severity_of

KEYS = (
    "name",
    "rule",
    "criterion",
    "facts",
    "train",
    "info",
    "eval",
    "checkpoints",
    "notices",
    "arrivals",
    "unread",
    "samples",
    "ticks",
    "ended",
    "expect",
    "outcome",
)
EXPECT_KEYS = ("step", "severity", "verdict")
CHECKPOINT_KEYS = ("after", "step", "complete")

Columns = Mapping[str, list[float]]
Wrong = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """An event: `verdict` is "fired" or "withdrawn". `step` None: the rule speaks without a record."""

    step: int | None
    severity: Severity
    verdict: str = "fired"


@dataclass(frozen=True, slots=True)
class Case:
    """What arrives, and every event that the rule must raise, in order.

    `train`, `info` and `evals` are columns of equal length with a "step" each. `checkpoints` pairs the step after which a look at the
    disk is taken with what it finds; `notices` pairs it with an event that the log prints. `arrivals` are (step, Unix seconds), `unread`
    (bytes, Unix seconds) in which nothing could be read, `samples` (Unix seconds, utilisation, share of memory) of one device, `ticks`
    Unix seconds. `outcome` is the rule's verdict at the end, empty when it does not matter. A case is about a `rule`, or about a
    `criterion`: then `outcome` is how that stands, and `ended` says that the run is over.
    """

    name: str
    rule: str
    facts: Mapping[str, FactValue]
    train: Columns
    info: Columns
    evals: Columns
    checkpoints: tuple[tuple[int, CheckpointSeen], ...]
    notices: tuple[tuple[int, Mapping[str, float | str]], ...]
    arrivals: tuple[tuple[int, float], ...]
    unread: tuple[tuple[int, float], ...]
    samples: tuple[tuple[float, float, float], ...]
    ticks: tuple[float, ...]
    expect: tuple[Expected, ...]
    outcome: str
    criterion: str = ""
    ended: bool = False


def parse(
    table: Mapping[str, Any], key: str, rules: Mapping[str, object], wrong: Wrong, criteria: Mapping[str, object] | None = None
) -> Case | None:
    """A case from its table; what is wrong is told to `wrong(key, text)`."""
    for name in table:
        if name not in KEYS:
            wrong(f"{key}.{name}", f"unknown; the keys here are: {', '.join(KEYS)}")
    about = "criterion" if "criterion" in table else "rule"
    if table.get(about) not in ((criteria or {}) if about == "criterion" else rules):
        wrong(f"{key}.{about}", f"there is no {about} {table.get(about)!r} in this preset")
        return None
    outcomes = STATES if about == "criterion" else get_args(Outcome)
    outcome = table.get("outcome", "")
    if outcome not in outcomes and (outcome or about == "criterion"):
        wrong(f"{key}.outcome", f"{outcome!r} is none of: {', '.join(outcomes)}")
    facts = table.get("facts", {})
    return Case(
        str(table.get("name", key)),
        str(table["rule"]) if about == "rule" else "",
        facts if isinstance(facts, dict) else {},
        _columns(table, "train", key, wrong),
        _columns(table, "info", key, wrong),
        _columns(table, "eval", key, wrong),
        tuple(_checkpoints(table, key, wrong)),
        tuple(_notices(table, key, wrong)),
        tuple((int(step), float(at)) for step, at in _tuples(table, key, wrong, "arrivals", "step, seconds")),
        tuple((int(size), float(at)) for size, at in _tuples(table, key, wrong, "unread", "bytes, seconds")),
        tuple((at, load, memory) for at, load, memory in _tuples(table, key, wrong, "samples", "seconds, utilisation, memory")),
        tuple(float(t) for t in table.get("ticks", ())),
        tuple(_expected(table, key, wrong)),
        str(outcome),
        str(table.get("criterion", "")),
        table.get("ended") is True,
    )


def _columns(table: Mapping[str, Any], name: str, key: str, wrong: Wrong) -> Columns:
    """Columns of numbers, all of one length, `step` among them."""
    found = table.get(name, {})
    if not isinstance(found, dict) or not all(_numbers(c) for c in found.values()):
        wrong(f"{key}.{name}", "must be a table of lists of numbers")
        return {}
    if found and ("step" not in found or len({len(c) for c in found.values()}) != 1):
        wrong(f"{key}.{name}", "needs a list `step`, and all lists of one length")
        return {}
    return {n: [float(x) for x in c] for n, c in found.items()}


def _numbers(column: object) -> bool:
    return isinstance(column, list) and all(isinstance(x, (int, float)) for x in column)


def _tuples(table: Mapping[str, Any], key: str, wrong: Wrong, name: str, parts: str) -> list[list[float]]:
    """Lists of as many numbers as there are parts."""
    found = table.get(name, [])
    if isinstance(found, list) and all(_numbers(x) and len(x) == parts.count(",") + 1 for x in found):
        return found
    wrong(f"{key}.{name}", f"must be a list of [{parts}]")
    return []


def _notices(table: Mapping[str, Any], key: str, wrong: Wrong) -> list[tuple[int, Mapping[str, float | str]]]:
    """Events that the log prints after a step."""
    found: list[tuple[int, Mapping[str, float | str]]] = []
    for i, entry in enumerate(table.get("notices", []), 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("after"), int) or not isinstance(entry.get("event"), str):
            wrong(f"{key}.notices[{i}]", "must be a table with after (a step), event (its name), and what else it says")
            continue
        found.append((entry["after"], {k: v for k, v in entry.items() if k != "after"}))
    return found


def _checkpoints(table: Mapping[str, Any], key: str, wrong: Wrong) -> list[tuple[int, CheckpointSeen]]:
    """Looks at the disk."""
    found = []
    for i, entry in enumerate(table.get("checkpoints", []), 1):
        where = f"{key}.checkpoints[{i}]"
        if not isinstance(entry, dict) or set(entry) - set(CHECKPOINT_KEYS) or not isinstance(entry.get("after"), int):
            wrong(where, f"must be a table with after (a step) and, where something is found: {', '.join(CHECKPOINT_KEYS[1:])}")
            continue
        step = entry.get("step")
        path = "" if step is None else f"checkpoint-{step}"
        found.append((entry["after"], CheckpointSeen(float(i), path, step, bool(entry.get("complete", step is not None)))))
    return found


def _expected(table: Mapping[str, Any], key: str, wrong: Wrong) -> list[Expected]:
    """The events."""
    found = []
    for i, entry in enumerate(table.get("expect", []), 1):
        where = f"{key}.expect[{i}]"
        if not isinstance(entry, dict) or set(entry) - set(EXPECT_KEYS):
            wrong(where, f"must be a table with: {', '.join(EXPECT_KEYS)}")
            continue
        try:
            severity = severity_of(str(entry.get("severity")))
        except ValueError:
            wrong(where, "needs a severity: yellow, orange, red or black")
            continue
        found.append(Expected(entry.get("step"), severity, str(entry.get("verdict", "fired"))))
    return found
