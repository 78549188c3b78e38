"""Where requests of people are taken in, and answered until they are done."""

from __future__ import annotations

from collections.abc import Iterator

from trainwatch.model.snapshot import RunInfo
from trainwatch.model.verdict import Proof
from trainwatch.store import requests
from trainwatch.store.requests import Answer, Request
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import say
from trainwatch.supervise.control import safe_id
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.machine import Limits, Machine, Wish
from trainwatch.supervise.terms import Terms


class Desk:
    """Requests of one run."""

    def __init__(self, run_dir: RunDir, info: RunInfo, terms: Terms, diary: Diary) -> None:
        self._dir = run_dir
        self._info = info
        self._terms = terms
        self._diary = diary

    def open(self, now: float, save_seconds: float, *, ahead: float = 0.0) -> Iterator[Request]:
        """Requests that may be taken up; the others are answered with the reason. Raises NotWrittenError.

        `save_seconds` is the longest save measured, 0 before the first. `ahead`: seconds by which the clocks of those who ask may be ahead.
        """
        for request_id, request in requests.waiting(self._dir, now, ahead=ahead):
            refusal = request if isinstance(request, str) else self._refusal(request, save_seconds)
            if refusal or isinstance(request, str):
                self._diary.note("request_refused", now, request=request_id, why=refusal)
                self._answer(request_id, now, Answer(accepted=False, text=f"refused: {refusal}", exit_code=2))
                continue
            self._diary.note("request", now, request=request.id, op=request.op, who=request.who, reason=request.reason)
            yield request

    def _refusal(self, request: Request, save_seconds: float) -> str:
        """Why a sound request is not taken up; empty when it is."""
        if self._terms.read_only:
            return "this run was started with --read-only"
        if request.op == "preempt" and not self._terms.may.save:
            return "this run was not started with --may save"
        if request.op == "preempt" and request.within <= 2 * save_seconds:
            return f"a save takes {save_seconds:.0f} s, which does not fit twice into {request.within:.0f} s"
        if request.op in ("stop", "preempt") and request.confirm not in (self._info.id, self._info.name):
            return f"a stop is confirmed with the run's id or name: --confirm {self._info.id}"
        return ""

    def wish(self, request: Request, now: float) -> Wish:
        """A request as the machine takes it."""
        if request.op == "preempt":
            name, until = request.who or "preemption", now + request.within - request.age
            return Wish(safe_id(request.id), "stop", cause="resume", rule=name, why=request.reason, order=request.id, deadline=until)
        proof: Proof = "none" if request.unsaved else "existing" if request.existing else "fresh"
        return Wish(
            id=safe_id(request.id),
            goal="stop" if request.op == "stop" else "save",
            proof=proof if request.op == "stop" else "fresh",
            cause="person",
            rule=request.who or "somebody",
            why=request.reason,
            order=request.id,
        )

    def taken(self, wish: Wish, now: float, machine: Machine, limits: Limits) -> None:
        """Say whether a wish was taken up. Raises NotWrittenError."""
        text = say.sentence(machine, limits)
        if wish == machine.wish:
            self._answer(wish.order, now, Answer(accepted=True, text=text, exit_code=say.exit_code(machine)))
        elif wish == machine.next:
            self._answer(wish.order, now, Answer(accepted=True, text=f"taken up as soon as this is done: {text}"))
        elif wish.deadline and machine.wish is not None and machine.wish.goal == "stop":
            self._answer(wish.order, now, Answer(accepted=True, text=f"a stop is under way: {text}"))
        else:
            self.close(wish.order, now, f"refused, because something else is under way: {text}", say.LEFT_RUNNING)

    def close(self, request_id: str, now: float, text: str, code: int) -> None:
        """The last answer to a request. Raises NotWrittenError."""
        self._diary.note("answer", now, request=request_id, text=text, exit_code=code)
        self._answer(request_id, now, Answer(accepted=code == 0, text=text, exit_code=code))

    def tell(self, machine: Machine, now: float, limits: Limits) -> None:
        """Let who asked for it know where the machine stands. Raises NotWrittenError."""
        if machine.wish is not None and machine.wish.order:
            self._answer(
                machine.wish.order, now, Answer(accepted=True, text=say.sentence(machine, limits), exit_code=say.exit_code(machine))
            )

    def _answer(self, request_id: str, now: float, given: Answer) -> None:
        requests.answer(self._dir, request_id, given, now)
