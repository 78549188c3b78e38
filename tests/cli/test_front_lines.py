import json
from dataclasses import replace
from pathlib import Path

from trainwatch.cli.deeds import Deeds
from trainwatch.cli.plain import Plain
from trainwatch.cli.trust import duration, promises
from trainwatch.model.snapshot import Best, Evaluation, RunInfo, Snapshot, Stop
from trainwatch.model.verdict import Event, Evidence, Severity
from trainwatch.rules import preset
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.may import May

EVALUATION = Evaluation(0, 1.74, 9200, None, {}, None, Evidence("eval_loss", 1.74))
RED = Event("overfit", "overfit", "fired", Severity.RED, 1, "because", 9200, None, "a.out", 1, 7, eval_index=0)
SHOWN = Snapshot(
    RunInfo("r", "r", ("a.out",)),
    evaluations=(EVALUATION,),
    events=(RED,),
    best=Best("eval_loss", "min", 1.445, 6200, None),
    state="running",
)


def test_each_thing_is_told_once() -> None:
    """An evaluation with the best beside it, an event with its evidence, a stop; nothing twice."""
    plain = Plain()
    lines = plain.lines(SHOWN)
    assert lines[0] == "--:--:-- step 9200 eval_loss 1.74 (best 1.445 @6200)"
    assert "red overfit at step 9200: because (a.out:7)" in lines[1]
    assert plain.lines(SHOWN) == []
    stopped = replace(SHOWN, state="stopped", stop=Stop("stopped", "stopped by overfit", since=0.0))
    assert [line.partition(" ")[2] for line in plain.lines(stopped)] == ["stopped by overfit", "stopped"]


def test_an_end_is_told_once() -> None:
    """The log of a short job ends before its supervisor looks; that this then runs and says the same is no news. Going on is."""
    plain = Plain(stops=False)
    states = ("done", "running", "done", "silent", "done")
    told = [[line.partition(" ")[2] for line in plain.lines(replace(SHOWN, events=(), evaluations=(), state=s))] for s in states]
    assert told == [["done"], [], [], ["silent"], ["done"]]


def test_what_comes_at_once_is_told_in_its_order() -> None:
    """Much of a run in one look: each evaluation with the best by then, never one that is still to come, and events after theirs."""
    values = (3.0, 1.0, 2.0, 0.5)
    evaluations = tuple(replace(EVALUATION, index=i, value=v, step=10 * (i + 1)) for i, v in enumerate(values))
    events = (replace(RED, step=30, eval_index=2), replace(RED, step=40, eval_index=3))
    shown = replace(SHOWN, evaluations=evaluations, events=events, best=Best("eval_loss", "min", 0.5, 40, None))
    told = [line.partition(" ")[2].partition(":")[0] for line in Plain().lines(shown)]
    assert told == [
        "step 10 eval_loss 3 (best 3 @10)",
        "step 20 eval_loss 1 (best 1 @20)",
        "step 30 eval_loss 2 (best 1 @20)",
        "red overfit at step 30",
        "step 40 eval_loss 0.5 (best 0.5 @40)",
        "red overfit at step 40",
    ]


def test_a_batch_log_gets_no_evaluations() -> None:
    """The job's own lines stand there already; events are still told."""
    assert [line for line in Plain(terse=True).lines(SHOWN) if "eval_loss" in line] == []
    assert len(Plain(terse=True).lines(SHOWN)) == 1


def test_escape_sequences_of_a_log_do_not_reach_the_terminal(tmp_path: Path) -> None:
    """Neither through a metric's name nor through the journal."""
    best = Best("\x1b[31mevil\x07", "min", 1.0, 1, None)
    lines = Plain().lines(replace(SHOWN, best=best, events=(replace(RED, why="\x1b]0;title\x07"),)))
    (tmp_path / "journal.jsonl").write_text(json.dumps({"event": "machine", "at": 0, "text": "\x1b[2J"}) + "\n", encoding="utf-8")
    assert not any(ord(char) < 32 for line in [*lines, *Deeds(RunDir(tmp_path)).lines()] for char in line)


def test_deeds_are_read_as_the_journal_grows(tmp_path: Path) -> None:
    """Every act once, in order; a line that is still being written is waited for."""
    deeds, journal = Deeds(RunDir(tmp_path)), tmp_path / "journal.jsonl"
    assert deeds.lines() == []
    entries = [
        {"event": "machine", "at": 0, "text": "stop (overfit): the job was asked to save"},
        {"event": "acted", "at": 0},
        {"event": "proof", "at": 0, "path": "/o/c", "complete": False, "why": "cut"},
        {"event": "signal", "at": 0, "signal": "SIGTERM", "pids": [1, 2], "names": ["a", "b"]},
    ]
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    journal.write_text(text[:-20], encoding="utf-8")
    first = deeds.lines()
    journal.write_text(text, encoding="utf-8")
    told = [line.partition(" ")[2] for line in first + deeds.lines()]
    assert told == ["stop (overfit): the job was asked to save", "proof /o/c: not complete, cut", "SIGTERM to 2 processes: a, b"]


def test_what_is_allowed_is_said_with_thresholds() -> None:
    """Only rules that may act are listed, with what they may do; watching is said as such."""
    rules = preset.load("default")
    lines = promises(May(save=True, stop=frozenset({"overfit"})), rules)
    overfit = next(line for line in lines if line.startswith("  overfit"))
    assert "red: save and stop" in overfit
    assert "patience 3" in overfit
    assert not any(line.startswith("  hang") for line in lines)
    assert "stop with the newest complete checkpoint" in str(promises(May(save=True, stop=frozenset({"hang"})), rules))
    assert promises(May(), rules) == ["watching only: nothing is asked of the job (--may save or --may stop=RULE gives more trust)"]


def test_lengths_of_time_have_units() -> None:
    """Seconds, minutes, hours."""
    assert [duration(text) for text in ("90", "90s", "2m", "1.5h", "0")] == [90.0, 90.0, 120.0, 5400.0, 0.0]


def test_output_that_is_held_back_is_told_once() -> None:
    """When it shows, not again as it grows older, and not in a batch log; what was so from the beginning stands above the lines."""
    held = [replace(SHOWN, caveats=(f"a.out is written in blocks: what you see is up to {age} min old",)) for age in (1, 2)]
    plain = Plain()
    plain.lines(SHOWN)
    assert plain.lines(held[0]) == ["--:--:-- note: a.out is written in blocks: what you see is up to 1 min old"]
    assert plain.lines(held[1]) == []
    terse, late = Plain(terse=True), Plain()
    assert [terse.lines(SHOWN), terse.lines(held[0])][1] == []
    late.lines(held[0])
    assert late.lines(held[1]) == []
