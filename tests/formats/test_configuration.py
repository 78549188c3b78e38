from __future__ import annotations

import pytest
from tests.formats.reading import read

from trainwatch.model.facts import Facts

ARGUMENTS = """TrainingArguments(
adam_beta1=0.9,
eval_steps=10,
eval_strategy=IntervalStrategy.STEPS,
gradient_accumulation_steps=10,
greater_is_better=False,
learning_rate=0.0002,
lr_scheduler_type=SchedulerType.COSINE,
max_steps=-1,
metric_for_best_model=eval_loss,
num_train_epochs=100,
output_dir=out/run_1,
per_device_train_batch_size=2,
save_total_limit=None,
warmup_steps=0,
)
"""


def _facts(text: str) -> dict[str, object]:
    facts = Facts()
    assert read(text, facts=facts) == []
    return {name: fact.value for name, fact in facts.items()}


def test_training_arguments() -> None:
    """The dump of the Trainer's arguments; -1 and None mean that nothing was set."""
    assert _facts(ARGUMENTS) == {
        "eval_steps": 10,
        "eval_strategy": "STEPS",
        "gradient_accumulation_steps": 10,
        "greater_is_better": False,
        "learning_rate": 0.0002,
        "lr_scheduler_type": "COSINE",
        "metric_for_best_model": "eval_loss",
        "num_train_epochs": 100,
        "output_dir": "out/run_1",
        "per_device_train_batch_size": 2,
        "warmup_steps": 0,
    }


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("WORLD INFO DICT: {'localhost': [0, 1, 2]}\n", {"world_size": 3}),
        ("[launch.py:170:main] dist_world_size=8\n", {"world_size": 8}),
        ("batch_size=16 learning_rate=1e-5 grad_clip=1.0\n", {"learning_rate": 1e-5, "max_grad_norm": 1.0, "batch_size": 16}),
        ("alpha_kd=0.7 temperature=2.0 mode=fast\n", {"alpha_kd": 0.7, "temperature": 2.0, "mode": "fast"}),
        ("LoraConfig(r=8, lora_alpha=8, lora_dropout=0)\n", {"lora_rank": 8, "lora_alpha": 8, "lora_dropout": 0}),
        ("a=1 b=2 c=3\n", {}),
        ("step=5 seed=1 reward=0.2\n", {"seed": 1}),
        ("seed=1 text=it is so\n", {"seed": 1}),
        (
            "cmd = deepspeed main.py --num_train_epochs 16 --learning_rate 9.65e-6 --seed 1234\n",
            {
                "command": "deepspeed main.py --num_train_epochs 16 --learning_rate 9.65e-6 --seed 1234",
                "num_train_epochs": 16,
                "learning_rate": 9.65e-6,
                "seed": 1234,
            },
        ),
        ("['main.py', '--learning_rate', '9.65e-6', '--num-train-epochs', '3']\n", {"learning_rate": 9.65e-6, "num_train_epochs": 3}),
        ("[Scheduler] Optimizer steps: 4,676\n", {"total_steps": 4676}),
        ("  Total optimization steps = 17,000\n  Num Epochs = 30\n", {"total_steps": 17000, "num_train_epochs": 30}),
        ("max_iters = 100000  # total\neval_interval = 1000\n", {"total_steps": 100000, "eval_steps": 1000}),
    ],
)
def test_where_configuration_stands(text: str, expect: dict[str, object]) -> None:
    """Launcher lines, command lines, schedulers, assignments."""
    assert _facts(text) == expect


def test_source_code_is_no_configuration() -> None:
    """Values that are computed are not values."""
    assert _facts('learning_rate = float(os.environ.get("LR", 0.1))\nmax_steps = args.max_steps\nseed = random()\n') == {}


def test_a_fact_says_where_it_was_found() -> None:
    """Source and line; the first finding wins, and what the user stated wins over all."""
    facts = Facts({"seed": 7.0})
    read("\nlearning_rate=0.1 seed=1\nlearning_rate=0.2\n", facts=facts)
    assert (facts["learning_rate"].value, facts["learning_rate"].origin, facts["learning_rate"].line) == (0.1, "log", 2)
    assert facts["seed"].value == 7.0


def test_saved_checkpoints_are_events() -> None:
    """A line about a checkpoint tells path and step."""
    (record,) = read("Saving model checkpoint to out/run_2/checkpoint-500\n")
    assert (record[0], record[4]) == ("event", 500)
    assert record[6] == (("event", "checkpoint"), ("path", "out/run_2/checkpoint-500"))


def test_a_rate_within_a_log_history_is_no_configuration() -> None:
    """A trainer state printed over several lines holds records, whose learning rate was not configured; what stands outside was."""
    found = Facts()
    entry = '    {\n      "epoch": 0.1,\n      "learning_rate": 4.6e-07,\n      "loss": 2.5,\n      "step": 25\n    }'
    read('{\n  "log_history": [\n' + entry + '\n  ],\n  "max_steps": 5000\n}\n', facts=found)

    assert "learning_rate" not in found
    assert found.number("total_steps") == 5000


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("+ torchrun --nproc_per_node=8 --nnodes=2 train.py --learning_rate 1e-4\n", {"world_size": 16, "learning_rate": 1e-4}),
        ("torchrun --nnodes=1:4 --nproc-per-node 2 train.py\n", {"world_size": 8}),
        ("accelerate launch --num_processes 4 train.py\n", {"world_size": 4}),
        ("Initializing distributed: GLOBAL_RANK: 0, MEMBER: 1/8\n", {"world_size": 8}),
        ("2026-03-16 22:57:30,775 - nanochat.common - INFO - Distributed world size: 8\n", {"world_size": 8}),
        ("  lr .............................................. 0.00015\n", {"learning_rate": 0.00015}),
        ("  lr_decay_style .................................. cosine\n", {"lr_scheduler_type": "cosine"}),
        ("[2026-01-01 10:00:00] [INFO] [config.py:958:print]   gradient_clipping ............ 1.0\n", {"max_grad_norm": 1.0}),
        ("[2026-01-01 10:00:00] [INFO] [config.py:958:print]   train_micro_batch_size_per_gpu  4\n", {"per_device_train_batch_size": 4}),
        ("Starting training for 100 epochs...\n", {"num_train_epochs": 100}),
        ("Namespace(lr=0.1, epochs=90, world_size=8, seed=3)\n", {"learning_rate": 0.1, "num_train_epochs": 90, "world_size": 8}),
        ("train.py --nproc_per_node=8 is what you want\nlr  5\n", {}),
    ],
)
def test_ranks_and_dotted_dumps_are_facts(text: str, expect: dict[str, object]) -> None:
    """Launchers' command lines tell how many ranks there are; Megatron and DeepSpeed print settings behind dots."""
    facts = Facts()
    read(text, facts=facts)
    names = ("world_size", "learning_rate", "lr_scheduler_type", "max_grad_norm", "per_device_train_batch_size", "num_train_epochs")
    assert {name: facts[name].value for name in names if name in facts} == expect
