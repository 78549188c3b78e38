"""What a stop would do now, without doing it."""

from __future__ import annotations

from trainwatch.store import runfile
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import processes, terms, tree
from trainwatch.supervise.control import Control
from trainwatch.supervise.job import Job
from trainwatch.supervise.terms import Terms

MOST = 16
"""How many processes are named."""


def rehearse(run_dir: RunDir, *, existing: bool, unsaved: bool) -> list[str]:
    """A line for each step. Raises NotReadableError when run.json cannot be read."""
    run = runfile.load(run_dir)
    given = terms.of(run)
    job = Job(run_dir, run.info.sources, attached=given.attached, job_id=run.info.job_id)
    members, ranks = job.members(), Control(run_dir, run.info.id).ranks()
    targets = tree.recognised(members, hooked={rank.pid for rank in ranks})
    others = processes.of_others(targets) if given.attached and not given.any_user else []
    rows = {
        "save": _save(len(ranks), given, existing=existing, unsaved=unsaved),
        "proof": "none, as asked for" if unsaved else "of the checkpoint's structure; without it the job is left running",
        "refused": job.beyond(),
        "signal": "; ".join(f"{proc.title} (pid {proc.pid})" for proc in targets[:MOST] if proc not in others) or _elsewhere(job),
        "alone": "; ".join(f"{proc.title} (pid {proc.pid}) is another user's" for proc in others),
        "then": _then(given),
    }
    return [f"{name:9}{text}" for name, text in rows.items() if text]


def _save(ranks: int, given: Terms, *, existing: bool, unsaved: bool) -> str:
    """Where the checkpoint comes from."""
    if unsaved:
        return "nothing is saved: what was not saved is lost"
    if existing:
        return "the newest complete checkpoint is looked for"
    if ranks:
        return f"ranks with the hook: {ranks}; all save at one step and hold"
    return f"asked for by {given.save_by}" if given.save_by else "no hook in the job: its next regular save is waited for"


def _elsewhere(job: Job) -> str:
    """Who ends a job of which nothing is seen here."""
    return f"scancel {job.slurm}" if job.slurm else "nobody: no process of the job is seen here"


def _then(given: Terms) -> str:
    """What follows the signal."""
    kill = "never SIGKILL" if given.limits.kill_after is None else f"SIGKILL {given.limits.kill_after:.0f} s later"
    first = "the script ends by itself first; " if given.limits.leave else ""
    return f"{first}SIGTERM, {given.limits.grace:.0f} s to end, {kill}"
