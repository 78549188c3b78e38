"""Lines whose values have no names: Darknet's iterations, and the lists of VITS and what grew out of it.

 200: 12.125, 14.250 avg, 0.001000 rate, 2.500 seconds, 12800 images
[2.5, 2.25, 7.5, 30.125, 1.75, 2.0, 200, 0.0002]
Losses: [2.5, 2.25, 7.5, 30.125, 3.5], step: 200, lr: 0.0001
"""

from __future__ import annotations

import re

from trainwatch.formats.numbers import number
from trainwatch.formats.record import Record

_VALUE = rb"[-+]?(?:\d[\d.]{0,24}(?:e[-+]?\d{1,3})?|nan|inf)"
_DARKNET = re.compile(
    rb"[ ]{0,4}(\d{1,9}): ("
    + _VALUE
    + rb"), ("
    + _VALUE
    + rb") avg(?: loss)?, ("
    + _VALUE
    + rb") rate, ("
    + _VALUE
    + rb") seconds, (\d{1,12}) images\b"
)
_LIST = re.compile(
    rb"(?:Losses: )?\[(" + _VALUE + rb"(?:, " + _VALUE + rb"){4,7})\](?:, step: (\d{1,9}), lr: (" + _VALUE + rb")\b.{0,60})?\Z"
)
_DARKNET_NAMES = ("step", "loss", "avg_loss", "learning_rate", "step_time", "images")
_LISTED_NAMES = ("loss_disc", "loss_gen", "loss_fm", "loss_mel")
_MORE_NAMES = {5: ("loss_kl",), 6: ("loss_kl", "loss_lf0"), 8: ("loss_dur", "loss_kl", "step", "learning_rate")}


def read(text: bytes, extent: tuple[int, int]) -> list[Record]:
    """The record of a message without names; none when it is something else."""
    darknet = _DARKNET.match(text)
    if darknet is not None:
        return _record(_DARKNET_NAMES, list(darknet.groups()), extent)
    listed = _LIST.match(text)
    if listed is None:
        return []
    values = listed[1].split(b", ")
    names = _LISTED_NAMES + _MORE_NAMES.get(len(values), ())
    if listed[2] is not None and len(values) < 7:
        return _record((*names, "step", "learning_rate"), [*values, listed[2], listed[3]], extent)
    return _record(names, values, extent) if len(values) == 8 and values[6].isdigit() and listed[2] is None else []


def _record(names: tuple[str, ...], values: list[bytes], extent: tuple[int, int]) -> list[Record]:
    """A record of training; none when a value is no number."""
    numbers = {name: value for name, text in zip(names, values, strict=True) if (value := number(text)) is not None}
    return [Record("train", "generic", *extent, numbers)] if len(numbers) == len(names) else []
