"""Who of a job is told to end, from the first signal of a stop to its last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from trainwatch.supervise import tree
from trainwatch.supervise.processes import Proc


class Aim:
    """Whoever is there at the first look; later what trains, and what was told to end and is started again.

    The next command of a script is neither and is left alone. A shell of the job's own that starts training again is told to end too.
    """

    def __init__(self) -> None:
        self._known: set[tuple[int, int]] = set()
        self._commands: set[tuple[str, ...]] = set()

    def at(self, job: Sequence[Proc], *, hooked: Collection[int], root: int | None) -> list[Proc]:
        """Those that are told to end now, the job being `job`. `root` is the pid of a launcher that we started, None without one."""
        targets = tree.recognised(job, hooked=hooked)
        if not self._known:
            if not targets:
                return []  # a script between two commands: the look that finds one is the first
            self._known = {_key(proc) for proc in job}
            self._commands = {proc.argv for proc in targets}
            return targets
        by_pid = {proc.pid: proc for proc in job}
        ranks = {proc.pid for proc in tree.ranked(job, hooked=hooked)}
        later = [proc for proc in targets if _key(proc) not in self._known]
        again = [proc for proc in later if proc.pid in ranks or tree.launcher_of(proc.argv) or proc.argv in self._commands]
        shells = {shell.pid: shell for proc in again for shell in _shells_above(proc, by_pid, root)}
        return [*shells.values(), *(proc for proc in targets if _key(proc) in self._known), *again]


def _key(proc: Proc) -> tuple[int, int]:
    """What tells a process from a later one with its pid."""
    return proc.pid, proc.ticks


def _shells_above(proc: Proc, by_pid: Mapping[int, Proc], root: int | None) -> list[Proc]:
    """The shells that started a process, up to the root; none unless a shell is its parent and all of them are the job's own."""
    above: list[Proc] = []
    parent = by_pid.get(proc.parent)
    while parent is not None:
        above.append(parent)
        if parent.pid == root:
            return [shell for shell in above if tree.is_shell(shell.argv)] if tree.is_shell(above[0].argv) else []
        parent = by_pid.get(parent.parent)
    return []
