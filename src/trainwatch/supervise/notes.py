"""What a person should know of the hook in the job: that there is none, that it would not save, that it is off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trainwatch.supervise.control import Rank
from trainwatch.supervise.diary import Diary

PATIENCE = 300.0
"""Seconds after which a job in which the hook was put should have shown it: imports and a first step take minutes."""

NO_HOOK = (
    "no hook in the job: it was put into its environment, and no rank has shown it. Saves can only be waited for; "
    "a container, python -E or -I, or a script that sets PYTHONPATH leaves it out"
)


class Notes:
    """Each is journalled once; `now` says which of them hold."""

    def __init__(self, diary: Diary, *, hooked: bool) -> None:
        """`hooked`: the hook was put into the job."""
        self._diary = diary
        self._hooked = hooked
        self._begun: float | None = None
        self._told: set[tuple[str, str]] = set()
        self._refusal = ""
        self._off = ""
        self._missing = False

    def look(self, ranks: Sequence[Rank], unread: Iterable[str], now: float) -> None:
        """`ranks` are those that live, `unread` the reasons why files of the job were not read."""
        self._begun = now if self._begun is None else self._begun
        for why in unread:
            self._tell("refused", why, now)
        for rank in ranks:
            self._hooked = False  # it is there
            if rank.refused:
                self._refusal = f"the best evaluation is not saved: {rank.refused}"
                self._tell("hook_refused", rank.refused, now)
            if rank.off:
                self._off = f"the hook is off on rank {rank.rank}: {rank.off}"
                self._tell("hook_off", self._off, now)
        self._missing = self._hooked and now - self._begun > PATIENCE
        if self._missing:
            self._tell("no_hook", NO_HOOK, now)

    def saved(self) -> None:
        """The standing order was carried out after all."""
        self._refusal = ""

    def now(self) -> list[str]:
        """What holds, a sentence each."""
        return [note for note in (self._refusal, self._off, NO_HOOK if self._missing else "") if note]

    def _tell(self, event: str, why: str, now: float) -> None:
        """Into the journal, once."""
        if (event, why) not in self._told:
            self._told.add((event, why))
            self._diary.note(event, now, why=why)
