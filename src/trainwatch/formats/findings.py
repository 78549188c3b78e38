"""Names and values in a line of no known format, and whose they are: the training's, or an evaluation's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from trainwatch.formats.numbers import number

_NOT_FINITE = rb"[-+]?(?:nan(?:\([a-z]{1,4}\))?|inf(?:inity)?|1\.#(?:[qs]nan|ind|inf)\d*+)(?!\w)"
_NUMBER = _NOT_FINITE + rb"|[-+]?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?"
_TAIL = rb"(?:loss(?:es)?|acc(?:uracy)?|error|norm|rate|scale|time|value|score|perplexity|ppl|mse|mae|rmse|f1|dice|m?iou|map|bleu|auc|wer|cer|reward|return|\w{1,30}loss)"
_NAME = rb"[A-Za-z][\w/.@+-]{0,60}+(?:\([^()\s]{1,12}\))?(?:'s)?(?: " + _TAIL + rb"\b){0,2}(?: [A-Za-z][\w-]{0,30}loss\b)?"
_PAIR = re.compile(
    rb"(?<![\w.\"'/\\])(" + _NAME + rb")"
    rb"(?:[ ]{0,12}([:=])[ \t]{0,12}|( so far is | is )|[ \t]{1,8}(?=(?:tensor\()?[-+]?\d*\.\d|[-+]?\d++e|" + _NOT_FINITE + rb"))"
    rb"(?:(?:np\.float\d\d|tensor)\()?['\"]?(" + _NUMBER + rb")(%|[a-zA-Z/]{1,8}\b)?\)?(?:[ ]{0,3}\([ ]{0,9}(" + _NUMBER + rb")\))?"
    rb"(?![\w.(\[{'\"+*-]{1,2}[\w(])",
    re.IGNORECASE,
)
_CLEAR = re.compile(rb"[ \t]*(?:\Z|[|,;()\]\t]|  |-|[A-Za-z]|\.(?:\Z| ))")
_PART = re.compile(
    rb"(?<![\w./-])(train(?:ing)?|val(?:i|id(?:at(?:e|ing|ion))?)?|test(?:ing)?|eval(?:uat\w{1,4})?|dev)\b(?![\w/.-]\w)", re.IGNORECASE
)
_TRAINED = re.compile(r"train(?:ing|ed)?(?:[\W_]|\Z)", re.IGNORECASE)
_EVALUATED = re.compile(
    r"(?:eval|vali?|valid|validat(?:e|ing|ion)(?:_[1-9])?|test|dev|cv)(?:[\W_]|'s)|valid_\d|\w+_(?:val|valid|test|dev)\Z", re.IGNORECASE
)
_LOSS = re.compile(
    r"(?:l_(?:[gd]_\w+|pix|percep\w*|style|total)|(?:.*[\W_])?(?:\w*loss(?:es)?|xent|nll|(?:\w*cross[\W_]?)entropy))(?:\Z|[\W_](?!.*(?:scal|weight|num|func|type|coef|parse|time|mask|fn|token|temp|lambda)))",
    re.IGNORECASE | re.DOTALL,
)
_MAIN = re.compile(
    r"(?:(?:train|training|eval|vali?|valid|validat(?:e|ing|ion)|test|dev|cv) )?(?:avg |average |mean |total |epoch )?loss(?: total| avg| mean| epoch| step| val| valid| test| train)*\Z"
)
_METRIC = re.compile(
    r"(?:.*[\W_])?(?:\w?acc\w*|top\W?[15]|ppl|perplexity|bleu|\w?wer|\w?cer|f1\w*|\w*map\w*|\w*miou\w*|iou|auc|bpb|score|error|\w*logloss|rmse|mae|mse|"
    r"dice|psnr|ssim|precision|recall|r2|ndcg\w*|hit\w*|fid)(?:@.*|[\W_]\d+)?\Z",
    re.IGNORECASE,
)
_SECTION = re.compile(r"(?:eval|val|valid|validation|test)/(?!.*(?:time|sec))", re.IGNORECASE)
"""A name that stands in a section of evaluations is a metric, but for what the evaluation took."""

_RETURN = re.compile(r"(?:episod(?:e|ic)|ep)[\W_](?:\w+[\W_])?(?:return|reward|score)s?\Z|mean reward\Z", re.IGNORECASE)
_EXTREME = re.compile(r"(?:best|min|max|lowest|highest|target|prev|previous|last)[\W_]", re.IGNORECASE)
CACHED = 4096
"""A log prints the same names over and over: what so many of them mean is remembered."""

_MEANINGLESS = frozenset(
    {"eta", "http", "https", "v_num", "port", "pid", "time", "data", "is", "epoch", "step", "iter", "best", "lr_scheduler"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A name, its value, the average behind it (`0.5 (0.7)`), and where it begins and ends.

    `part` is "train" or "eval" where the name or the words before it say so, else empty.
    """

    name: str
    value: float
    average: float | None
    start: int
    end: int
    part: str

    @property
    def is_loss(self) -> bool:
        """Whether the name is that of a loss."""
        return _is_loss(self.name)

    @property
    def is_metric(self) -> bool:
        """Whether the name is one that evaluations are judged by."""
        return _is_metric(self.name)

    @property
    def is_return(self) -> bool:
        """Whether the name is that of what an agent earned in an episode."""
        return _is_return(self.name)

    @property
    def is_main(self) -> bool:
        """Whether the name is that of a whole loss, not of a component."""
        return _is_main(self.name)


def findings(text: bytes, start: int) -> list[Finding]:
    """The findings of a message, which begins at `start` of the line; none when a loss or a metric stands twice for the same part."""
    found = [finding for match in _PAIR.finditer(text, start) if (finding := _finding(match)) is not None]
    if not any(finding.is_metric or finding.is_return for finding in found):
        return []
    found = _parts(found, text, start)
    names = Counter((finding.part, finding.name) for finding in found)
    if any(names[finding.part, finding.name] > 1 and finding.is_metric for finding in found):
        return []
    return [finding for finding in found if names[finding.part, finding.name] == 1]


def main_loss(names: Sequence[str]) -> str | None:
    """The name of the whole loss among names, else the first that is a loss at all."""
    return next((name for name in names if _is_main(name)), None) or next((name for name in names if _is_loss(name)), None)


@lru_cache(CACHED)
def _is_loss(name: str) -> bool:
    """Whether a name is that of a loss, and not of the best or the largest one."""
    return _LOSS.match(name) is not None and _EXTREME.match(name) is None


@lru_cache(CACHED)
def _is_metric(name: str) -> bool:
    """Whether a name is one that evaluations are judged by."""
    return _is_loss(name) or _SECTION.match(name) is not None or (_METRIC.match(name) is not None and _EXTREME.match(name) is None)


@lru_cache(CACHED)
def _is_return(name: str) -> bool:
    """Whether a name is that of an episode's return."""
    return _RETURN.match(name) is not None


@lru_cache(CACHED)
def _is_main(name: str) -> bool:
    """Whether a name is that of a whole loss."""
    return _MAIN.match(" ".join(re.split(r"[\W_]+", name.lower())).strip()) is not None


def _finding(match: re.Match[bytes]) -> Finding | None:
    """A match as a finding; None for names that are no metrics, and for text that only looks like one."""
    name = match[1].decode("utf-8", "replace").strip()
    value = number(match[4])
    if value is None or name.lower() in _MEANINGLESS or name.endswith("..."):
        return None
    finding = Finding(name, value, number(match[6] or b""), match.start(), match.end(), _own(name))
    if match[3] and (value != value or not (finding.is_loss or (finding.part and finding.is_metric))):  # noqa: PLR0124
        return None
    if not match[2] and _CLEAR.match(match.string, match.end()) is None:
        return None
    return finding


@lru_cache(CACHED)
def _own(name: str) -> str:
    """The part that a name carries itself."""
    words = (name, name.rpartition(" ")[2])
    if any(map(_TRAINED.match, words)):
        return "train"
    return "eval" if any(map(_EVALUATED.match, words)) else ""


def _part(word: bytes) -> str:
    """The part that a word names."""
    return "train" if word.lower().startswith(b"train") else "eval"


def _parts(found: list[Finding], text: bytes, start: int) -> list[Finding]:
    """Findings whose name says nothing belong to the part that was named last; a name that says it counts where both parts stand."""
    named = [(match.start(), _part(match[1])) for match in _PART.finditer(text, start)]
    named = [(at, part) for at, part in named if not any(finding.start <= at < finding.end for finding in found)]
    owned = [(finding.start, finding.part) for finding in found if finding.part]
    if len({part for _, part in owned}) > 1:
        named = sorted(named + owned)
    return [
        finding
        if finding.part or not named
        else replace(finding, part=next((part for at, part in reversed(named) if at < finding.start), ""))
        for finding in found
    ]
