"""What a rules file wants of a run: `[[criterion]]` tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from trainwatch.rules.condition import Condition
from trainwatch.rules.condition import parse as parse_condition
from trainwatch.rules.figures import figure

When = Literal["reached", "at_end", "always"]
"""`reached`: once until the deadline is enough. `at_end`: the newest value at the deadline counts. `always`: every value counts."""

KEYS = ("name", "metric", "is", "when", "by", "rule")
GAP = "gap"
"""The primary metric over the median train loss since the evaluation before: no metric that a log prints."""

_BY = re.compile(r"\s*(?:end|(step|epoch)\s+(\d+(?:\.\d+)?))\s*")

Wrong = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Where a criterion must hold: at a step or in an epoch; `end` is that of the run, wherever that is."""

    unit: Literal["step", "epoch", "end"] = "end"
    at: float = 0.0

    def words(self) -> str:
        """`by the end of epoch 1`."""
        match self.unit:
            case "step":
                return f"by step {self.at:g}"
            case "epoch":
                return f"by the end of epoch {self.at:g}"
            case _:
                return "by the end of the run"


@dataclass(frozen=True, slots=True)
class Criterion:
    """A metric that has to keep a condition, or a `rule` that must not fire (`condition` is None then)."""

    name: str
    condition: Condition | None
    metric: str = ""
    rule: str = ""
    when: When = "reached"
    by: Deadline = Deadline()

    @property
    def target(self) -> str:
        """In words: `eval_loss < 50 by the end of epoch 1`."""
        if self.condition is None:
            return f"{self.rule} never fires" + ("" if self.by.unit == "end" else f" {self.by.words()}")
        fact = f" * {self.condition.fact}" if self.condition.fact else ""
        how = " all the time" if self.when == "always" else ""
        return f"{self.metric} {self.condition.sign} {figure(self.condition.number)}{fact}{how} {self.by.words()}"


def parse(table: Mapping[str, Any], key: str, rules: Mapping[str, object], wrong: Wrong) -> Criterion | None:
    """A criterion from its table; what is wrong is told to `wrong(key, text)`."""
    for name in table:
        if name not in KEYS:
            wrong(f"{key}.{name}", f"unknown; the keys here are: {', '.join(KEYS)}")
    texts = {name: table.get(name, "") for name in KEYS}
    for name, value in texts.items():
        if not isinstance(value, str):
            wrong(f"{key}.{name}", f"must be a text, not {value!r}")
            return None
    if not texts["name"]:
        wrong(f"{key}.name", "a criterion needs a name")
    by = _deadline(texts["by"], key, wrong)
    if texts["rule"]:
        return _of_rule(texts, by, key, rules, wrong)
    return _of_metric(texts, by, key, wrong)


def _deadline(text: str, key: str, wrong: Wrong) -> Deadline:
    """When it has to hold; the end of the run when nothing is said."""
    found = _BY.fullmatch(text or "end")
    if found is None:
        wrong(f"{key}.by", f"{text!r} is no deadline; write 'end', 'epoch 1' or 'step 2000'")
    elif found[1]:
        return Deadline("step" if found[1] == "step" else "epoch", float(found[2]))
    return Deadline()


def _of_rule(texts: Mapping[str, str], by: Deadline, key: str, rules: Mapping[str, object], wrong: Wrong) -> Criterion | None:
    """A rule that must not fire."""
    for name in ("metric", "is", "when"):
        if texts[name]:
            wrong(f"{key}.{name}", "a criterion has either a rule that must not fire or a metric with a condition")
    if texts["rule"] not in rules:
        wrong(f"{key}.rule", f"there is no rule {texts['rule']!r} in this preset")
    return Criterion(texts["name"], None, rule=texts["rule"], when="always", by=by)


def _of_metric(texts: Mapping[str, str], by: Deadline, key: str, wrong: Wrong) -> Criterion | None:
    """A metric and its condition."""
    if not texts["metric"]:
        wrong(f"{key}.metric", "needs a metric as `trainwatch export` prints it, or gap; or a rule that must not fire")
    usual = "at_end" if texts["metric"] == GAP else "reached"
    when = texts["when"] or usual
    if when not in get_args(When):
        wrong(f"{key}.when", f"{when!r} is none of: {', '.join(get_args(When))}")
        when = usual
    try:
        condition = parse_condition(texts["is"])
    except ValueError as error:
        wrong(f"{key}.is", str(error))
        return None
    return Criterion(texts["name"], condition, texts["metric"], when=_when(when), by=by)


def _when(word: str) -> When:
    """The word as what it is."""
    return "always" if word == "always" else "at_end" if word == "at_end" else "reached"
