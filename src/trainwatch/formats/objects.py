"""JSON objects as records: our own export lines, trainer_log.jsonl, metrics files, JSON behind a log prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record, separate
from trainwatch.formats.steps import MOST
from trainwatch.model.block import Kind, Scalar
from trainwatch.model.facts import Facts, FactValue

MAX_OBJECT = 1 << 20
"""Longer objects are data, not records, in bytes."""

_TRAIN = ("loss", "train_loss", "train/loss", "total_loss", "lm loss")
_EVAL = ("eval_*", "eval/*", "val_*", "val/*", "valid_*", "test_*", "bbox/*", "validation_*")
_COUNTER = ("step", "epoch", "current_steps", "global_step", "iteration", "iter", "num_updates", "update", "global_step/max_steps")
_SKIP = frozenset({"global_step/max_steps", "total_steps", "max_steps"})
_STEP = ("step", "global_step", "current_steps", "num_updates", "iteration", "iter", "global_step/max_steps")


class Objects:
    """Reads the JSON objects of one source; notes what they say of the configuration."""

    def __init__(self, facts: Facts, source: str) -> None:
        self._facts, self._source = facts, source
        self.progress: tuple[int, int | None] | None = None
        """(step, total) of the line read last, where it tells how far the run is without a metric."""

    def read(self, line: bytes, line_number: int) -> Iterator[Record]:
        """The records of one line."""
        self.progress = None
        start = line.find(b'{"')
        if start < 0 or len(line) - start > MAX_OBJECT:
            return
        stop = line.rfind(b"}")
        try:
            item = json.loads(line[start : stop + 1])
        except (ValueError, RecursionError):
            return
        if not isinstance(item, dict):
            return
        prefix = line[:start]
        if "kind" in item and isinstance(item.get("values"), dict):
            own = self._own(item, line_number)
            if own is not None:
                own.start, own.end = start, stop + 1
                yield own
            return
        record = from_object(item, prefix)
        if record is not None:
            self._total(item, line_number)
            record.start, record.end = start, stop + 1
            yield from separate(record, _EVAL)
        else:
            self.progress = _progress(item)

    def _total(self, item: Mapping[str, Any], line_number: int) -> None:
        """The planned steps, where a line states them."""
        total = item.get("total_steps", item.get("max_steps"))
        if isinstance(total, (int, float)) and total > 0:
            self._facts.note("total_steps", float(total), self._source, line_number)

    def _own(self, item: Mapping[str, Any], line_number: int) -> Record | None:
        """A line of our own export; a configuration event becomes facts instead."""
        kind = item["kind"]
        if kind not in get_args(Kind):
            return None
        values: dict[str, float] = {}
        texts: dict[str, Scalar] = {}
        for name in ("step", "epoch"):
            value = _value(item.get(name))
            if value is not None:
                values[name] = value
        for name, raw in item["values"].items():
            value = _value(raw)
            if value is not None:
                values.setdefault(str(name), value)
            elif raw is not None:
                texts[str(name)] = raw if isinstance(raw, str) else json.dumps(raw)[:1000]
        if texts.get("event") == "config":
            for name, raw in item["values"].items():
                if name != "event" and isinstance(raw, (int, float, str, bool)):
                    self._facts.note(str(name), cast("FactValue", raw), self._source, line_number)
            return None
        derived = (
            tuple(name for name in item.get("derived", ()) if name in ("step", "epoch"))
            if isinstance(item.get("derived", ()), list)
            else ()
        )
        return Record(kind, str(item.get("format", "export")), 0, 0, values, texts, derived)


def from_object(item: Mapping[str, Any], prefix: bytes = b"") -> Record | None:
    """A record from a flat object of metrics; None when it is something else. `prefix` is what the log printed before it."""
    numbers = {str(name): value for name, raw in item.items() if (value := _value(raw)) is not None}
    if not any(name in item for name in _COUNTER):
        return None
    kinds = _kinds(prefix)
    printed = [name for name in numbers if name not in _SKIP]
    meaning = plan(printed, kinds, _rename(item))
    if meaning.kind is None:
        return None
    values = {slot.name: numbers[printed[slot.index]] for slot in meaning.slots}
    both = item.get("global_step/max_steps")
    if isinstance(both, str) and "step" not in values and (step := number(both.partition("/")[0].encode())) is not None:
        values["step"] = step
    return Record(meaning.kind, "json", 0, 0, values)


def _progress(item: Mapping[str, Any]) -> tuple[int, int | None] | None:
    """How far a run is, as trainer_log.jsonl says it in its last line, which has no metric."""
    step, total = _value(item.get("current_steps")), _value(item.get("total_steps"))
    if step is None or total is None or not 0 <= step <= total < MOST:
        return None
    return int(step), int(total) or None


def _kinds(prefix: bytes) -> tuple[KindRule, ...]:
    """How to tell the kinds apart; a log prefix such as `train_inner` decides."""
    if b"[train]" in prefix or b"| train |" in prefix:
        return (KindRule("summary"),)
    rules = [KindRule("summary", ("train_runtime",)), KindRule("summary", ("n_parameters", "params_total"))]
    rules += [KindRule("train", (name,)) for name in _TRAIN]
    rules += [KindRule("eval", (pattern,)) for pattern in _EVAL]
    rules += [KindRule("info", (name,)) for name in ("learning_rate", "lr", "reward", "grad_norm")]
    return tuple(rules)


def _rename(item: Mapping[str, Any]) -> dict[str, str]:
    """Which of several counters is the step: `update` is a fractional epoch beside `num_updates`."""
    step = next((name for name in _STEP if name in item), None)
    rename = {step: "step"} if step else {}
    if "num_updates" in item and "update" in item:
        rename["epoch"], rename["update"] = "epoch_number", "epoch"
    return rename


def _value(raw: object) -> float | None:
    """A JSON value as a number: numbers, and texts that spell one."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, (int, float)):
        try:
            return float(raw)
        except OverflowError:
            return None
    if isinstance(raw, str) and len(raw) <= 40:
        return number(raw.encode())
    return None
