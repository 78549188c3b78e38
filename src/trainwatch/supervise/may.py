"""What trainwatch may do to a job by itself: `watch`, `save`, or `stop` with the rules that may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trainwatch.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class May:
    """The trust given with `--may`. `stop` names the rules that may stop the job; they may also ask for the save before it."""

    save: bool = False
    stop: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """As it is written on the command line; "watch" when nothing was given."""
        if self.stop:
            return f"stop={','.join(sorted(self.stop))}"
        return "save" if self.save else "watch"


def parse(words: Sequence[str], *, rules: Collection[str], stopping: Collection[str], preset: str = "default") -> May:
    """The meaning of every `--may WORD`: `save`, `stop`, `stop=RULE,…`.

    `rules` are the names in the preset, `stopping` those that bare `stop` stands for. Raises UsageError for any other word.
    """
    save, stop = False, set[str]()
    for word in words:
        kind, equals, names = word.partition("=")
        if kind == "stop":
            stop |= _named(names, rules, preset) if equals else set(stopping)
        elif word not in ("save", "watch"):
            raise UsageError(f"--may {word}: write save, stop, or stop=RULE,…")
        save = save or word != "watch"
    return May(save, frozenset(stop))


def _named(names: str, rules: Collection[str], preset: str) -> set[str]:
    """The rules of a comma-separated list, all of them known."""
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    unknown = sorted(wanted - set(rules))
    if unknown or not wanted:
        wrong = f"there is no rule {', '.join(unknown)}" if unknown else "no rule is named"
        raise UsageError(f"--may stop={names}: {wrong}; the rules of {preset} are: {', '.join(sorted(rules))}")
    return wanted
