"""What reinforcement learning is judged by, under the names that its frameworks print. Of several the first that is there counts."""

from __future__ import annotations

REWARDS = ("reward", "critic/score/mean", "critic/rewards/mean", "rollout/ep_rew_mean")
"""The mean reward."""

DISTANCES = ("kl", "critic/kl", "actor/kl_loss", "objective/kl", "actor/ppo_kl", "approx_kl", "train/approx_kl")
"""How far the policy is from its reference, or from the one before."""
