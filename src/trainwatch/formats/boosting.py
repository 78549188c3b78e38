"""Lines of gradient boosting: `[20]<tab>train-rmse:0.71<tab>eval-rmse:0.75`, and CatBoost's `10:<tab>learn: 0.3<tab>test: 0.4<tab>best: 0.4 (9)`."""

from __future__ import annotations

import re

from trainwatch.formats.numbers import number
from trainwatch.formats.record import Record

_LINE = re.compile(rb"(?:\[(\d{1,9})\]|(\d{1,9}):(?=\tlearn:))\t")
_FIELD = re.compile(rb"([A-Za-z][\w ,'@.-]{0,80}?):[ ]{0,4}([-+.\deEnaif]{1,40})(?: \(\d{1,9}\))?[ ]{0,40}")
_TRAIN = ("train", "learn")
_SKIPPED = ("best", "total", "remaining")
_LOWER_IS_BETTER = re.compile(r".*(?:loss|rmse|rmsle|mse|mae|mape|l1|l2|error|entropy|deviance|learn|test\d?)\Z")


def read(text: bytes, extent: tuple[int, int]) -> list[Record]:
    """The records of one iteration; none when the line is something else.

    Several sets that are only numbered begin with the one that is trained on, as `validation_0` and `validation_1` do.
    """
    line = _LINE.match(text)
    if line is None:
        return []
    step = {"step": float(line[1] or line[2])}
    found = [
        (m[1].decode(), value)
        for part in text[line.end() :].split(b"\t")
        if (m := _FIELD.fullmatch(part)) and (value := number(m[2])) is not None
    ]
    found = [(name, value) for name, value in found if name not in _SKIPPED]
    numbered = any(name.startswith("validation_1") for name, _ in found)
    trained = {name: value for name, value in found if name.startswith(_TRAIN) or (numbered and name.startswith("validation_0"))}
    evaluated = {name: value for name, value in found if name not in trained}
    records = []
    loss = next((value for name, value in trained.items() if _LOWER_IS_BETTER.match(name)), None)
    if loss is not None:
        records.append(Record("train", "generic", *extent, {**step, "loss": loss, **trained}))
    if evaluated:
        main = next((value for name, value in evaluated.items() if _LOWER_IS_BETTER.match(name)), None)
        records.append(Record("eval", "generic", *extent, {**step, **({} if main is None else {"eval_loss": main}), **evaluated}))
    return records
