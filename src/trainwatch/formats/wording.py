"""What some programs say in words of their own, put as all others say it: what counts, a name, its value.

Training loss at step 100: 2.5
Epoch 2, global step 300: 'val/acc' reached 0.75000 (best 0.75000), saving model to '/out/a.ckpt' as top 1
train 050 1.250000e+00 50.000000 87.500000
"""

from __future__ import annotations

import re

_AT = re.compile(
    rb"((?:[a-z]{1,20}[ _]){0,3}(?:loss|accuracy|perplexity))(?: \([a-z ]{1,30}\))? (?:at|over|for|after|in|on) "
    rb"((?:training )?(?:step|epoch|iteration|batch)[ #]{1,2}\d{1,9}(?:[ ]?/[ ]?\d{1,9})?)(?=[ ]?[:=] | is | was )",
    re.IGNORECASE,
)
_COUNTED = re.compile(rb" (?:at|over|for|after|in|on) (?:training )?(?:step|epoch|iteration|batch)[ #]", re.IGNORECASE)
"""What such a line holds besides: far cheaper to look for."""

_AVERAGED = re.compile(rb", tot_loss\[[^\]]{0,400}\]")
"""What icefall prints of the batches so far, behind the same of the newest."""

_REACHED = re.compile(
    rb"(Epoch \d{1,9}(?:, global step \d{1,15})?): '?([A-Za-z][\w/@.-]{0,60}?)'? reached (-?\d[\d.]{0,30}(?:e[-+]?\d{1,3})?|-?inf|nan) \(best .*",
    re.DOTALL,
)
"""What Lightning's checkpoints say of the value they are chosen by."""

_DARTS = re.compile(rb"train (\d{3,9}) (\d\.\d{3,9}e[-+]\d\d) (\d{1,3}\.\d{1,9}) (\d{1,3}\.\d{1,9})\Z")
"""DARTS and what grew out of it: batch, loss, accuracies."""


def plain(text: bytes) -> bytes:
    """The message of a line in plain words; itself where it is."""
    if b", tot_loss[" in text:
        text = _AVERAGED.sub(b"", text)
    if b" reached " in text:
        text = _REACHED.sub(rb"\1: val, \2: \3", text)
    if text.startswith(b"train "):
        text = _DARTS.sub(rb"train step \1 loss \2 top1 \3 top5 \4", text)
    return text if _COUNTED.search(text) is None else _AT.sub(rb"\2 \1", text)
