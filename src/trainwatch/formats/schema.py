"""A format, as its TOML file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from trainwatch.formats.pairs import PairSyntax
from trainwatch.formats.plan import KindRule
from trainwatch.formats.template import Template, compile_template
from trainwatch.model.block import Kind
from trainwatch.model.errors import Mistake

Where = Literal["line", "anywhere"]
KINDS = (*get_args(Kind), "fact")


@dataclass(frozen=True, slots=True)
class Shape:
    """One line shape of a format.

    `template` is the record, or, where `pairs` is given, what stands before the pairs. `kinds` are tried in order. A shape of kind
    "fact" notes configuration and is no record. `anywhere` lets a record begin in the middle of a line, as after a progress bar.
    `constants` are texts that every record of the shape carries. `needs` are names without which it is no record.
    `split` are patterns of names that tell an evaluation within a train line.
    """

    template: Template
    kinds: tuple[KindRule, ...]
    is_fact: bool = False
    pairs: PairSyntax | None = None
    anywhere: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    split: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormatSample:
    """A piece of a log and the records it holds, as plain data for the checker."""

    text: str
    expect: tuple[Mapping[str, Any], ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its shapes in the order tried, its own names, its samples."""

    name: str
    about: str
    origin: str
    shapes: tuple[Shape, ...]
    rename: Mapping[str, str]
    samples: tuple[FormatSample, ...]


def parse_format(data: Mapping[str, Any], origin: str, mistakes: list[Mistake], *, samples: bool = True) -> Format:
    """Make a format of parsed TOML; what is wrong is added to `mistakes`, and the result is then of no use.

    `samples` says that it needs one; without them its templates are compiled later.
    """
    check = _Checker(origin, mistakes, later=not samples)
    check.keys(data, "", {"name", "about", "rename", "shape", "sample"})
    name = check.text(data, "", "name")
    shapes = tuple(_shape(check, entry, f"shape[{i}]") for i, entry in enumerate(check.tables(data, "shape")))
    proofs = tuple(_sample(check, entry, f"sample[{i}]") for i, entry in enumerate(check.tables(data, "sample")))
    if samples and not proofs:
        check.wrong("sample", "a format needs at least one [[sample]]")
    rename = data.get("rename", {})
    if not isinstance(rename, dict) or not all(isinstance(v, str) for v in rename.values()):
        check.wrong("rename", "must map printed names to names")
        rename = {}
    return Format(name, check.text(data, "", "about"), origin, tuple(s for s in shapes if s), rename, proofs)


class _Checker:
    """Collects mistakes with file and key."""

    def __init__(self, origin: str, mistakes: list[Mistake], *, later: bool) -> None:
        self._origin, self._mistakes = origin, mistakes
        self.later = later

    def wrong(self, key: str, text: str) -> None:
        """Note a mistake."""
        self._mistakes.append(Mistake(self._origin, key, text))

    def keys(self, table: Mapping[str, Any], path: str, allowed: set[str]) -> None:
        """Every key must be a known one."""
        for key in sorted(set(table) - allowed):
            self.wrong(f"{path}.{key}".lstrip("."), f"unknown key; known are {', '.join(sorted(allowed))}")

    def text(self, table: Mapping[str, Any], path: str, key: str, default: str | None = None) -> str:
        """A text, needed unless there is a default."""
        value = table.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            self.wrong(f"{path}.{key}".lstrip("."), "must be a text" if key in table else "is missing")
            return default or "?"
        return value

    def texts(self, table: Mapping[str, Any], path: str, key: str) -> tuple[str, ...]:
        """A list of texts, empty when absent."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.wrong(f"{path}.{key}", "must be a list of texts")
            return ()
        return tuple(value)

    def tables(self, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """An array of tables, empty when absent."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.wrong(key, f"must be an array of tables, [[{key}]]")
            return []
        return value


def _shape(check: _Checker, entry: Mapping[str, Any], path: str) -> Shape | None:
    """One [[shape]]; None when it cannot be made."""
    check.keys(entry, path, {"text", "pair", "between", "tail", "kind", "kinds", "at", "set", "needs", "split"})
    text = check.text(entry, path, "text")
    where = check.text(entry, path, "at", "line")
    if where not in get_args(Where):
        check.wrong(f"{path}.at", f"must be one of {', '.join(get_args(Where))}")
    kinds = _kinds(check, entry, path)
    constants = entry.get("set", {})
    if not isinstance(constants, dict) or not all(isinstance(v, str) for v in constants.values()):
        check.wrong(f"{path}.set", "must map names to texts")
        constants = {}
    try:
        pairs = None
        if "pair" in entry:
            pairs = PairSyntax(
                check.text(entry, path, "pair"), check.text(entry, path, "between", ", "), check.text(entry, path, "tail", "")
            )
        template = compile_template(text, close=pairs is None, later=check.later)
    except ValueError as error:
        check.wrong(f"{path}.text", str(error))
        return None
    is_fact = entry.get("kind") == "fact"
    return Shape(
        template,
        kinds,
        is_fact,
        pairs,
        where == "anywhere",
        constants,
        check.texts(entry, path, "needs"),
        check.texts(entry, path, "split"),
    )


def _kinds(check: _Checker, entry: Mapping[str, Any], path: str) -> tuple[KindRule, ...]:
    """`kind = "train"`, or `kinds` with conditions."""
    if "kind" in entry:
        kind = check.text(entry, path, "kind")
        if kind not in KINDS:
            check.wrong(f"{path}.kind", f"must be one of {', '.join(KINDS)}")
            return ()
        return () if kind == "fact" else (KindRule(cast("Kind", kind)),)
    rules = []
    for i, table in enumerate(check.tables(entry, "kinds")):
        kind = check.text(table, f"{path}.kinds[{i}]", "kind")
        if kind not in (*get_args(Kind), "none"):
            check.wrong(f"{path}.kinds[{i}].kind", f"must be one of {', '.join(get_args(Kind))}, none")
        rules.append(KindRule(None if kind == "none" else cast("Kind", kind), check.texts(table, f"{path}.kinds[{i}]", "has")))
    if not rules:
        check.wrong(path, "needs kind or kinds")
    return tuple(rules)


def _sample(check: _Checker, entry: Mapping[str, Any], path: str) -> FormatSample:
    """One [[sample]]."""
    check.keys(entry, path, {"text", "record", "facts"})
    records = check.tables(entry, "record")
    for i, record in enumerate(records):
        check.keys(record, f"{path}.record[{i}]", {"kind", "step", "epoch", "line", "values"})
    facts = entry.get("facts", {})
    return FormatSample(check.text(entry, path, "text"), tuple(records), facts if isinstance(facts, dict) else {})
