"""Rows under a line of names: columns parted by tabs, by blanks or by bars, YOLO's console, and `120 train 3.84` without a header."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.formats.counters import message
from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record

_COUNTERS = frozenset({"e", "#", "epoch", "epochs", "step", "steps", "iter", "iteration", "global_step", "round"})
_NAME = re.compile(rb"[A-Za-z][\w /().:%@+-]{0,60}|#")
_CLOCK = re.compile(rb"\d{1,3}(?::\d\d){1,2}|-{1,2}|[Nn]o [Ll]og|N/A|[Nn]one")
_EVALUATED = re.compile(r"(?:val|eval|test|dev)\w*[\W_]|metrics?[/_]|score\Z|ents_[fpr]\Z", re.IGNORECASE)
_METRIC = re.compile(
    r"acc|f1|precision|recall|auc|bleu|rouge|wer|cer|map|iou|perplexity|ppl|matthews|spearman|pearson|error|mse|mae|r2", re.IGNORECASE
)
_TRIPLE = re.compile(rb"(\d{1,9}) (train|val|valid|test|hella|hellaswag) (-?\d{1,9}\.\d{1,9})[ ]{0,2}\Z")
_YOLO = re.compile(
    rb"[ ]{0,20}(\d{1,6})/(\d{1,6})[ ]{1,20}([\d.]{1,8}[GM])[ ]{1,20}((?:-?[\d.]{1,12}(?:nan)?[ ]{1,20}|nan[ ]{1,20}){3,12})(\d{2,5})(?::(?:[ ]{1,4}(\d{1,3})%)?|[ ]*\Z)"
)
_ALL = re.compile(rb"[ ]{4,40}all((?:[ ]{1,20}-?[\d.]{1,12}(?:e-\d\d)?){4,12})[ ]{0,4}\Z")
_RESULTS = re.compile(
    rb"[ ]{1,12}(\d{1,6})/(\d{1,6})[ ]{1,12}([\d.]{1,8}[GM])((?:[ ]{1,12}(?:[\d.]{1,12}(?:e[-+]\d\d)?|nan)){13})[ ]{0,4}\Z"
)
_COLUMNS = (
    "box_loss",
    "obj_loss",
    "cls_loss",
    "total_loss",
    "labels",
    "size",
    "precision",
    "recall",
    "mAP50",
    "mAP50-95",
    "val_box",
    "val_obj",
    "val_cls",
)
_METRICS = ("P", "R", "mAP50", "mAP50-95")
"""YOLO's, where a bar has taken the line of their names away."""

_LEAST = 2
MAX_CELLS = 40


class Grids:
    """Reads the rows of one source, line by line."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._yolo: list[str] = []
        self._metrics = list(_METRICS)
        self._epoch: float | None = None

    def read(self, line: bytes) -> Iterator[Record]:
        """The records that this line is."""
        triple = _TRIPLE.match(line)
        if triple is not None:
            yield _triple(triple)
        elif line.startswith(b"    ") and line.endswith((b"Size", b"img_size", b"size")):
            self._yolo = line.decode("utf-8", "replace").split()
        elif b" Class " in line and b"mAP" in line:
            self._metrics = re.findall(r"Box\(P|Mask\(P|P\b|R\b|mAP[\w@.:-]*\d", line.decode("utf-8", "replace"))
        elif (row := _RESULTS.match(line)) is not None:
            yield from _results(row)
        elif self._yolo and (row := _YOLO.match(line)) is not None:
            yield from self._epoch_of(row, len(line))
        elif (row := _ALL.match(line)) is not None:
            yield from self._evaluation(row, len(line))
        else:
            yield from self._row(line)

    def _epoch_of(self, row: re.Match[bytes], end: int) -> Iterator[Record]:
        """A training epoch on YOLO's console: `3/100  2.69G  1.614 ...` under `Epoch  GPU_mem  box_loss ...`; a bar until it is over."""
        self._epoch = float(row[1])
        names = [name if name == "total" or "loss" in name else f"{name}_loss" for name in self._yolo[2:]]
        values = {name: value for name, text in zip(names, row[4].split(), strict=False) if (value := number(text)) is not None}
        losses = {name: value for name, value in values.items() if not name.startswith(("Instances", "labels", "targets"))}
        if losses:
            main = losses.get("total", next(iter(losses.values())))
            is_done = row[6] is None or row[6] == b"100"
            yield Record("train" if is_done else "bar", "grids", 0, end, {"epoch": self._epoch, "loss": main, **losses})

    def _evaluation(self, row: re.Match[bytes], end: int) -> Iterator[Record]:
        """YOLO's evaluation over all classes: images, instances, then the metrics that the line of names has."""
        texts = row[1].split()[2:]
        values = {_plain(name): value for name, text in zip(self._metrics, texts, strict=False) if (value := number(text)) is not None}
        if values:
            yield Record("eval", "grids", 0, end, ({} if self._epoch is None else {"epoch": self._epoch}) | values)

    def _row(self, line: bytes) -> Iterator[Record]:
        """A line of names, or a row under one."""
        cells = _cells(line)
        if not _LEAST <= len(cells) <= MAX_CELLS:
            if line.strip(b" \t-|:"):
                self._names = []
            return
        if len(cells) == len(self._names):
            numbers = [number(cell) for cell in cells]
            if all(value is not None or _CLOCK.fullmatch(cell) for cell, value in zip(cells, numbers, strict=True)):
                yield from _records({n: v for n, v in zip(self._names, numbers, strict=True) if v is not None}, len(line))
                return
        if line.strip(b" \t-|:"):
            self._names = _header(cells)


def _cells(line: bytes) -> list[bytes]:
    """The cells of a line; several columns are parted by bars, by tabs, or by two blanks, plain words and numbers by one."""
    text = line[message(line) :].strip()
    if text.startswith(b"|"):
        return [cell.strip() for cell in text.strip(b"|").split(b"|", MAX_CELLS)]
    if b"\t" in text:
        return [cell.strip() for cell in text.split(b"\t", MAX_CELLS)]
    return re.split(rb"[ ]{2,60}", text, maxsplit=MAX_CELLS) if b"  " in text else []


def _header(cells: list[bytes]) -> list[str]:
    """Names of columns, one of which counts and one of which is a loss; nothing when the cells are something else."""
    if not all(map(_NAME.fullmatch, cells)):
        return []
    names = [cell.decode("utf-8", "replace") for cell in cells]
    lowered = [name.lower() for name in names]
    if not _COUNTERS.intersection(lowered) or not any("loss" in name for name in lowered) or len(set(names)) < len(names):
        return []
    return names


def _records(row: dict[str, float], end: int) -> Iterator[Record]:
    """A row as a train record, an evaluation, or both."""
    counts = {
        "epoch" if name.lower() in ("e", "epoch", "epochs") else "step": value for name, value in row.items() if name.lower() in _COUNTERS
    }
    values = {name: value for name, value in row.items() if name.lower() not in _COUNTERS}
    evaluated = {name: value for name, value in values.items() if _EVALUATED.match(name)}
    if evaluated:
        evaluated |= {name: value for name, value in values.items() if _METRIC.search(name) and not name.lower().startswith("train")}
    trained = {name: value for name, value in values.items() if name not in evaluated}
    loss = next((value for name, value in trained.items() if "loss" in name.lower()), None)
    if loss is not None:
        yield _made("train", trained, counts | {"loss": loss}, end)
    if evaluated:
        main = next((value for name, value in evaluated.items() if "loss" in name.lower()), None)
        yield _made("eval", evaluated, counts | ({} if main is None else {"eval_loss": main}), end)


def _made(kind: str, values: dict[str, float], first: dict[str, float], end: int) -> Record:
    """A record of counters, the main value and the others under their names."""
    meaning = plan(list(values), (KindRule("info"),), {})
    printed = list(values)
    named = {slot.name: values[printed[slot.index]] for slot in meaning.slots}
    return Record(
        "train" if kind == "train" else "eval", "grids", 0, end, first | {name: value for name, value in named.items() if name not in first}
    )


def _triple(match: re.Match[bytes]) -> Record:
    """`120 train 3.84`: step, what it is, value."""
    word, value, step = match[2].decode(), float(match[3]), float(match[1])
    if word == "train":
        return Record("train", "grids", 0, match.end(), {"step": step, "loss": value})
    name = "eval_loss" if word in ("val", "valid", "test") else "hellaswag"
    return Record("eval", "grids", 0, match.end(), {"step": step, name: value})


def _results(row: re.Match[bytes]) -> Iterator[Record]:
    """A line of YOLOv7's results.txt, which has no line of names: epoch, memory, train losses, metrics, losses of the evaluation."""
    numbers = [number(text) for text in row[4].split()]
    values = {name: value for name, value in zip(_COLUMNS, numbers, strict=True) if value is not None}
    epoch = {"epoch": float(row[1])}
    if "total_loss" in values:
        yield Record(
            "train",
            "grids",
            0,
            row.end(),
            {**epoch, "loss": values["total_loss"], **{name: values[name] for name in _COLUMNS[:4] if name in values}},
        )
    yield Record("eval", "grids", 0, row.end(), epoch | {name: values[name] for name in _COLUMNS[6:] if name in values})


def _plain(name: str) -> str:
    """YOLO's `Box(P` and `R` in words."""
    return {"Box(P": "precision", "P": "precision", "R": "recall", "Mask(P": "mask_precision"}.get(name, name)
