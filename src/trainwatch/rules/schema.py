"""The TOML schema of a preset: every mistake of a file at once, with key and line."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

from trainwatch.model.errors import DataFileError, Mistake
from trainwatch.model.verdict import Action, Proof, Severity, severity_of
from trainwatch.rules.case import parse
from trainwatch.rules.catalogue import find, kind_names
from trainwatch.rules.criteria.criterion import Criterion
from trainwatch.rules.criteria.criterion import parse as parse_criterion
from trainwatch.rules.kind import Kind
from trainwatch.rules.preset import Preset, RuleSpec, builtin_names, load

TOP_KEYS = ("name", "summary", "extends", "without", "rule", "criterion", "case")
RULE_KEYS = ("name", "kind", "ladder", "proof", "stop_by_default", "confirm", "profile", "settings")
WORDS: dict[type, str] = {float: "a number", int: "a whole number", str: "a text", bool: "true or false", list: "a list", dict: "a table"}


def read(text: str, file: str, name: str) -> Preset:
    """A preset from its text. Raises DataFileError with every mistake."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise DataFileError([Mistake(file, "", f"not TOML: {error}", int(line[1]) if line else 0)]) from None
    return _Reader(text, file).preset(data, name)


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.mistakes: list[Mistake] = []

    def preset(self, data: dict[str, Any], name: str) -> Preset:
        """The whole file."""
        self._unknown(data, TOP_KEYS, "")
        stated = self._typed(data, "name", str, "", "")
        summary = self._typed(data, "summary", str, "", "")
        base = self._base(self._typed(data, "extends", str, "", ""))
        rules = {r.name: r for r in base.rules} if base else {}
        criteria = {c.name: c for c in base.criteria} if base else {}
        for gone in self._names(data):
            if rules.pop(gone, None) is None and criteria.pop(gone, None) is None:
                self._wrong("without", f"there is no rule or criterion {gone!r} to leave out")
        for i, table in enumerate(self._tables(data, "rule"), 1):
            spec = self._rule(table, f"rule[{i}]", rules)
            if spec is not None:
                rules[spec.name] = spec
        criteria |= self._criteria(data, rules)
        parsed = [parse(table, f"case[{i}]", rules, self._wrong, criteria) for i, table in enumerate(self._tables(data, "case"), 1)]
        if self.mistakes:
            raise DataFileError(self.mistakes)
        cases = tuple(c for c in parsed if c is not None)
        return Preset(stated or name, summary, tuple(rules.values()), self.file, cases, tuple(criteria.values()))

    def _criteria(self, data: Mapping[str, Any], rules: Mapping[str, RuleSpec]) -> dict[str, Criterion]:
        """Every `[[criterion]]` of the file."""
        parsed = [
            parse_criterion(table, f"criterion[{i}]", rules, self._wrong) for i, table in enumerate(self._tables(data, "criterion"), 1)
        ]
        return {c.name: c for c in parsed if c is not None}

    def _base(self, extends: str) -> Preset | None:
        """The preset that this one builds on."""
        if not extends:
            return None
        if extends not in builtin_names() or f"{extends}.toml" == self.file:
            self._wrong("extends", f"there is no preset {extends!r} to build on; there are: {', '.join(builtin_names())}")
            return None
        return load(extends)

    def _names(self, data: Mapping[str, Any]) -> list[str]:
        return [str(x) for x in self._typed(data, "without", list, [], "")]

    def _tables(self, data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """The tables of `[[key]]`."""
        found = data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
            self._wrong(key, f"write it as [[{key}]] tables")
            return []
        return found

    def _rule(self, table: dict[str, Any], key: str, known: Mapping[str, RuleSpec]) -> RuleSpec | None:
        """One `[[rule]]`: a new one, or changes to one of the preset it extends."""
        self._unknown(table, RULE_KEYS, key)
        name = self._typed(table, "name", str, "", key)
        if not name:
            self._wrong(f"{key}.name", "a rule needs a name")
            return None
        old = known.get(name)
        kind = self._kind(table, key, old, name)
        if kind is None:
            return None
        if old is not None and old.kind is not kind:
            old = None
        return RuleSpec(
            name,
            kind,
            self._settings(table, kind, old, f"{key}.settings"),
            self._ladder(table, kind, old, f"{key}.ladder"),
            self._choice(table, "proof", get_args(Proof), old.proof if old else kind.proof, key),
            self._typed(table, "stop_by_default", bool, old.stop_by_default if old else kind.stop_by_default, key),
            max(self._typed(table, "confirm", int, old.confirm if old else kind.confirm, key), 1),
            self.file,
            self._typed(table, "profile", str, old.profile if old else "", key),
        )

    def _kind(self, table: Mapping[str, Any], key: str, old: RuleSpec | None, name: str) -> Kind | None:
        """The kind stated, else that of the rule changed, else the one of the rule's own name."""
        stated = self._typed(table, "kind", str, "", key)
        if not stated and old is not None:
            return old.kind
        kind = find(stated or name)
        if kind is None:
            self._wrong(f"{key}.kind", f"there is no kind {stated or name!r}; the kinds are: {', '.join(kind_names())}")
        return kind

    def _settings(self, table: Mapping[str, Any], kind: Kind, old: RuleSpec | None, key: str) -> Any:
        """The thresholds, each of the type of its default."""
        stated = table.get("settings", {})
        if not isinstance(stated, dict):
            self._wrong(key, "must be a table")
            stated = {}
        base = old.settings if old is not None else kind.settings()
        types = get_type_hints(kind.settings)
        self._unknown(stated, tuple(types), key)
        new = {k: self._value(v, getattr(base, k), f"{key}.{k}") for k, v in stated.items() if k in types}
        try:
            return dataclasses.replace(base, **new)
        except ValueError as error:
            self._wrong(key, str(error))
            return base

    def _value(self, value: Any, default: Any, key: str) -> Any:
        """A threshold: numbers are at least 0, lists hold texts."""
        if isinstance(default, tuple):
            if isinstance(value, list) and all(isinstance(x, str) for x in value):
                return tuple(value)
            self._wrong(key, "must be a list of texts")
            return default
        value = self._as(value, type(default), default, key)
        if isinstance(value, (int, float)) and not value >= 0:
            self._wrong(key, "must not be negative")
            return default
        return value

    def _ladder(self, table: Mapping[str, Any], kind: Kind, old: RuleSpec | None, key: str) -> Mapping[Severity, Action]:
        """Severity to action; stated, it replaces the whole ladder."""
        stated = table.get("ladder")
        if stated is None:
            return old.ladder if old is not None else kind.ladder
        if not isinstance(stated, dict) or not stated:
            self._wrong(key, 'must be a table such as { yellow = "notify", red = "stop" }')
            return kind.ladder
        ladder: dict[Severity, Action] = {}
        for word in stated:
            try:
                severity = severity_of(word)
            except ValueError:
                self._wrong(f"{key}.{word}", "there is no such severity; they are: yellow, orange, red, black")
                continue
            if severity not in kind.ladder:
                reach = ", ".join(s.word for s in kind.ladder)
                self._wrong(f"{key}.{word}", f"the kind {kind.name} does not reach it; it knows: {reach}")
                continue
            ladder[severity] = self._choice(stated, word, get_args(Action), "notify", key)
        return dict(sorted(ladder.items()))

    def _choice(self, table: Mapping[str, Any], name: str, words: tuple[str, ...], default: Any, key: str) -> Any:
        """One of a few words."""
        value = table.get(name, default)
        if value not in words:
            self._wrong(f"{key}.{name}", f"{value!r} is none of: {', '.join(words)}")
            return default
        return value

    def _typed(self, table: Mapping[str, Any], name: str, kind: type, default: Any, key: str) -> Any:
        """A value of one type, the default when it is absent."""
        return self._as(table[name], kind, default, f"{key}.{name}" if key else name) if name in table else default

    def _as(self, value: Any, kind: type, default: Any, key: str) -> Any:
        """The value, where it is of the type asked for; a whole number will do for a number."""
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._wrong(key, f"must be {WORDS[kind]}, not {value!r}")
            return default
        return value

    def _unknown(self, table: Mapping[str, Any], known: tuple[str, ...], key: str) -> None:
        """Keys that mean nothing are mistakes: a misspelt threshold must not be ignored."""
        for name in table:
            if name not in known:
                self._wrong(f"{key}.{name}" if key else name, f"unknown; the keys here are: {', '.join(known)}")

    def _wrong(self, key: str, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(self.file, key, text, line_of(self.lines, key)))


def line_of(lines: list[str], key: str) -> int:
    """The 1-based line of a key such as `rule[2].settings.patience`; of its table when the key is absent; 0 when not found."""
    table = re.match(r"(\w+)\[(\d+)\]", key)
    start, end = _extent(lines, table[1], int(table[2])) if table else (0, len(lines))
    leaf = re.escape(re.sub(r"\[\d+\]$", "", key.rpartition(".")[2]))
    wanted = re.compile(rf"""(^|[\s{{,.\[])["']?{leaf}["']?\s*[=\].]""")
    return next((i + 1 for i in range(start, end) if wanted.search(lines[i])), start + 1 if table else 0)


def _extent(lines: list[str], name: str, number: int) -> tuple[int, int]:
    """The lines [start, end) of the n-th `[[name]]` table."""
    heads = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[", line)]
    named = [i for i in heads if re.match(rf"\s*\[\[\s*{name}\s*\]\]", lines[i])]
    if number > len(named):
        return 0, len(lines)
    start = named[number - 1]
    return start, next((i for i in heads if i > start), len(lines))
