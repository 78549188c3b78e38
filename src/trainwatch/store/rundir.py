"""Every path of a run. Nothing else joins one.

RUN_DIR/
  run.json              who the run is and what may be done; written once, rewritten by the supervisor
  state.json            where it stands; rewritten at each change, before any signal
  journal.jsonl         every decision, request, answer, proof and signal, appended
  earlier.jsonl         the journals of the attempts before this one
  arrivals.jsonl        every input of the fold, appended
  samples.jsonl         devices
  stop.json             how a stop went
  hang.json             what a hung job looked like before it was stopped
  launcher_exit.json    the launcher's exit status, from the shim
  exit.json             written when no process of the job is left
  next.json             written when a requeue begins the next attempt in another run directory
  supervisor.lock       who supervises
  job.json              pids of shim and launcher
  columns/              what was read, kept for the next attach
  copies/               the logs as they came, packed: what a truncated log has lost
  ranks/rank<k>.json    the hook in rank k: it is there, and its heartbeat
  control/              requests to the job and its answers
  requests/             requests of views and people to the supervisor
  views/                screens that are open on the run, from which a stop can be called off
  outbox/               notifications to be sent
  report.md             the analysis, written when the run has ended; report.json beside it
  hook/                 the file put on the job's PYTHONPATH
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunDir:
    """The paths of one run directory. Creates nothing."""

    path: Path

    @property
    def run(self) -> Path:
        """Identity, command, sources, permissions."""
        return self.path / "run.json"

    @property
    def state(self) -> Path:
        """The state of run and stop machine."""
        return self.path / "state.json"

    @property
    def journal(self) -> Path:
        """Decisions and actions, one JSON object a line."""
        return self.path / "journal.jsonl"

    @property
    def earlier(self) -> Path:
        """The journals of the attempts before this one."""
        return self.path / "earlier.jsonl"

    @property
    def arrivals(self) -> Path:
        """Inputs of the fold, one JSON array a line."""
        return self.path / "arrivals.jsonl"

    @property
    def samples(self) -> Path:
        """Device samples, one JSON object a line."""
        return self.path / "samples.jsonl"

    @property
    def stop(self) -> Path:
        """How a stop went, for people and scripts."""
        return self.path / "stop.json"

    @property
    def hang(self) -> Path:
        """What a hung job looked like before it was stopped."""
        return self.path / "hang.json"

    @property
    def launcher_exit(self) -> Path:
        """The launcher's exit status."""
        return self.path / "launcher_exit.json"

    @property
    def exit(self) -> Path:
        """Present when no process of the job is left."""
        return self.path / "exit.json"

    @property
    def next(self) -> Path:
        """Present when another run directory holds the next attempt, and all that was seen of this one."""
        return self.path / "next.json"

    @property
    def job(self) -> Path:
        """Pids and start times of shim and launcher."""
        return self.path / "job.json"

    @property
    def lock(self) -> Path:
        """Who supervises this run."""
        return self.path / "supervisor.lock"

    @property
    def columns(self) -> Path:
        """The folder of kept columns."""
        return self.path / "columns"

    @property
    def copies(self) -> Path:
        """The folder of packed logs."""
        return self.path / "copies"

    @property
    def ranks(self) -> Path:
        """The folder in which each rank's hook announces itself."""
        return self.path / "ranks"

    @property
    def control(self) -> Path:
        """The folder of requests to the job and its answers."""
        return self.path / "control"

    @property
    def request(self) -> Path:
        """The request the job is to carry out next."""
        return self.control / "request.json"

    @property
    def standing(self) -> Path:
        """The standing order: save at the evaluation that is the best so far."""
        return self.control / "standing.json"

    def ack(self, request_id: str) -> Path:
        """The job's answer to a request."""
        return self.control / f"ack-{request_id}.json"

    def release(self, request_id: str) -> Path:
        """Our word to ranks that hold after a save."""
        return self.control / f"release-{request_id}.json"

    @property
    def requests(self) -> Path:
        """The folder of requests to the supervisor."""
        return self.path / "requests"

    @property
    def views(self) -> Path:
        """The folder in which open screens say that they are there."""
        return self.path / "views"

    def view(self, name: str) -> Path:
        """One open screen."""
        return self.views / f"{name}.json"

    @property
    def outbox(self) -> Path:
        """The folder of notifications to be sent."""
        return self.path / "outbox"

    @property
    def hook(self) -> Path:
        """The folder put in front of the job's PYTHONPATH."""
        return self.path / "hook"

    @property
    def report(self) -> Path:
        """The analysis for people; the one for programs lies beside it."""
        return self.path / "report.md"

    @property
    def log(self) -> Path:
        """What the supervisor and the shim had to say when nobody was there to read it."""
        return self.path / "supervisor.log"

    def folders(self) -> tuple[Path, ...]:
        """Every folder of a run directory, the directory itself first."""
        return (self.path, self.columns, self.copies, self.ranks, self.control, self.requests, self.views, self.outbox, self.hook)
