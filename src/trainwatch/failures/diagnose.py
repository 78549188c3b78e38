"""What ended a run: the earliest fatal line of its last attempt, unless a later line explains it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from trainwatch.failures.hit import REACH, Hit, piece, rank_of, text_of
from trainwatch.failures.kind import Kind
from trainwatch.failures.load import kinds
from trainwatch.failures.scan import literals, scan
from trainwatch.failures.traceback import FRAME, HEAD, orphaned, tracebacks
from trainwatch.model.failure import Failure

STRAGGLERS = 16 << 10
"""Bytes before the newest record in which the cause may stand: other ranks print on until they notice."""

ORDINARY = 10
"""Lines of ordinary output after a line that ends an attempt: what follows is another attempt. Indented lines do not count."""

SURVIVED = 300
"""Lines of ordinary output after any failure: whatever it was, the job went on, or was started again."""

BLOCK = 600
"""Bytes of a launcher's block of failures before the line that names the signal."""

ECHOES = 100
"""Echoes that are kept."""

_STARTS = (b"Setting OMP_NUM_THREADS", b"***** Running training *****", b"WORLD INFO DICT", b"Starting with JobEnvironment(")
_SAYS = re.compile(rb"\n(?:\[(?:rank|default)\d{1,6}\]:){0,2}+ ?+[^\s|=\-]")
_BLOCK_RANK = re.compile(rb"Root Cause \(first observed failure\):.{0,300}?\brank\s+: (\d{1,6})", re.DOTALL)


def diagnose(
    data: bytes,
    offset: int,
    first_line: int,
    source: str,
    *,
    last_record: int | None,
    exit_code: int | None,
) -> Failure | None:
    """The cause of death, None when the log names none or the job ended well.

    `data` is the tail of the log from byte `offset`, whose first line has the number `first_line`. `last_record` is the byte offset of
    the newest record of training: what failed long before it is not the state of the run. `exit_code` is None when it is not known.
    """
    if exit_code == 0:
        return None
    record = None if last_record is None else last_record - offset
    hits = _recent(data, _attempt(data, _all_hits(data)), record, exit_code) if _may_tell(data, record) else []
    root = _root(hits)
    if root is None or root.kind is None:
        return _by_exit_code(exit_code, source)
    kind = root.kind
    return Failure(
        kind=kind.name,
        source=source,
        line=_line(data, first_line, root.at),
        text=text_of(data, root.at),
        rank=_rank(data, root, kind),
        provable=kind.provable,
        echoes=_echoes(data, first_line, hits, root),
        advice=kind.advice,
    )


def _may_tell(data: bytes, last_record: int | None) -> bool:
    """Whether anything that counts can be found: a traceback anywhere, a text of a kind no further back than stragglers print."""
    if last_record is None or HEAD in data or FRAME in data:
        return True
    start = max(last_record - STRAGGLERS - REACH, 0)
    return any(data.find(text, start) >= 0 for kind in kinds() for text in literals(kind))


def _all_hits(data: bytes) -> list[Hit]:
    """Hits by text and by traceback; a traceback whose exception a kind knows by its text belongs to that kind.

    What a process says that lost its parent is no cause, whatever its text.
    """
    raised = {piece(data, hit.at)[0]: hit for hit in tracebacks(data, kinds())}
    hits: list[Hit] = []
    for hit in scan(data, kinds()):
        trace = raised.get(hit.start)
        if trace is None:
            hits.append(hit)
        elif not orphaned(data, trace.start, trace.at):
            hits.append(replace(hit, ends=hit.ends or trace.ends, weak=hit.weak and trace.kind is None))
    told = {hit.start for hit in hits}
    return sorted((*hits, *(trace for start, trace in raised.items() if start not in told)), key=lambda h: h.at)


def _attempt(data: bytes, hits: Sequence[Hit]) -> list[Hit]:
    """The hits of the last attempt: after the last line that starts one, and after ordinary output that follows an end."""
    started = max((data.rfind(text) for text in _STARTS), default=-1)
    kept: list[Hit] = []
    reached, over = 0, False
    for hit in hits:
        if hit.at <= started:
            continue
        if kept and _ordinary(data, reached, hit.start) > (ORDINARY if over else SURVIVED):
            kept, over = [], False
        kept.append(hit)
        reached, over = max(reached, hit.end), over or hit.ends
    return [] if _ordinary(data, reached, len(data)) > SURVIVED else kept


def _ordinary(data: bytes, start: int, end: int) -> int:
    """How many lines between two places begin, after their rank, with something to say."""
    return sum(1 for _ in _SAYS.finditer(data, start, end))


def _recent(data: bytes, hits: list[Hit], last_record: int | None, exit_code: int | None) -> list[Hit]:
    """The hits that training did not survive."""
    if last_record is None:
        return hits
    after = [h for h in hits if h.end >= last_record]
    ended = any(h.ends and _ordinary(data, h.end, last_record) <= ORDINARY for h in hits)
    died = ended or exit_code is not None or any(h.kind is not None for h in after)
    return [h for h in hits if h.end >= last_record - STRAGGLERS] if died else []


def _root(hits: list[Hit]) -> Hit | None:
    """The earliest strong hit of a kind that is not a launcher's; else a launcher's; else a weak one."""
    fatal = [h for h in hits if h.kind is not None]
    own = [h for h in fatal if not h.weak and h.kind is not None and not h.kind.launcher]
    strong = [h for h in fatal if not h.weak]
    pool = own or strong or fatal
    root = pool[0] if pool else None
    for hit in pool[1:]:
        if root is not None and root.kind is not None and hit.kind is not None and hit.kind.name in root.kind.explained_by:
            root = hit
    return root


def _by_exit_code(exit_code: int | None, source: str) -> Failure | None:
    """What the exit code alone suggests."""
    kind = next((k for k in kinds() if exit_code in k.exit_codes), None)
    if kind is None:
        return None
    return Failure(kind.name, source, 0, f"exit code {exit_code}", provable=False, advice=kind.advice)


def _line(data: bytes, first_line: int, at: int) -> int:
    """The 1-based line of a position; only newlines count."""
    return first_line + data.count(b"\n", 0, at)


def _rank(data: bytes, root: Hit, kind: Kind) -> int | None:
    """The rank in the line of the cause, else the one the launcher names."""
    if not kind.ranked:
        return None
    named = rank_of(data[slice(*piece(data, root.at))])
    if named is not None:
        return named
    block = _BLOCK_RANK.search(data, max(root.at - BLOCK, 0))
    return int(block[1]) if block else None


def _echoes(data: bytes, first_line: int, hits: list[Hit], root: Hit) -> tuple[int, ...]:
    """The lines of the other hits, the first `ECHOES` of them."""
    cause = _line(data, first_line, root.at)
    lines: list[int] = []
    line, at = first_line, 0
    for hit in hits:
        line, at = line + data.count(b"\n", at, hit.at), hit.at
        if line != cause and line not in lines[-1:]:
            lines.append(line)
        if len(lines) == ECHOES:
            break
    return tuple(lines)
