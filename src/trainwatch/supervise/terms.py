"""What a run was started with, beyond who it is: kept in run.json, read by every supervisor of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.store.runfile import RunFile
from trainwatch.supervise.horizon import Horizon
from trainwatch.supervise.machine import Limits
from trainwatch.supervise.may import May


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions of a run.

    `environment` is added to the job's; `supervisor` is the command that supervises. `starts` is the length each log had when the job
    started. `unsaved` allows rules to stop without a proven checkpoint. `read_only` refuses every request. `attached`: the job was not started by us, its processes are found by its logs.
    `closing` is run with the run directory when all is over. `ends_at` is when the time is over, in Unix seconds, None: as Slurm says;
    `before_end` is how many seconds before it the job is saved and stopped, None: as long as that takes, negative: it is not.
    `words` are the folders and patterns in which more of the run's logs may come to lie. `any_user`: as root, act on processes of other users too. `veto_if_attended`: a stop may be called off as long as a screen is open. `save_by` names the doorbell that a job without our hook listens to. `signal_grace` is how many seconds pass between the SIGTERM that `launch` gets and the end, None when nobody said.
    """

    may: May = field(default_factory=May)
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    supervisor: tuple[str, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)
    unsaved: bool = False
    read_only: bool = False
    attached: bool = False
    closing: tuple[str, ...] = ()
    ends_at: float | None = None
    before_end: float | None = None
    signal_grace: float | None = None
    save_by: str = ""
    veto_if_attended: bool = False
    any_user: bool = False
    words: tuple[str, ...] = ()

    @property
    def hooked(self) -> bool:
        """Whether our hook was put into the job's environment."""
        return "PYTHONPATH" in self.environment

    def horizon(self, slurm_job: str) -> Horizon | None:
        """What looks at the end of the time; None where nothing may be asked of the job, or nobody wants it."""
        if not self.may.save or (self.before_end is not None and self.before_end < 0):
            return None
        return Horizon(slurm_job, ends_at=self.ends_at, before=self.before_end)

    def extra(self) -> dict[str, Any]:
        """For `RunFile.extra`."""
        return {
            "trust": {"save": self.may.save, "stop": sorted(self.may.stop)},
            "limits": asdict(self.limits),
            "environment": dict(self.environment),
            "supervisor": list(self.supervisor),
            "starts": dict(self.starts),
            "unsaved": self.unsaved,
            "read_only": self.read_only,
            "attached": self.attached,
            "closing": list(self.closing),
            "ends_at": self.ends_at,
            "before_end": self.before_end,
            "signal_grace": self.signal_grace,
            "save_by": self.save_by,
            "veto_if_attended": self.veto_if_attended,
            "any_user": self.any_user,
            "words": list(self.words),
        }


def _seconds(value: Any) -> float | None:
    """A number that may be missing. Raises TypeError or ValueError."""
    return None if value is None else float(value)


def of(run: RunFile) -> Terms:
    """The conditions in a run file; missing keys mean the least trust. Raises NotReadableError when they make no sense."""
    extra = run.extra
    try:
        trust = extra.get("trust", {})
        return Terms(
            May(bool(trust.get("save")), frozenset(map(str, trust.get("stop", ())))),
            Limits(**extra.get("limits", {})),
            {str(name): str(value) for name, value in extra.get("environment", {}).items()},
            tuple(map(str, extra.get("supervisor", ()))),
            {str(path): int(size) for path, size in extra.get("starts", {}).items()},
            bool(extra.get("unsaved")),
            bool(extra.get("read_only")),
            bool(extra.get("attached")),
            tuple(map(str, extra.get("closing", ()))),
            ends_at=_seconds(extra.get("ends_at")),
            before_end=_seconds(extra.get("before_end")),
            signal_grace=_seconds(extra.get("signal_grace")),
            save_by=str(extra.get("save_by", "")),
            veto_if_attended=bool(extra.get("veto_if_attended")),
            any_user=bool(extra.get("any_user")),
            words=tuple(map(str, extra.get("words", ()))),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise NotReadableError(f"{run.info.directory}/run.json: {error} is wrong") from error
