"""A preset: which rules watch a run, with their thresholds, and what each severity asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.model.verdict import Action, Proof, Severity
from trainwatch.rules.case import Case
from trainwatch.rules.criteria.criterion import Criterion
from trainwatch.rules.kind import Kind


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as a preset states it.

    `settings` is an instance of the kind's settings. `ladder` holds the severities it may reach. `stop_by_default` says whether
    a bare `--may stop` includes it. `origin` is the file that says so. A rule with a `profile` is shown only in runs of that kind.
    One that is `beside` is judged with the others and names no phase: what it finds is for whoever asks for it.
    """

    name: str
    kind: Kind
    settings: Any
    ladder: Mapping[Severity, Action]
    proof: Proof
    stop_by_default: bool
    confirm: int
    origin: str
    profile: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """Rules by name, in the order in which they are asked, and success criteria. `cases` are those of its own file."""

    name: str
    summary: str
    rules: tuple[RuleSpec, ...]
    origin: str
    cases: tuple[Case, ...] = ()
    criteria: tuple[Criterion, ...] = ()

    def stopping(self) -> tuple[str, ...]:
        """The rules that a bare `--may stop` means."""
        return tuple(r.name for r in self.rules if r.stop_by_default)


def widened(own: Preset, every: Preset) -> Preset:
    """A preset with all rules of another one beside its own: one reading of a log judges both."""
    names = {rule.name for rule in own.rules}
    more = (replace(rule, beside=True) for rule in every.rules if rule.name not in names)
    return replace(own, rules=(*own.rules, *more))


def builtin_names() -> tuple[str, ...]:
    """The presets that come with trainwatch."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in _folder().iterdir() if f.name.endswith(".toml")))


def load(name_or_path: str, *, cases: bool = False) -> Preset:
    """The preset of that name, else of that file.

    Cases of presets that come with trainwatch are read only where `cases` says so: they are longer than the rules, and already proven.
    Raises NotFoundError, NotReadableError, and DataFileError with every mistake of the file.
    """
    from trainwatch.rules.schema import read  # noqa: PLC0415  schema reads what a preset extends through here

    if name_or_path in builtin_names():
        origin = f"{name_or_path}.toml"
        text = (_folder() / origin).read_text(encoding="utf-8")
        return read(text if cases else text.partition("\n[[case]]")[0], origin, name_or_path)
    path = Path(name_or_path)
    if not path.exists():
        raise NotFoundError(f"{name_or_path}: no such preset or file; the presets are: {', '.join(builtin_names())}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotReadableError(f"{path}: not a readable text file: {error}") from None
    return read(text, str(path), path.stem)


def _folder() -> Path:
    return Path(__file__).with_name("presets")
