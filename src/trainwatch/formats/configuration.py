"""Configuration wherever a log prints it: argument dumps, launcher command lines, `name = value` lines."""

from __future__ import annotations

import re

from trainwatch.formats.names import names
from trainwatch.formats.numbers import number
from trainwatch.model.facts import Facts, FactValue

_TEXTS = frozenset({"lr_scheduler_type", "optim", "eval_strategy", "save_strategy", "metric_for_best_model", "output_dir", "launcher"})
_TRUTHS = frozenset({"greater_is_better", "load_best_model_at_end"})
_WORLD = re.compile(rb"WORLD INFO DICT: \{([^}\r\n]{1,10000})\}")
_WEIGHT = rb"alpha_[a-z]\w{0,40}"
"""The weight of a part of the loss, under the part's own name."""

_ALTERNATIVES = b"|".join(
    re.escape(name.encode()) for name in sorted(names().facts, key=len, reverse=True) if name not in ("lr", "epochs", "scheduler")
)
_SETTING = re.compile(
    rb"(?<![\w./-])['\"]?("
    + _ALTERNATIVES
    + rb"|"
    + _WEIGHT
    + rb")['\"]?[ \t]{0,4}[=:][ \t]{0,40}['\"]?(\d{1,3}(?:,\d{3})++|[^\s,'\";)\]}]{1,200})(?![\w(\[])"
)
_FLAG = re.compile(rb"--(" + _ALTERNATIVES.replace(b"_", b"[_-]") + rb"|lr|epochs)(?:=|['\"]?,? ['\"]?)([^\s,'\"]{1,200})")
_DOTTED = re.compile(rb"[ \t]{1,4}(" + _ALTERNATIVES + rb"|lr) ?(?:\.{2,120} ?|[ ]{2,40})(\S{1,200})[ ]{0,4}\Z")
"""As Megatron and DeepSpeed print what they were told: `lr ............ 0.00015`."""

_LAUNCHER = re.compile(rb"\b(?:torchrun|torch\.distributed|deepspeed|accelerate)\b")
_A_NODE = re.compile(rb"--(?:nproc[_-]per[_-]node|num[_-]gpus)[= ](\d{1,3})\b")
_NODES = re.compile(rb"--(?:nnodes|num[_-]nodes)[= ](?:\d{1,5}:)?(\d{1,5})\b")
_PROCESSES = re.compile(rb"--num[_-]processes[= ](\d{1,5})\b")
_RANKS = re.compile(rb"(?i:\bworld size[:=] ?)(\d{1,6})\b|\bMEMBER: \d{1,6}/(\d{1,6})\b")
_EPOCHS = re.compile(rb"\b[Tt]raining for (\d{1,7}) epochs\b")
_COMMAND = re.compile(rb"\bcmd = (\S[^\r\n]{0,2000})")
_PAIR = rb"([A-Za-z_]\w{0,40})=['\"]?([\w.+~/-]{1,100})['\"]?"
_ALL_PAIRS = re.compile(rb"(?:(\w{1,60})\()?" + _PAIR + rb"(?:(?:[ \t]*[,;][ \t]*|[ \t]+)" + _PAIR + rb"){2,63}\)?")
_PAIRS = re.compile(_PAIR)
_LORA = {b"r": b"lora_rank"}
"""What the short names of an adapter's configuration stand for."""

_OF_RECORDS = {b"loss", b"step", b"epoch", b"iter"}
"""Names that make a line of pairs a record, whatever else is in it."""

LONGEST = 300
"""A dotted setting stands in the last bytes of its line."""

MAX_LINE = 1 << 16
"""Longer lines are data, in bytes."""


class Configuration:
    """Notes into `facts` what the lines of one source say."""

    def __init__(self, facts: Facts, source: str) -> None:
        self._facts, self._source = facts, source

    def read(self, line: bytes, line_number: int) -> None:
        """Look at one line that is no record."""
        if len(line) > MAX_LINE:
            return
        if b"=" in line or b":" in line:
            found = [self.note(match[1], match[2], line_number) for match in _SETTING.finditer(line)]
            if any(found):
                self._beside(line.strip(), line_number)
            self._ranks(_RANKS.search(line), line_number)
            world = _WORLD.match(line, line.find(b"WORLD INFO DICT: {")) if b"WORLD INFO DICT: {" in line else None
            if world is not None:
                ranks = len(re.findall(rb"\d+(?=[,\]])", world[1]))
                self._facts.note("world_size", float(ranks), self._source, line_number)
            command = _COMMAND.search(line) if b"cmd = " in line else None
            if command is not None:
                self._facts.note("command", command[1].decode("utf-8", "replace").rstrip(), self._source, line_number)
        if b".." in line or b"  " in line:
            dotted = _DOTTED.search(line, max(0, len(line) - LONGEST))
            if dotted is not None and (b".." in dotted[0] or b"config.py" in line):
                self.note(dotted[1], dotted[2], line_number)
        epochs = _EPOCHS.search(line) if b"raining for " in line else None
        if epochs is not None:
            self.note(b"epochs", epochs[1], line_number)
        if b"--" in line:
            self._launched(line, line_number)
            for match in _FLAG.finditer(line):
                self.note(match[1].replace(b"-", b"_"), match[2], line_number)

    def _ranks(self, match: re.Match[bytes] | None, line_number: int) -> None:
        """The number of ranks that a pattern found."""
        if match is not None:
            self.note(b"world_size", next(text for text in match.groups() if text), line_number)

    def _launched(self, line: bytes, line_number: int) -> None:
        """A launcher's command line tells the ranks: so many on each of so many nodes, or all of them."""
        if _LAUNCHER.search(line) is None:
            return
        several, nodes = _A_NODE.search(line), _NODES.search(line)
        if several is not None:
            count = int(several[1]) * (int(nodes[1]) if nodes is not None else 1)
            self.note(b"world_size", b"%d" % count, line_number)
        else:
            self._ranks(_PROCESSES.search(line), line_number)

    def _beside(self, line: bytes, line_number: int) -> None:
        """A line of nothing but pairs, of which one is a known setting, holds settings: the others are kept under their own names."""
        whole = _ALL_PAIRS.fullmatch(line)
        pairs = _PAIRS.findall(line) if whole is not None else []
        if whole is None or any(name in _OF_RECORDS for name, _ in pairs):
            return
        short = _LORA if (whole[1] or b"").startswith(b"Lora") else {}
        for printed, raw in pairs:
            word = short.get(printed, printed).decode()
            if printed.decode() in names().facts:
                self.note(printed, raw, line_number)
            else:
                value = number(raw)
                self._facts.note(word, raw.decode() if value is None else value, self._source, line_number)

    def note(self, printed: bytes, raw: bytes, line_number: int) -> bool:
        """Keep a printed value that fits its name, when that is the name of a setting; whether it was kept."""
        word = printed.decode()
        name = names().facts.get(word) or (word if word.startswith("alpha_") else None)
        value = _fitting(name or "", raw)
        if name is None or value is None:
            return False
        self._facts.note(name, value, self._source, line_number)
        return True


def _fitting(name: str, raw: bytes) -> FactValue | None:
    """The value as what the name calls for; None when it is something else, such as code."""
    text = raw.strip(b"'\"")
    if name in _TRUTHS:
        return {b"true": True, b"false": False}.get(text.lower())
    if name in _TEXTS:
        word = text.decode("utf-8", "replace").rpartition(".")[2] if name != "output_dir" else text.decode("utf-8", "replace")
        return word if re.fullmatch(r"[\w./~-]+", word) and word.lower() not in ("none", "null") else None
    value = number(text)
    return value if value is not None and value == value and value >= 0 else None  # noqa: PLR0124
