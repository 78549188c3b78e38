"""The optimizer step a checkpoint was made at."""

from __future__ import annotations

import re

from trainwatch.checkpoints.folder import Folder
from trainwatch.checkpoints.json_file import Unreadable, load

STATE = "trainer_state.json"
NAMED = re.compile(r"(?:step|checkpoint|ckpt|iter|iteration)[-_=]?(\d{1,15})(?!\d)", re.IGNORECASE)


def named_step(name: str) -> int | None:
    """The step in a name such as `checkpoint-300`, `ckpt_300.pt` or `epoch=3-step=300.ckpt`; None when there is none."""
    found = NAMED.findall(name)
    return int(found[-1]) if found else None


def stated_step(folder: Folder) -> int | None:
    """The step in trainer_state.json; None when it does not say."""
    if STATE not in folder.sizes:
        return None
    try:
        with folder.open(STATE) as file:
            state = load(file)
    except (OSError, Unreadable):
        return None
    step = state.get("global_step") if isinstance(state, dict) else None
    return step if isinstance(step, int) and not isinstance(step, bool) else None
