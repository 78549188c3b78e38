"""Objects as records: our own export lines, trainer_log.jsonl, metrics files, JSON or a printed dict behind a log prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, cast, get_args

from trainwatch.formats.counters import counters, message
from trainwatch.formats.findings import Finding, main_loss
from trainwatch.formats.names import names
from trainwatch.formats.numbers import number
from trainwatch.formats.pairs import PairSyntax
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record, separate
from trainwatch.formats.steps import MOST
from trainwatch.model.block import Kind, Scalar
from trainwatch.model.facts import Facts, FactValue

MAX_OBJECT = 1 << 20
"""Longer objects are data, not records, in bytes."""

_TRAIN = ("loss", "train_loss", "train/loss", "total_loss", "lm loss")
EVALUATED = (
    "eval_*",
    "eval/*",
    "val_*",
    "val/*",
    "valid_*",
    "test_*",
    "test/*",
    "dev_*",
    "dev/*",
    "bbox/*",
    "validation_*",
    "loss/eval*",
    "loss/val*",
)
"""Names of what an evaluation found, where a line of training holds them too."""
_PART = ("type", "split", "phase", "mode", "stage", "event", "kind", "subset")
_EVALUATION = frozenset({"eval", "evaluation", "evaluate", "val", "valid", "validation", "validate", "test", "dev"})
"""Where an object says what it tells of, and the words for an evaluation."""

_BOTH = "global_step/max_steps"
_STEP = ("step", "global_step", "current_steps", "num_updates", "iteration", "iter", _BOTH)
_COUNTER = frozenset({*_STEP, "epoch", "update"})
_SKIP = frozenset({_BOTH, "total_steps", "max_steps"})
_DICT = PairSyntax("'<name>': <value>", ", ", "}")
OPENED = (b'{"', b"{'")
"""How an object begins: as JSON, as Python prints it."""


class Objects:
    """Reads the JSON objects of one source; notes what they say of the configuration.

    Of a source whose first line is an object with a loss, every such line is a record, whether it counts or not.
    """

    def __init__(self, facts: Facts, source: str) -> None:
        self._facts, self._source = facts, source
        self._is_list = False
        self.progress: tuple[int, int | None] | None = None
        """(step, total) of the line read last, where it tells how far the run is without a metric."""

    def read(self, line: bytes, line_number: int) -> Iterator[Record]:
        """The records of one line."""
        self.progress = None
        item, start, stop = _json(line) if OPENED[0] in line else _printed(line)
        if item is None:
            return
        prefix = line[:start]
        if "kind" in item and isinstance(item.get("values"), dict):
            own = self._own(item, line_number)
            if own is not None:
                own.start, own.end = start, stop
                yield own
            return
        is_whole = line.startswith(OPENED[0]) and stop == len(line.rstrip())
        self._is_list = self._is_list or (line_number == 1 and is_whole and any(name in item for name in _TRAIN))
        record = from_object(item, prefix, counts=is_whole and self._is_list)
        if record is not None:
            self._total(item, line_number)
            record.start, record.end = start, stop
            yield from separate(record, EVALUATED)
        else:
            self.progress = _progress(item)

    def _total(self, item: Mapping[str, Any], line_number: int) -> None:
        """The planned steps, where a line states them."""
        total = _value(item.get("total_steps", item.get("max_steps", str(item.get(_BOTH, "")).rpartition("/")[2])))
        if total is not None and total > 0:
            self._facts.note("total_steps", total, self._source, line_number)

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


def _json(line: bytes) -> tuple[dict[str, Any] | None, int, int]:
    """The JSON object of a line, where it begins and where it ends; None without one."""
    start, stop = line.find(OPENED[0]), line.rfind(b"}") + 1
    if stop <= start or len(line) - start > MAX_OBJECT:
        return None, start, stop
    try:
        item = json.loads(line[start:stop])
    except (ValueError, RecursionError):
        return None, start, stop
    return (item if isinstance(item, dict) else None), start, stop


def _printed(line: bytes) -> tuple[dict[str, Any] | None, int, int]:
    """The flat dict that a line holds as Python prints it; None without one."""
    start = line.find(OPENED[1])
    parsed = _DICT.parse(line, start + 1) if start >= 0 else None
    if parsed is None:
        return None, start, start
    texts = (raw.decode("utf-8", "replace") for raw in parsed.raw)
    return dict(zip(parsed.names, texts, strict=True)), start, parsed.end


def from_object(item: Mapping[str, Any], prefix: bytes = b"", *, counts: bool = False) -> Record | None:
    """A record from a flat object of metrics; None when it is something else. `prefix` is what the log printed before it.

    What counts stands in the object, or before it as in `Step 10: {...}`; nothing has to where its place does: `counts`.
    """
    numbers = {str(name): value for name, raw in item.items() if (value := _value(raw)) is not None}
    counted = {} if counts or any(_word(name) in _COUNTER for name in item) else _before(prefix)
    if counted is None:
        return None
    printed = [name for name in numbers if name not in _SKIP]
    main = main_loss([name for name in printed if not _evaluates(name)])
    judged = next((name for name in printed if counted and Finding(name, 0, None, 0, 0, "").is_metric), None)
    meaning = plan(printed, _said(item, printed) or _kinds(prefix, main, judged), _rename(item))
    if meaning.kind is None:
        return None
    values = {slot.name: numbers[printed[slot.index]] for slot in meaning.slots} | counted
    both = item.get(_BOTH)
    if isinstance(both, str) and "step" not in values and (step := number(both.partition("/")[0].encode())) is not None:
        values["step"] = step
    if meaning.kind == "train" and main is not None and not any(name in names().train for name in printed):
        values["loss"] = numbers[main]
    return Record(meaning.kind, "json", 0, 0, values)


def _word(name: str) -> str:
    """A name without the section it stands in: `step` for `train/step`."""
    return name if name == _BOTH else str(name).rpartition("/")[2].lower()


def _before(prefix: bytes) -> dict[str, float] | None:
    """What counts before an object; None when nothing does."""
    found = counters(prefix[message(prefix) :]) if prefix else None
    return None if found is None else found.values


def _evaluates(name: str) -> bool:
    """Whether a name is that of an evaluation."""
    return any(fnmatchcase(name, pattern) for pattern in EVALUATED)


def _progress(item: Mapping[str, Any]) -> tuple[int, int | None] | None:
    """How far a run is, as trainer_log.jsonl says it in its last line, which has no metric."""
    step, total = _value(item.get("current_steps")), _value(item.get("total_steps"))
    if step is None or total is None or not 0 <= step <= total < MOST:
        return None
    return int(step), int(total) or None


def _said(item: Mapping[str, Any], printed: Sequence[str]) -> tuple[KindRule, ...]:
    """The kind that an object with a metric says it is of, as in `"split": "test"`; empty where it says none or that of training."""
    words = [word.lower() for name in _PART if isinstance(word := item.get(name), str)]
    if not any(Finding(name, 0, None, 0, 0, "").is_metric for name in printed):
        return ()
    if "summary" in words:
        return (KindRule("summary"),)
    return (KindRule("eval"),) if any(word.partition("_")[0] in _EVALUATION for word in words) else ()


def _kinds(prefix: bytes, main: str | None, judged: str | None) -> tuple[KindRule, ...]:
    """How to tell the kinds apart, `main` being a loss of the training and `judged` any metric; a log prefix such as `train_inner` decides."""
    if b"[train]" in prefix or b"| train |" in prefix:
        return (KindRule("summary"),)
    rules = [KindRule("summary", ("train_runtime",)), KindRule("summary", ("n_parameters", "params_total"))]
    rules += [KindRule("train", (name,)) for name in (*_TRAIN, *([main] if main is not None else []))]
    rules += [KindRule("eval", (pattern,)) for pattern in EVALUATED]
    rules += [KindRule("eval", (judged,))] if judged is not None else []
    rules += [KindRule("info", (name,)) for name in ("learning_rate", "lr", "reward", "grad_norm")]
    return tuple(rules)


def _rename(item: Mapping[str, Any]) -> dict[str, str]:
    """Which of several counters is the step: `update` is a fractional epoch beside `num_updates`."""
    words = {_word(name): name for name in reversed(list(item))}
    step = next((words[word] for word in _STEP if word in words), None)
    rename = {step: "step"} if step else {}
    if "epoch" in words:
        rename[words["epoch"]] = "epoch"
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
