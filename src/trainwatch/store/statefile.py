"""state.json: where run and stop machine stand, rewritten at each change and before any signal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from trainwatch.model.errors import NotReadableError
from trainwatch.model.snapshot import State, Stop
from trainwatch.store.files import read_json, write_json
from trainwatch.store.rundir import RunDir


@dataclass(frozen=True, slots=True)
class StateFile:
    """The content of state.json.

    `at` is when it was written, in Unix seconds. `exit_code` is the job's own, None while it runs or when nobody knows it.
    `followers` holds `Follower.state()` by source. `extra` holds every other key, for whoever supervises.
    """

    state: State = "starting"
    at: float = math.nan
    stop: Stop = field(default_factory=Stop)
    exit_code: int | None = None
    followers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def save(self, run_dir: RunDir) -> None:
        """Write state.json, durable on return. Raises NotWrittenError."""
        value = {
            **self.extra,
            "v": 1,
            "state": self.state,
            "at": self.at,
            "stop": asdict(self.stop),
            "exit_code": self.exit_code,
            "followers": {name: dict(state) for name, state in self.followers.items()},
        }
        write_json(run_dir.state, value)


KNOWN = frozenset({"v", "state", "at", "stop", "exit_code", "followers"})


def load(run_dir: RunDir) -> StateFile | None:
    """Read state.json; None when there is none yet. Raises NotReadableError when it is damaged."""
    value = read_json(run_dir.state)
    if value is None:
        return None
    try:
        return _decode(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotReadableError(f"{run_dir.state}: {error!r} is missing or wrong") from error


def _decode(value: dict[str, Any]) -> StateFile:
    """The state of a JSON object."""
    state: State = value["state"]
    if state not in get_args(State):
        raise ValueError(state)
    stop = value.get("stop", {})
    code = value.get("exit_code")
    return StateFile(
        state,
        float(value.get("at", math.nan)),
        Stop(
            machine=str(stop.get("machine", "idle")),
            text=str(stop.get("text", "")),
            rule=str(stop.get("rule", "")),
            checkpoint=str(stop.get("checkpoint", "")),
            since=float(stop.get("since", math.nan)),
            exit_code=stop.get("exit_code"),
            goal="save" if stop.get("goal") == "save" else "stop",
        ),
        None if code is None else int(code),
        value.get("followers", {}),
        {key: inner for key, inner in value.items() if key not in KNOWN},
    )
