"""SIGTERM to `launch` in front while the grace is known: save and proof come first, SIGTERM to the job after them."""

from __future__ import annotations

import secrets

from trainwatch.model.errors import NotWrittenError
from trainwatch.store import requests
from trainwatch.store.requests import Request
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.say import LEFT_RUNNING
from trainwatch.supervise.spawn import supervised

SILENCE = 3.0
"""Seconds after which a supervisor that has not taken the request up is not waited for."""


class Preemption:
    """One run. `grace` is how many seconds pass between SIGTERM and the end; None: nobody knows, so nothing is delayed."""

    def __init__(self, run_dir: RunDir, run_id: str, grace: float | None) -> None:
        self._dir = run_dir
        self._id = run_id
        self._grace = grace
        self._request = ""
        self._since = 0.0

    def begin(self, now: float) -> bool:
        """Ask for save, proof and stop; False when SIGTERM has to be passed on at once. `now` in Unix seconds."""
        if self._grace is None or self._request or not supervised(self._dir):
            return False
        self._request, self._since = f"preempt-{secrets.token_hex(4)}", now
        within, why = self._grace - _left_for_the_end(self._grace), f"SIGTERM, {self._grace:.0f} s of grace"
        try:
            asked = Request(self._request, "preempt", "preemption", now, why, self._id, within=within)
            requests.ask(self._dir, asked)
        except NotWrittenError:
            return False
        return True

    def over(self, now: float) -> bool:
        """Whether nothing will come of it, so that SIGTERM is passed on now. True once."""
        if not self._request or self._grace is None:
            return False
        answer = requests.answered(self._dir, self._request)
        late = now - self._since
        refused = answer is not None and answer.exit_code is not None and not answer.accepted
        failed = answer is not None and answer.exit_code == LEFT_RUNNING
        if refused or failed or (answer is None and late > SILENCE) or late > self._grace - _left_for_the_end(self._grace) / 2:
            self._grace = None
            return True
        return False


def _left_for_the_end(grace: float) -> float:
    """Seconds that the job keeps for its own end."""
    return min(max(grace / 4, 2.0), 30.0)
