"""Devices that do little while the run goes on (rule T4)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.inputs import Sample
from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import percent, seconds
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """Utilisation, 0 to 1, of the busiest device, as the 95th percentile: below `idle` for `seconds`, or below `low` over `samples`."""

    idle: float = 0.10
    seconds: float = 300.0
    low: float = 0.70
    samples: int = 500


class GpuIdle(Rule):
    """Keeps the newest samples, from the first record on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._loads: deque[tuple[float, float]] = deque(maxlen=settings.samples)
        self._training = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("the utilisation of devices")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Before the first train record nothing need be busy."""
        self._training = self._training or block.kind == "train"
        return ()

    def progress(self, step: int, at: float) -> None:  # noqa: ARG002
        """Steps arrive: the run trains."""
        self._training = True

    def sampled(self, sample: Sample) -> Judgement | None:
        """Judge the newest samples."""
        loads = [gpu.utilisation for gpu in sample.gpus if gpu.utilisation is not None]
        if not loads or not self._training:
            return None
        self._loads.append((sample.at, max(loads)))
        s = self.settings
        recent = [load for at, load in self._loads if at > sample.at - s.seconds]
        lasting = sample.at - self._loads[0][0] >= s.seconds
        if lasting and _high(recent) < s.idle:
            return self._found(f"below {percent(s.idle)} for {seconds(s.seconds)}", _high(recent))
        if len(self._loads) == s.samples and _high([load for _, load in self._loads]) < s.low:
            return self._found(f"below {percent(s.low)} over {s.samples} samples", _high([load for _, load in self._loads]))
        return ok("the devices are busy", negated=loads != [] and max(loads) >= s.low)

    def _found(self, what: str, high: float) -> Judgement:
        why = f"the busiest device is {what}, at {percent(high)}, while the run trains: it may wait for data, for the network, or for the host"
        return fired(Severity.YELLOW, why, (), f"a utilisation of {percent(self.settings.low)} would withdraw it")


def _high(loads: list[float]) -> float:
    """The 95th percentile."""
    return sorted(loads)[math.ceil(0.95 * len(loads)) - 1]


KIND = Kind(
    name="gpu_idle",
    summary="devices that do little while the run goes on",
    needs="the utilisation of devices",
    settings=Settings,
    make=GpuIdle,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
