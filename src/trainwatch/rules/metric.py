"""Which evaluation metric decides, and which way is better."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

Direction = Literal["min", "max"]

_BETTER_LOW = re.compile(r"(^|_)(\w*loss|ppl|perplexity|wer|cer|ter|error|err|nll|mse|mae|rmse|bpb|bpc|fid)(_|$)")
_BETTER_HIGH = re.compile(
    r"(^|_)(\w*acc|\w*accuracy|f1|bleu|sacrebleu|chrf|rouge\w*|reward|m?ap|auc|precision|recall|iou|em|exact_match|mrr|ndcg)(_|$)"
)
_NOT_A_QUALITY = re.compile(r"(_runtime|_per_second|_time|_samples|_steps|_gen_len|_tokens)$|^(train_loss|learning_rate|grad_norm)$")
_A_LOSS = re.compile(r"(loss|ppl|perplexity|nll|bpb|bpc)$")
_RL_FIELDS = frozenset(
    {
        "reward",
        "kl",
        "completion_length",
        "completions/mean_length",
        "reward_std",
        "actor/pg_loss",
        "critic/rewards/mean",
        "objective/kl",
        "approx_kl",
        "ep_rew_mean",
    }
)
_RL_TAILS = frozenset({"approx_kl", "ep_rew_mean", "policy_gradient_loss"})
_GAN_FIELDS = frozenset({"loss_d", "loss_g", "d_loss", "g_loss", "errd", "errg", "loss_disc", "loss_gen"})


def direction(name: str, stated: str | None = None) -> Direction | None:
    """Which way is better; `stated` is the configured `greater_is_better`. None: nobody can tell."""
    if stated is not None:
        return "max" if stated.lower() in ("true", "1", "1.0") else "min"
    plain = name.lower().replace("/", "_").replace("-", "_")
    if _BETTER_LOW.search(plain):
        return "min"
    return "max" if _BETTER_HIGH.search(plain) else None


def primary(names: Collection[str], configured: str | None) -> tuple[str | None, bool]:
    """(the metric that decides, whether that is a guess) among what an evaluation printed; None when none of them can."""
    if configured:
        for name in (configured, f"eval_{configured}", configured.removeprefix("eval_")):
            if name in names:
                return name, False
    if "eval_loss" in names:
        return "eval_loss", True
    return next((name for name in qualities(names)), None), True


def qualities(names: Iterable[str]) -> list[str]:
    """The names whose better direction is known, in printed order."""
    return [name for name in measurements(names) if direction(name) is not None]


def is_loss(name: str) -> bool:
    """Whether a metric is a loss in other words: a perplexity, bits per byte."""
    return _A_LOSS.search(name.lower()) is not None


def measurements(names: Iterable[str]) -> list[str]:
    """The names of what an evaluation measured, without durations, speeds and counts."""
    return [name for name in names if not _NOT_A_QUALITY.search(name)]


def profile(names: Iterable[str]) -> str:
    """The kind of training in which a loss says nothing about progress, as names of records tell it; empty for all other kinds."""
    for name in names:
        if name in _RL_FIELDS or name.startswith("rewards/") or name.rpartition("/")[2] in _RL_TAILS:
            return "reinforcement learning"
        if name.lower() in _GAN_FIELDS:
            return "adversarial training"
    return ""
