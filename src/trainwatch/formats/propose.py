"""A format file to start from, made of a log that nobody described yet.

Lines that repeat with other numbers are shapes: what stands between the numbers is literal, the word before a number is its name. Only
lines with a counter and a loss or a metric are proposed, and only those that the proposed file then reads; its samples are lines of the
log with what was read of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trainwatch.formats.names import names
from trainwatch.formats.numbers import UNITS
from trainwatch.formats.reader import Reader
from trainwatch.formats.schema import Format, parse_format
from trainwatch.formats.template import compile_template
from trainwatch.formats.text import clean
from trainwatch.model.block import Block
from trainwatch.model.errors import Mistake
from trainwatch.model.facts import Facts

REPEATED = 2
"""How often a line must come to be a shape."""

SHAPES = 8
LONGEST = 400
"""Longer lines are no log of a training, in bytes."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|(?<!\w)[-+]?(?:nan|inf)\b", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z][\w /.@-]{0,40}?)[\s:=(\[]*$")
_LEVEL = re.compile(r"\b(?:DEBUG|INFO|WARNING|ERROR)[ -]+")
_UNIT = re.compile(rf"({'|'.join(sorted(UNITS, key=len, reverse=True))})\b")
_EVAL = re.compile(r"\b(?:eval\w*|val|valid\w*|test\w*|dev)(?![a-z])|\bval_|\beval_|\bvalid_|\btest_", re.IGNORECASE)
_METRIC = re.compile(r"loss|acc|ppl|perplexity|bleu|f1|auc|reward|score|error", re.IGNORECASE)
_CODE = re.compile(r"[\"'`{}]|<\w")
COUNTERS = frozenset({"step", "epoch"})


@dataclass
class _Shape:
    """Lines of one skeleton: the text between their numbers, and the first of them."""

    template: str
    kind: str
    lines: list[str] = field(default_factory=list)


def propose(data: bytes, name: str) -> str | None:
    """A format file called `name` for these bytes of a log; None when no line repeats with a counter and a loss or a metric."""
    found = [shape for shape in _shapes(_lines(data)) if len(shape.lines) >= REPEATED or shape.kind == "eval"]
    proven = [(shape, rows) for shape in found if (rows := _read(shape, name))]
    proven = sorted(proven, key=lambda pair: -len(pair[0].lines))[:SHAPES]
    return _file(name, proven) if proven else None


def _lines(data: bytes) -> Iterable[str]:
    """Every line as it stood on the screen at last."""
    for line in data.split(b"\n"):
        shown = clean(line.rstrip(b"\r").rpartition(b"\r")[2])
        if 0 < len(shown) <= LONGEST:
            yield shown.decode("utf-8", "replace").rstrip()


def _shapes(lines: Iterable[str]) -> list[_Shape]:
    """The skeletons of lines, in the order met."""
    shapes: dict[str, _Shape] = {}
    for line in lines:
        shape = _shape(line)
        if shape is not None:
            shapes.setdefault(shape.template, shape).lines.append(line)
    return list(shapes.values())


def _shape(line: str) -> _Shape | None:
    """The line as a template; None when it holds no counter and no loss or metric."""
    numbers = list(_NUMBER.finditer(line))
    named = [match for match in numbers if _words(line[: match.start()])]
    if not named or _CODE.search(line):
        return None
    start = named[0].start() - len(_words(line[: named[0].start()]))
    shape = _templated(line, start, named[0].start(), [])
    if shape is None and numbers[0].start() and numbers[0][0].isdecimal():
        shape = _templated(line, 0, numbers[0].start(), ["step"])
    return shape


def _templated(line: str, begin: int, first: int, slots: list[str]) -> _Shape | None:
    """The line from `begin` on, whose numbers from `first` on are slots; `slots` is ["step"] when the first one counts without a name."""
    text, at = "", begin
    for match in _NUMBER.finditer(line, first):
        slot = "<step>" if slots and match.start() == first else _slot(line, match, slots)
        text += line[at : match.start()] + slot
        at = match.end() + len(slot.partition(">")[2])
    template = text + line[at:]
    told = {slot for slot in slots if slot != "..."}
    if not COUNTERS & told or not any(_METRIC.search(slot) for slot in told):
        return None
    is_eval = _EVAL.search(template) is not None and "train" not in template.lower().split("loss")[0]
    return _Shape(template, "eval" if is_eval else "train")


def _words(before: str) -> str:
    """The name at the end of a text, with what stands between it and the number."""
    match = _NAME.search(before)
    if match is None:
        return ""
    last = match[1].split()[-1]
    known = names().canonical.keys() | COUNTERS
    cut = match[1].rfind(last) if last in known or last.lower() in known else max((m.end() for m in _LEVEL.finditer(match[1])), default=0)
    return before[match.start() + cut :]


def _slot(line: str, match: re.Match[str], slots: list[str]) -> str:
    """The slot of a number, named by the word before it; nothing is kept of one without a name of its own."""
    before = line[: match.start()]
    found = _NAME.match(_words(before[max((m.end() for m in _NUMBER.finditer(before)), default=0) :]))
    name = _canonical(found[1]) if found is not None else "total_steps" if before.endswith("/") and slots[-1:] == ["step"] else "..."
    unit = _UNIT.match(line, match.end())
    if name == "..." and unit is not None and line.startswith(("/it", "/step"), unit.end()):
        name = "step_time"
    if name in slots:
        name = "..."
    slots.append(name)
    return f"<{name}:{unit[1]}>{unit[1]}" if unit is not None and name != "..." else f"<{name}>"


def _canonical(words: str) -> str:
    """A printed name as we call it."""
    text = words.strip(" .-/")
    known = names().canonical
    short = text.split()[-1] if text.split() else text
    return known.get(text) or known.get(text.lower()) or known.get(short.lower()) or re.sub(r"[^\w/.@-]+", "_", text).strip("_") or "..."


def _read(shape: _Shape, name: str) -> list[tuple[str, Block]]:
    """(line, its record) of two lines, as the shape alone reads them; nothing when it does not."""
    try:
        compile_template(shape.template)
    except ValueError:
        return []
    fmt = _format({"name": name, "about": "?", "shape": [{"text": shape.template, "kind": shape.kind}]})
    rows: list[tuple[str, Block]] = []
    for line in dict.fromkeys((shape.lines[0], shape.lines[-1])):
        blocks = Reader("sample", facts=Facts(), formats=(fmt,)).feed(f"{line}\n".encode(), 0, final=True)
        if len(blocks) != 1 or len(blocks[0]) != 1 or blocks[0].kind != shape.kind:
            return []
        rows.append((line, blocks[0]))
    return rows


def _format(data: dict[str, object]) -> Format:
    """A format without samples."""
    mistakes: list[Mistake] = []
    return parse_format(data, "proposed", mistakes, samples=False)


def _file(name: str, proven: Sequence[tuple[_Shape, list[tuple[str, Block]]]]) -> str:
    """The TOML file."""
    parts = [
        f"# Check it with `trainwatch formats check FILE`, then put it into the folder of your own formats.\nname = {json.dumps(name)}"
    ]
    parts.append(f"about = {json.dumps(f'the log of {name}', ensure_ascii=False)}\n")
    for shape, _ in proven:
        parts.append(f"# {len(shape.lines)} lines\n[[shape]]\ntext = {_text(shape.template)}\nkind = {json.dumps(shape.kind)}\n")
    for _, rows in proven:
        for line, block in rows:
            parts.append(f"[[sample]]\ntext = {_text(line + chr(10))}\n[[sample.record]]\nkind = {json.dumps(block.kind)}")
            step, epoch = block.step(0), block.epoch(0)
            parts += [f"step = {step}"] * (step is not None) + [f"epoch = {epoch!r}"] * (epoch is not None)
            values = (f"{_text(key)} = {value!r}" for key, value in block.values(0).items() if isinstance(value, float))
            parts.append(f"values = {{ {', '.join(values)} }}\n")
    return "\n".join(parts)


def _text(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
