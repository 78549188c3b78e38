"""The journal as the supervisor uses it: a full disk delays an entry and stops nothing."""

from __future__ import annotations

from trainwatch.model.errors import NotWrittenError
from trainwatch.store.journal import Journal
from trainwatch.store.rundir import RunDir


class Diary:
    """Notes what was decided and done. What cannot be written waits in memory, in order."""

    def __init__(self, run_dir: RunDir) -> None:
        self.path = run_dir.journal
        self._journal = Journal(run_dir.journal)
        self._waits = False

    def note(self, event: str, now: float, **fields: object) -> None:
        """One entry."""
        try:
            self._journal.append(event, at=now, **fields)
        except NotWrittenError:
            self._waits = True

    def flush(self) -> None:
        """Write what waits. Raises NotWrittenError when the disk still refuses."""
        if self._waits:
            self._journal.flush()
            self._waits = False

    def close(self) -> None:
        """Let go of the file."""
        self._journal.close()
