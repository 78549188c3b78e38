from __future__ import annotations

from tests.formats.reading import read, read_in, values

OLMO = (
    "2026-05-01 10:00:00.123\thost:0\tolmo.train:900\tINFO\t[step=10/1000,epoch=0]\n    optim/total_grad_norm=0.625\n    train/CrossEntropyLoss=6.5\n"
    "    throughput/total_tokens=94,371,840\n2026-05-01 10:00:01.123\thost:0\tolmo.train:900\tINFO\t[eval_step=10/20]\n"
    "2026-05-01 10:10:00.123\thost:0\tolmo.train:900\tINFO\tvalidation\n    eval/validation/CrossEntropyLoss=6.25\n    eval/validation/Perplexity=492.7\n"
)
COMPOSER = (
    "[batch=10/1000]:\n\t Train time/batch: 9\n\t Train loss/train/total: 10.5\n\t Train metrics/train/LanguageCrossEntropy: 10.375\n"
    "[Eval batch=1/10] Eval on eval data\n[Eval batch=10/10] Eval on eval data:\n\t Eval metrics/eval/LanguageCrossEntropy: 9.5\n"
)

COQUI = (
    " > EPOCH: 3/1000\n --> /out/run\n\n   --> STEP: 24/36 -- GLOBAL_STEP: 1025\n     | > loss: 3.0  (3.5)\n     | > current_lr: 0.0002 \n\n"
    " > EVALUATION \n\n   --> STEP: 0\n     | > loss: 9.5  (9.5)\n\n  --> EVAL PERFORMANCE\n     | > avg_loss: 2.5 (+0.0)\n\n"
)


NEMO_RL = (
    "========================= Step 5/100 =========================\n▶ Preparing batch...\n\n📊 Validation Results:\n    • Accuracy: 0.25\n"
    "    • Average response length: 120.5 tokens\n\n📊 Training Results:\n  • Loss: 0.125\n  • Avg Reward: 0.5\n\n⏱️  Timing:\n  • Total step time: 12.50s\n"
)


def test_indented_lines_belong_to_the_line_that_counts() -> None:
    """OLMo and Composer print a record over many lines; it stands where it begins."""
    train, evaluation = read(OLMO)
    assert (train[0], train[2], train[3], train[4], train[5]) == ("train", 1, 0, 10, 0.0)
    assert values(train) == {"total_steps": 1000, "grad_norm": 0.625, "loss": 6.5, "throughput/total_tokens": 94371840}
    assert (evaluation[0], evaluation[2], evaluation[4], values(evaluation)["eval_loss"]) == ("eval", 6, 10, 6.25)
    train, evaluation = read(COMPOSER)
    assert (train[0], train[4], values(train)["loss"]) == ("train", 10, 10.5)
    assert (evaluation[0], evaluation[4]) == ("eval", 10)


def test_marked_lines_belong_to_the_step_above() -> None:
    """Coqui prints the newest value before the average, and the batches of an evaluation before the whole of it."""
    train, evaluation = read(COQUI)
    assert (train[0], train[2], train[4], train[5]) == ("train", 4, 1025, 3.0)
    assert values(train) == {"loss": 3, "learning_rate": 0.0002}
    assert (evaluation[0], evaluation[4], evaluation[5], values(evaluation)) == ("eval", 1025, 3.0, {"eval_loss": 2.5})


def test_a_record_of_many_lines_may_come_in_pieces() -> None:
    """Cut anywhere, the records are the same."""
    data = (OLMO + COMPOSER + COQUI).encode()
    whole = read(data)
    assert all(read_in(data, [cut, cut + 40]) == whole for cut in range(0, len(data), 7))


def test_counting_lines_alone_are_no_records() -> None:
    """A line that counts with nothing under it, and indented lines under nothing, tell no values."""
    assert read("[step=10/1000,epoch=0]\nsomething\n    train/CrossEntropyLoss=6.5\n") == []


def test_bullets_belong_to_the_banner_and_the_section_above() -> None:
    """The results of a step and those of an evaluation at it are a record each; what else has bullets is none."""
    evaluation, train = read(NEMO_RL)
    assert (evaluation[0], evaluation[4], values(evaluation)["eval/Accuracy"]) == ("eval", 5, 0.25)
    assert (train[0], train[4]) == ("train", 5)
    assert values(train) == {"total_steps": 100, "loss": 0.125, "Avg Reward": 0.5}
    assert read(NEMO_RL.partition("\n")[2]) == []
    raw = NEMO_RL.encode()
    assert read_in(raw, [60, 150, 260]) == read_in(raw, [], fast=False)
