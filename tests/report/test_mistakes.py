"""Mistakes that people made when they wrote such analyses by hand. The logs are rebuilt from the figures that they gave."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.seeds import overfit_log

from trainwatch.cli.main import main

DISTILLED = """\
[Scheduler] Gradient accumulation: 16
[Scheduler] Optimizer steps: 4,676
[Scheduler] Warmup steps: 467 (10.0%)
[Warning] lm_loss produced non-finite value (nan); clamping to zero.
Epoch 1/3:   4%|#         | 1118/24941 [07:36<2:42:03, 2.45it/s, loss=15.7221, lr=0.00e+00]
Epoch 1/3:   8%|#         | 1999/24941 [13:35<2:36:04, 2.45it/s, loss=15.6401, lr=0.00e+00]
Eval at step 2000: loss=95.86, kd=14.85, feature=41.22, attention=0.47
Epoch 1/3:   8%|#         | 2065/24941 [14:02<2:35:37, 2.45it/s, loss=15.5268, lr=0.00e+00]
"""
DROPPED = """\
{'loss': 3.64, 'learning_rate': 2e-05, 'epoch': 0.0}
  4%|#         | 205/5064 [32:58<13:01:29,  9.65s/it]{'loss': 0.005, 'learning_rate': 1.92e-05, 'epoch': 0.04}
  4%|#         | 215/5064 [34:34<12:59:52,  9.65s/it]{'loss': 0.005, 'learning_rate': 1.92e-05, 'epoch': 0.04}
  4%|#         | 225/5064 [36:11<12:58:16,  9.65s/it]{'loss': 0.005, 'learning_rate': 1.91e-05, 'epoch': 0.04}
"""
COMMAND = """\
[2025-12-06 14:56:52,104] [INFO] [runner.py:568:main] cmd = python -u -m deepspeed.launcher.launch Finetuning_V5.py 0.0002 8870 2 2 10 0.01 100
weight_decay=0.01,
LoraConfig(r=8, lora_alpha=8, lora_dropout=0)
"""
FLAT = """\
batch_size=16 block_size=128 learning_rate=1e-5 lora_rank=8 grad_clip=1.0
step 1500: train loss 6.6700, val loss 6.7100
step 2000: train loss 6.7500, val loss 6.9300
step 2500: train loss 6.5200, val loss 6.7200
"""


class Written:
    """A report in both forms."""

    def __init__(self, log: Path, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        assert main(["report", str(log), "-f", "json", *words]) == 0
        self.json: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert main(["report", str(log), *words]) == 0
        self.text = capsys.readouterr().out
        self.findings = {f["finding"]: f["text"] for f in self.json["findings"]}

    def section(self, title: str) -> str:
        """The text of a section."""
        return self.text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.fixture
def overfit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Written:
    """The report of the overfit run, with the two checkpoints that it saved."""
    saved = {step: f"[INFO|trainer.py:3503] >> Saving model checkpoint to out/checkpoint-{step}\n" for step in (100, 200)}
    path = tmp_path / "train.out"
    path.write_text(COMMAND + overfit_log() + "".join(saved.values()))
    return Written(path, capsys)


@pytest.fixture
def distilled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Written:
    """The report of the distillation run, its weights stated."""
    path = tmp_path / "distill.log"
    path.write_text(DISTILLED)
    stated = [word for name, value in (("kd", 0.7), ("feature", 0.1), ("attention", 0.1)) for word in ("--fact", f"alpha_{name}={value}")]
    return Written(path, capsys, *stated)


def test_patience_of_three_is_thirty_steps(overfit: Written):
    """Not "around epoch 18 to 20": evaluations are every five epochs, and three of them end at step 60, epoch 30."""
    assert overfit.findings["early_stopping"].startswith("early_stopping (orange, step 60, epoch 30)")
    assert "30 steps" in overfit.findings["early_stopping"]


def test_what_was_wasted_rests_on_one_pace(overfit: Written):
    """80 % and 74.7 GPU-hours after step 40, by the one assumption that is printed; not 75, 78 and 83 %."""
    row = next(c for c in overfit.json["counterfactuals"] if c["step"] == 40)
    assert (round(row["share"], 2), round(row["saved_gpu_hours"], 1)) == (0.8, 74.7)
    assert "even pace over steps" in row["assumption"]
    assert (overfit.json["waste"]["steps"], round(overfit.json["waste"]["gpu_hours"], 1)) == (170, 79.4)


def test_phases_are_as_long_as_the_run(overfit: Written):
    """The hours of the phases add up to those of the run: 11.68, not 13; the last one has 3.5, not "6+"."""
    hours = [phase["hours"] for phase in overfit.json["phases"]]
    assert sum(hours) == pytest.approx(overfit.json["cost"]["hours"]) == pytest.approx(11.68, abs=0.01)
    assert hours[-1] == pytest.approx(3.5, abs=0.01)


def test_a_printed_zero_is_not_zero(overfit: Written):
    """0.0000 is below half of its last digit, from step 150 on, where it is first printed."""
    assert "| 150 | 75 | &lt; 5e-5 |" in overfit.section("Timeline")
    assert "| 140 | 70 | 1e-4 |" in overfit.section("Timeline")
    assert not re.search(r"exactly (0|zero)|literally|machine precision|train loss (is )?0[,; ]", overfit.text)


def test_the_gradient_is_compared_to_something_named(overfit: Written):
    """285 times below the median of the healthy stretch, not "1000 times"; the first norms are named too."""
    assert overfit.json["gradient"]["ratio"] == pytest.approx(0.0854 / 0.0003)
    assert "285 times smaller than that median" in overfit.section("Gradient")
    assert "first 0.5529 at step 1" in overfit.section("Gradient")


def test_the_best_is_known_to_one_evaluation(overfit: Written):
    """0.8 % lie between step 30 and step 40: "the" best checkpoint is one of the two. Step 100 is 2.83 times worse, not "3x"."""
    assert "0.1387 at step 40; which of these is the best is not certain" in overfit.section("Best evaluation and checkpoints")
    assert "2.83 times the best" in overfit.section("Best evaluation and checkpoints")


def test_the_schedule_is_named_and_nothing_is_blamed_on_it(overfit: Written):
    """The printed rates are one scheduler's to the last digit; what another would have done was not tried."""
    assert overfit.json["lr"]["fitted"]["scheduler"] == "WarmupDecayLR"
    assert overfit.json["lr"]["mismatch"] is True
    text = overfit.section("Learning rate")
    assert "rises until step 10, although the configuration says no warm-up" in text
    assert "was not tried" in text
    assert not re.search(r"adamw|Transformers default|would have been worse|worse if", text, re.IGNORECASE)


def test_what_was_set_stands_beside_the_hypothesis(overfit: Written):
    """The author's causes are settings of the log: dropout 0 is a hypothesis of its own, the others are named and blamed for nothing."""
    evidence = {a["hypothesis"]: a["evidence"] for a in overfit.json["recommendations"]}
    assert "lora_dropout=0 (" in evidence["Without dropout the training data is learnt by heart sooner."]
    assert any("num_train_epochs=100" in text and "weight_decay=0.01" in text for text in evidence.values())
    assert "Finetuning_V5.py 0.0002 8870 2 2 10 0.01 100" in overfit.section("Run")


def test_what_came_after_the_best_is_counted(overfit: Written):
    """Evaluations as well as steps; twice the best is first reached at step 90, not "at epoch 30 to 50"."""
    assert "17 of 20 evaluations" in overfit.findings["after_best"]
    assert "twice the best first at step 90" in overfit.findings["after_best"]
    assert "first printed as 0 at step 150" in overfit.findings["printed_zero"]


def test_each_patience_has_its_step(overfit: Written):
    """Epoch 20 and 25 need a patience of one and two, three is epoch 30."""
    assert [(p["patience"], p["epoch"]) for p in overfit.json["patience"][:3]] == [(1, 20.0), (2, 25.0), (3, 30.0)]


def test_batches_are_no_optimizer_steps(distilled: Written):
    """The bar counts 74,823 batches, the scheduler 4,676 steps: step 2065 is 3 % of the run, within the warm-up, and not half of it."""
    assert distilled.json["run"]["total_steps"] == 74823
    assert "step 2,065 is optimizer step 129, 28 % of the warm-up of 467" in distilled.section("Configuration found")
    assert "the rest would have taken 8 h" in distilled.findings["ended_early"]
    assert "Mean pace: 408 ms a step" in distilled.section("Run")


def test_the_loss_of_this_run_is_not_that_of_another(distilled: Written):
    """Within this log the train loss falls by 1.2 %; a fall from 21.5 belongs to another run."""
    assert "15.72 at step 1118 to 15.53 at step 2065 (-1.2 %)" in distilled.findings["train_loss"]


def test_a_rate_printed_as_zero_is_not_called_cosmetic(distilled: Written):
    """An exponent cannot hide 8e-6."""
    assert "0.00e+00, cannot be: it is 0, or it is not the optimizer's" in distilled.section("Learning rate")


def test_the_batch_is_an_upper_bound(overfit: Written):
    """160 samples hold for full accumulations only."""
    assert "at most 2 x 10 x 8 = 160 samples" in overfit.section("Configuration found")


def test_causes_are_hypotheses(overfit: Written):
    """No primary cause is named; each hypothesis has evidence of this run and says what would test it."""
    assert "primary" not in overfit.text.lower()
    assert "These are hypotheses" in overfit.section("Recommendations")
    assert all(a["hypothesis"] and a["evidence"] and a["test"] for a in overfit.json["recommendations"])


def test_what_the_authors_found_is_found(overfit: Written):
    """Best unsaved, the cadence, the schedule, the ladder, the phases, what came after the best."""
    assert {"best_unsaved", "after_best", "eval_save_cadence", "lr_schedule_mismatch"} <= set(overfit.findings)
    assert [p["phase"] for p in overfit.json["phases"]] == ["healthy", "divergence", "severe", "memorised", "dead"]
    fired = [(e["step"], e["severity"]) for e in overfit.json["events"] if e["rule"] == "overfit"]
    assert fired == [(40, "yellow"), (50, "orange"), (60, "red"), (90, "black")]


def test_a_rate_of_zero_is_not_called_cosmetic(distilled: Written):
    """`.2e` does not round 8e-6 to 0: rounding is one reason among others, and a falling loss does not prove another."""
    text = distilled.section("Learning rate")
    assert "Every printed learning rate is 0" in text
    assert "cosmetic" not in distilled.text.lower()
    assert any(e["rule"] == "lr_zero" for e in distilled.json["events"])


def test_one_evaluation_shows_no_trend(distilled: Written):
    """What one evaluation cannot show is said so: no trend, no projection, no overfitting from a gap of six."""
    assert "It is the only evaluation" in distilled.section("Best evaluation and checkpoints")
    assert not re.search(r"project|by the end of epoch|severe", distilled.text, re.IGNORECASE)


def test_weights_are_not_shares(distilled: Written):
    """Parts stand beside their weights, 41 % of the total is in none, and the train loss may be another sum."""
    found = distilled.json["components"]
    assert [(p["name"], p["weight"]) for p in found["parts"]] == [("kd", 0.7), ("feature", 0.1), ("attention", 0.1)]
    assert found["weighted"] == pytest.approx(14.564)
    assert found["rest"] == pytest.approx(0.41, abs=0.005)
    text = distilled.section("Loss components")
    assert "A weight is a factor, not a share" in text
    assert "may be different sums" in text
    assert "not proven" in text
    assert "not confirmed" in distilled.findings["loss_component_imbalance"]


def test_a_drop_without_an_evaluation_is_not_called_overfitting(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """3.64 to 0.005 in 4 % of the first epoch: reported with other reasons; overfitting cannot be judged without an evaluation."""
    path = tmp_path / "gptj.log"
    path.write_text(DROPPED)
    found = Written(path, capsys)
    assert "rapid_loss_drop" in found.findings
    assert "overfitting and the best checkpoint cannot be judged" in found.section("Caveats")
    assert any("evaluate now" in a["test"] for a in found.json["recommendations"])
    assert not any("regularisation" in a["hypothesis"] for a in found.json["recommendations"])


def test_one_rise_that_went_back_is_weak(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A rise at step 2000 that is gone at step 2500 is told with its withdrawal; that clipping is too strong is not concluded."""
    path = tmp_path / "gpt2.log"
    path.write_text(FLAT)
    found = Written(path, capsys)
    assert "Withdrawn at step 2500" in found.findings["checkpoint_regression"]
    assert (
        "changed by +0.15 %, while the train loss changed by -2.25 %: flat, as far as 3 evaluations can tell" in found.findings["plateau"]
    )
    assert "clipping too aggressive" not in found.text
    assert any("weak evidence" in a["test"] for a in found.json["recommendations"])


def test_what_the_author_missed_is_found(overfit: Written):
    """Every second step has fewer samples than the batch says, and every sample is seen a hundred times."""
    assert {"accumulation_tail", "data_repetition"} <= set(overfit.findings)
