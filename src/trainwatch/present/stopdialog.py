"""The stop dialog as cells: what will happen and what would be lost, before anything is typed."""

from __future__ import annotations

from collections.abc import Mapping

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import Part
from trainwatch.present.box import boxed
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.header import gpus
from trainwatch.present.look import Look
from trainwatch.present.numbers import duration, integer
from trainwatch.present.sentences import best_sentence, saved_sentence
from trainwatch.present.width import cells, cut, cut_middle

WIDTH = 76
"""Columns of the dialog, its frame included."""

INDENT = 11
"""The column at which the consequences begin."""


def consequences(snapshot: Snapshot, look: Look) -> list[Part]:
    """(what, sentence) of what a stop means for this run."""
    run = snapshot.run
    devices = gpus(snapshot.sample, look) if snapshot.sample and snapshot.sample.gpus else ""
    ago = snapshot.now - run.started_at
    started = f"{duration(ago)} ago" if ago >= 0 else ""
    rows = [
        ("command", clean(" ".join(run.command)) or "not known"),
        ("started" if started else "running", ", ".join(filter(None, (started, devices, run.host))) or "on this host"),
        ("last save", _last_save(snapshot, look)),
        ("best", ", ".join(filter(None, (best_sentence(snapshot.best), saved_sentence(snapshot.best, snapshot.saved_best))))),
        ("plan", "save on all ranks; without the hook, await the next own save;"),
        ("", "prove the checkpoint, SIGTERM; no SIGKILL"),
        ("", "if the save cannot be proven, the job is left running"),
    ]
    return [(what, look.text(clean(text))) for what, text in rows]


def _last_save(snapshot: Snapshot, look: Look) -> str:
    """The newest complete checkpoint and how many steps would be lost without a save."""
    done = [c for c in snapshot.checkpoints if c.complete and c.step is not None]
    if not done:
        return "none complete is known: without a save everything is lost"
    newest = max(done, key=lambda c: c.step or 0)
    lost = (snapshot.progress.step or 0) - (newest.step or 0)
    without = f"; {integer(lost)} steps would be lost without a save"
    name = clean(newest.path.rstrip("/").rpartition("/")[2])
    return cut_middle(name, WIDTH - 4 - INDENT - cells(without), look.cut) + without


def stop_dialog(snapshot: Snapshot, typed: Mapping[str, str], focus: str, hint: str, look: Look) -> Canvas:
    """The dialog. `focus` names the part that keys go to; it is shown by a mark and not by colour only."""
    canvas = Canvas(WIDTH - 4, 14)
    run = clean(snapshot.run.id)
    for y, (what, text) in enumerate(consequences(snapshot, look)):
        canvas.put(0, y, what, "text.dim")
        canvas.put(INDENT, y, cut_middle(text, canvas.width - INDENT, look.cut))
    _button(canvas, 0, 7, "cancel: nothing happens", focused=focus == "cancel")
    _field(canvas, 8, f"type {look.text(run)} to confirm:", typed["id"], look, focused=focus == "id")
    _button(canvas, 0, 9, "save, then stop", focused=focus == "stop")
    _field(canvas, 10, "type UNSAVED as well:", typed["unsaved_word"], look, focused=focus == "unsaved_word")
    _button(canvas, 0, 11, "stop without saving", focused=focus == "unsaved")
    foot = hint or "tab moves   enter presses a button   esc leaves"
    canvas.put(0, 13, cut(foot, canvas.width, look.cut), "severity.yellow" if hint else "text.dim")
    return boxed(f"Stop {look.text(clean(snapshot.run.name))}?", canvas, look, "severity.red")


def _button(canvas: Canvas, x: int, y: int, text: str, *, focused: bool) -> None:
    """A button; the focused one is marked."""
    canvas.put(x, y, f"{'>' if focused else ' '} [ {text} ]", "text.focus" if focused else "text.plain")


def _field(canvas: Canvas, y: int, label: str, text: str, look: Look, *, focused: bool) -> None:
    """A field to type into, with a cursor where keys go."""
    x = canvas.put(0, y, f"{'>' if focused else ' '} {label} ", "text.strong" if focused else "text.plain")
    room = canvas.width - x - 1
    shown = look.text(clean(text))
    shown = shown[-room:] if cells(shown) > room else shown
    end = canvas.put(x, y, shown, "text.strong")
    canvas.put(end, y, look.cursor if focused else " ", "text.key")
