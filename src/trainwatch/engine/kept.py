"""A fold set aside, to go on from later: what another reading of the same bytes would come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from trainwatch.engine.engine import Engine
from trainwatch.engine.frozen import SENSELESS, Frozen, NotKeptError, freeze, thaw
from trainwatch.engine.tail import KEPT, Layout, Tail
from trainwatch.formats.catalog import choose
from trainwatch.formats.places import SlicePlaces
from trainwatch.formats.schema import Format
from trainwatch.rules.preset import Preset

GIVEN = frozenset({"run", "preset", "formats", "tails"})
"""What an engine is given anew; the newest bytes of a log are read from the log again."""

LARGEST = 8 * KEPT
"""Bytes of a tail at most: one piece may be larger than what is kept of many."""

Fetch = Callable[[str, int, int], bytes]
"""(source, offset, length) -> the bytes that are there now; fewer, or none, when they are gone."""


def set_aside(engine: Engine) -> Frozen:
    """The state of an engine. Raises NotKeptError when a rule or a reader holds something that has no plain form."""
    state = {name: value for name, value in vars(engine).items() if name not in GIVEN}
    tails = {source: tail.layout() for source, tail in engine.tails.items()}
    known: dict[int, int] = {}
    for formats in ((), *(reader.formats for reader in engine.readers.values())):
        known |= {id(thing): number for number, thing in enumerate(_known(engine.preset, formats))}
    return freeze([state, tails], known, {SlicePlaces: SlicePlaces.settled})


def take_up(engine: Engine, frozen: Frozen, fetch: Fetch) -> None:
    """Give a new engine, made with the same words, the state that was set aside. Raises NotKeptError, and changes nothing then."""
    formats, _ = choose(engine.formats)
    thawed = thaw(frozen, list(_known(engine.preset, formats)))
    try:
        state, layouts = thawed
        if set(state) != set(vars(engine)) - GIVEN:
            raise NotKeptError("the state is that of another version")
        tails = {source: _tail(source, layout, fetch) for source, layout in layouts.items()}
        state = dict(state)
    except SENSELESS as error:
        raise NotKeptError(f"the state makes no sense ({error})") from error
    engine.tails.update(tails)
    vars(engine).update(state)
    joined = tuple(part for part in engine.streams.parts.values() if part.source not in engine.run.sources)
    engine.run = replace(engine.run, sources=(*engine.run.sources, *(part.source for part in joined)), parts=(*engine.run.parts, *joined))


def _tail(source: str, layout: Layout, fetch: Fetch) -> Tail:
    """The newest bytes of a source as they are there now; nothing is fetched of a layout larger than any tail."""
    size = sum(layout[2])
    return Tail.of(layout, fetch(source, layout[0], size) if size <= LARGEST else b"")


def _known(preset: Preset, formats: Sequence[Format]) -> Iterator[object]:
    """What both sides have: rules and formats as their files state them."""
    for spec in preset.rules:
        yield from (spec, spec.kind, spec.settings)
    for form in formats:
        yield from (form, *form.shapes)
