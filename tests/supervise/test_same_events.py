"""What was decided live is what a replay, a later supervisor and the report decide: on the logs that started this project, and the demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.seeds import LOGS, overfit_log
from tests.supervise.test_loop import World
from tests.supervise.trainer import put

from trainwatch.cli.main import main
from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import Stop
from trainwatch.model.verdict import Event
from trainwatch.replay.recording import DEMO, demo
from trainwatch.replay.target import Target
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store import journal
from trainwatch.supervise.may import May

PIECE = 200
"""Bytes that arrive at a time: lines are torn."""

KEYS = ("rule", "severity", "verdict", "episode", "step", "line", "why")


def told(event: Event) -> tuple[Any, ...]:
    """What the report says of an event."""
    return (event.rule, event.severity.word, event.verdict, event.episode, event.step, event.line, event.why)


def lived(folder: Path, text: bytes) -> World:
    """A supervised run whose log arrived in pieces, a second apart."""
    world = World(folder, May())
    for start in range(0, len(text), PIECE):
        with world.log.open("ab") as file:
            file.write(text[start : start + PIECE])
        world.turn()
    world.turn(2)
    return world


@pytest.mark.parametrize("name", LOGS)
def test_live_replayed_and_reported_events_are_the_same(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the arrivals every reader comes to the same decisions, in the same order and with the same words."""
    world = lived(tmp_path, LOGS[name]().encode())
    live = world.supervisor.engine.events
    assert live or name in ("drop", "plateau")
    assert repr(fold_target(Target(run_dir=world.dir), preset=load("default")).events) == repr(live)
    assert repr(world.another().engine.events) == repr(live)
    journalled = [(e["name"], e["verdict"], e["step"], e["why"]) for e in journal.read(world.dir.journal) if e.get("event") == "rule"]
    assert journalled == [(e.key, e.verdict, e.step, e.why) for e in live]

    put(world.dir.exit, {"v": 1, "launcher": 0})
    world.lock.release()
    capsys.readouterr()
    assert main(["report", str(world.dir.path), "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [tuple(e[key] for key in KEYS) for e in document["events"]] == [told(e) for e in live]


@pytest.mark.parametrize("name", LOGS)
def test_a_bare_log_says_the_same_but_for_blind_rules(name: str, tmp_path: Path) -> None:
    """Without arrival times, checkpoints and devices the rules that need them are blind, and all others agree."""
    world = lived(tmp_path, LOGS[name]().encode())
    run = world.supervisor.engine.run
    bare = Engine(load("default"), run, stated={"total_steps": 100.0, "eval_steps": 10.0})
    bare.feed(Chunk(run.sources[0], 0, LOGS[name]().encode(), final=True))
    blind = {status.rule for status in bare.board.statuses() if status.verdict.outcome == "blind"}
    expect = [told(e) for e in world.supervisor.engine.events if e.rule not in blind]
    assert [told(e) for e in bare.events] == expect


def test_the_demo_acted_on_what_its_arrivals_say() -> None:
    """Each request of the recorded run is an event of the fold, raised when the request was made or just before."""
    recording = demo()
    engine = Engine(load("default"), recording.info)
    for _, item in recording.moments:
        if not isinstance(item, Stop):
            engine.feed(item)
    raised = {f"{e.rule}.{e.severity.word}.{e.episode}": e for e in engine.events if e.verdict == "fired"}
    asked = {e["request"]: e["at"] for e in journal.read(DEMO / "journal.jsonl") if e.get("state") == "saving"}
    assert asked
    for request, at in asked.items():
        assert 0 <= at - raised[request].at < 2


def test_the_report_of_a_run_holds_what_other_rules_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One fold of its arrivals judges both: findings of rules outside its preset, and events, alerts and rules of its own alone."""
    world = lived(tmp_path, overfit_log().encode())
    put(world.dir.exit, {"v": 1, "launcher": 0})
    world.lock.release()
    capsys.readouterr()
    assert main(["report", str(world.dir.path), "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    own = {rule.name for rule in load("default").rules}
    assert {"early_stopping", "accumulation_tail"} <= {f["finding"] for f in document["findings"]} - own
    assert {e["rule"] for e in document["events"]} <= own
