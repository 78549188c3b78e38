"""Which processes are the job, and which of them are told to end."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trainwatch.supervise.processes import Proc, scan

DATA = Path(__file__).with_name("launchers.toml")
WORDS = 4
"""How many arguments of a command line may name a launcher."""


@dataclass(frozen=True, slots=True)
class Launchers:
    """What is known of command lines: launchers by word, those that pass `-u`, and what is never signalled.

    `scripts` are never signalled either, whatever interpreter runs them. `shells` are among `never`.
    """

    names: Mapping[str, str]
    unbuffered: frozenset[str]
    never: frozenset[str]
    scripts: frozenset[str]
    shells: frozenset[str]


@cache
def launchers() -> Launchers:
    """The shipped data."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    names = {word: entry["name"] for entry in data["launcher"] for word in entry["words"]}
    unbuffered = frozenset(entry["name"] for entry in data["launcher"] if entry["unbuffered"])
    never, scripts, shells = (frozenset(data["never"][key]) for key in ("words", "scripts", "shells"))
    return Launchers(names, unbuffered, never | shells, scripts, shells)


def launcher_of(argv: Sequence[str]) -> str:
    """The name of the launcher that this command line is; empty when it is none."""
    known = launchers().names
    candidates = [*(Path(word).name for word in argv[:WORDS]), *_modules(argv)]
    return next((known[word] for word in candidates if word in known), "")


def _modules(argv: Sequence[str]) -> list[str]:
    """The module after `-m`."""
    return [argv[i + 1] for i, word in enumerate(argv[:WORDS]) if word == "-m" and i + 1 < len(argv)]


def is_never(argv: Sequence[str]) -> bool:
    """Whether a process of that command line is a shell, a terminal, a scheduler's part: not ours to end."""
    if not argv:
        return True
    name = argv[0].rpartition("/")[2].lstrip("-")
    if name in launchers().never or name.partition(":")[0] in launchers().never:
        return True
    script = next((Path(word).name for word in argv[1:WORDS] if not word.startswith("-")), "")
    modules = {module.partition(".")[0] for module in _modules(argv)}
    return not launchers().scripts.isdisjoint({script, *modules})


def is_shell(argv: Sequence[str]) -> bool:
    """Whether a process of that command line is a shell."""
    return bool(argv) and Path(argv[0]).name.lstrip("-") in launchers().shells


def members(run_dir: Path, roots: Collection[int], *, without: Collection[int]) -> list[Proc]:
    """The job's processes: whoever descends from `roots` or carries our run directory in the environment.

    `without` are pids of ours (shim, supervisor, views), which are never part of the job.
    """
    everyone = scan()
    inside: dict[int, bool] = {pid: pid in roots for pid in (*roots, *without)}
    mine = str(run_dir)
    return [
        proc
        for proc in everyone.values()
        if proc.pid not in without and (proc.environ.get("TRAINWATCH_RUN_DIR") == mine or _below(proc, everyone, inside))
    ]


def _below(proc: Proc, everyone: Mapping[int, Proc], inside: dict[int, bool]) -> bool:
    """Whether a process descends from a root; remembers the answer for its ancestors."""
    path = []
    pid = proc.pid
    while pid not in inside and pid in everyone:
        path.append(pid)
        pid = everyone[pid].parent
    answer = inside.get(pid, False)
    inside.update(dict.fromkeys(path, answer))
    return answer


def recognised(job: Iterable[Proc], *, hooked: Collection[int] = ()) -> list[Proc]:
    """Those of the job's processes that are told to end, ranks first: ranks, launchers, and the topmost program of each branch.

    `hooked` are pids in which our hook announced itself. Shells and their like are passed over; workers of a rank (data
    loaders) end with it.
    """
    by_pid = {proc.pid: proc for proc in job}
    ranks, others = [], []
    for proc in by_pid.values():
        if is_never(proc.argv):
            continue
        if proc.pid in hooked or _is_rank(proc, by_pid):
            ranks.append(proc)
        elif launcher_of(proc.argv) or _is_top(proc, by_pid):
            others.append(proc)
    return ranks + others


def ranks(job: Iterable[Proc], *, hooked: Collection[int] = ()) -> list[Proc]:
    """Those of the job's processes that train; where nobody carries a rank, the topmost program."""
    by_pid = {proc.pid: proc for proc in job if not is_never(proc.argv)}
    found = ranked(by_pid.values(), hooked=hooked)
    return found or [proc for proc in by_pid.values() if _is_top(proc, by_pid) and not launcher_of(proc.argv)]


def ranked(job: Iterable[Proc], *, hooked: Collection[int] = ()) -> list[Proc]:
    """Those of the job's processes that carry a rank or our hook."""
    by_pid = {proc.pid: proc for proc in job}
    return [proc for proc in by_pid.values() if not is_never(proc.argv) and (proc.pid in hooked or _is_rank(proc, by_pid))]


def missing(job: Iterable[Proc]) -> tuple[int, int]:
    """(ranks that are not among these processes, ranks in all), by what their environment says; (0, 0) where nobody carries a rank."""
    told = [(proc.environ.get("RANK", ""), proc.environ.get("WORLD_SIZE", "")) for proc in ranked(job)]
    found = {int(rank): int(size) for rank, size in told if rank.isdecimal() and size.isdecimal()}
    world = max(found.values(), default=0)
    return max(world - len(found), 0), world


def _is_rank(proc: Proc, by_pid: Mapping[int, Proc]) -> bool:
    """Whether this is a rank itself and not a child of one."""
    rank = proc.environ.get("RANK")
    parent = by_pid.get(proc.parent)
    return rank is not None and (parent is None or parent.environ.get("RANK") != rank or is_never(parent.argv))


def _is_top(proc: Proc, by_pid: Mapping[int, Proc]) -> bool:
    """Whether nothing between this process and the root of the job would be told to end."""
    parent = by_pid.get(proc.parent)
    while parent is not None:
        if not is_never(parent.argv):
            return False
        parent = by_pid.get(parent.parent)
    return True
