"""Any metric against limits of one's own."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Severity
from trainwatch.rules.condition import Condition, parse
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.noise import median
from trainwatch.rules.windows import Windows

LEVELS = (Severity.BLACK, Severity.RED, Severity.ORANGE, Severity.YELLOW)


@dataclass(frozen=True, slots=True)
class Settings:
    """`metrics` are names as `trainwatch export` prints them; the first one that a record has counts.

    `yellow` to `black` are conditions: `> 0.2`, `<= 0`, `>= 0.95 * NAME_OF_A_FACT`; empty for none. The median of every `window`
    records in a row is judged, from step `after` on. `about` is what the sentence adds.
    """

    metrics: tuple[str, ...] = ()
    yellow: str = ""
    orange: str = ""
    red: str = ""
    black: str = ""
    window: int = 1
    after: int = 0
    about: str = ""

    def __post_init__(self) -> None:
        """Refuse conditions that nobody can read; ValueError."""
        for severity in LEVELS:
            text = getattr(self, severity.word)
            if text:
                parse(text)


class Threshold(Rule):
    """Keeps the window that is being filled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        texts = [(severity, attrgetter(severity.word)(settings)) for severity in LEVELS]
        self._levels: list[tuple[Severity, Condition]] = [(severity, parse(text)) for severity, text in texts if text]
        self._windows = Windows(settings.window)
        self._quiet = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind(" or ".join(self.settings.metrics) or "a metric")

    def went_back(self, *, anew: bool) -> None:  # noqa: ARG002
        """No window reaches over a resume."""
        self._windows.clear()

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds the metric."""
        return any(name in columns for name in self.settings.metrics)

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Judge every window; quick where single values are all well."""
        name = next((n for n in self.settings.metrics if n in block.columns), "")
        if not name:
            return ()
        column = block.columns[name]
        extremes = block.extremes(name)
        if self.settings.window == 1 and self._quiet and extremes is not None and self._all_well(*extremes):
            return ()
        return list(self._windowed(block, name, column, history))

    def _all_well(self, low: float, high: float) -> bool:
        """Whether no value between these can be beyond a limit."""
        return all(not c.fact and not c.holds(high if c.sign[0] == ">" else low, c.number) for _, c in self._levels)

    def _windowed(self, block: Block, name: str, column: array[float], history: History) -> Iterator[tuple[int, Judgement]]:
        for row, values in self._windows.fill(column):
            if values:
                judgement = self._judge(block, name, row, median(values), history)
                self._quiet = judgement.negated
                yield row, judgement

    def _judge(self, block: Block, name: str, row: int, value: float, history: History) -> Judgement:
        s, step = self.settings, block.step(row)
        if step is not None and step < s.after:
            return pending(f"judged from step {s.after} on")
        history.plan.move(block, row)
        limits = [(severity, c, c.limit(history.plan)) for severity, c in self._levels]
        unknown = next((c.fact for _, c, limit in limits if limit is None), "")
        if unknown:
            return blind(f"{unknown} in the configuration")
        beyond = next(((severity, c, limit) for severity, c, limit in limits if limit is not None and c.holds(value, limit)), None)
        if beyond is None:
            return ok(f"{name} is within its limits", negated=True)
        severity, condition, limit = beyond
        of = f", the median of {s.window} records," if s.window > 1 else ""
        why = f"{name} {figure(value)}{of}{place(step, block.epoch(row))} is {condition.words(limit or 0.0)}"
        why += f": {s.about}" if s.about else ""
        return fired(severity, why, (printed(block, name, row),), f"a {name} within its limits would withdraw it")


KIND = Kind(
    name="threshold",
    summary="any metric against limits of one's own",
    needs="the metric",
    settings=Settings,
    make=Threshold,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify", Severity.RED: "notify", Severity.BLACK: "notify"},
)
