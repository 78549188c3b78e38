from __future__ import annotations

import json

import pytest
from tests.formats.reading import read, values

from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts


def test_our_own_lines_are_read_back() -> None:
    """What export writes is read as it was: kind, step, epoch, values, names of formats."""
    line = {
        "source": "a",
        "line": 3,
        "kind": "train",
        "step": 120,
        "epoch": 1.5,
        "values": {"loss": 0.1, "grad_norm": "nan"},
        "format": "hf_trainer",
    }
    (record,) = read(json.dumps(line) + "\n")
    assert record[:2] == ("train", "hf_trainer")
    assert record[4:6] == (120, 1.5)
    assert values(record) == {"loss": 0.1, "grad_norm": "nan"}


def test_kind_and_values_are_enough() -> None:
    """A history written by hand needs no more."""
    found = read('{"kind": "eval", "values": {"eval_loss": 0.5}}\n{"kind": "train", "step": null, "epoch": null, "values": {"loss": 1}}\n')
    assert [(record[0], record[4], values(record)) for record in found] == [
        ("eval", None, {"eval_loss": 0.5}),
        ("train", None, {"loss": 1.0}),
    ]


def test_a_config_event_becomes_facts() -> None:
    """Configuration in an export line is configuration again."""
    facts = Facts()
    read('{"kind": "event", "values": {"event": "config", "total_steps": 200, "eval_steps": 10}}\n', facts=facts)
    assert facts.number("total_steps") == 200
    assert facts.number("eval_steps") == 10


def test_trainer_log_jsonl() -> None:
    """Null means: not a record of that kind; the last line, all null, is none."""
    text = "\n".join(
        json.dumps({"current_steps": step, "total_steps": 915, "loss": loss, "eval_loss": ev, "epoch": 0.16, "elapsed_time": "0:02:15"})
        for step, loss, ev in ((10, 1.19, None), (915, None, 1.108), (915, None, None))
    )
    facts = Facts()
    assert [(record[0], record[4]) for record in read(text + "\n", facts=facts)] == [("train", 10), ("eval", 915)]
    assert facts.number("total_steps") == 915


@pytest.mark.parametrize("indent", [None, 2, 1])
def test_trainer_state_however_it_is_laid_out(indent: int | None) -> None:
    """The log history is read whether it is one line or one line per value."""
    state = {
        "best_metric": 0.5,
        "global_step": 20,
        "log_history": [
            {"epoch": 0.5, "loss": 1.5, "learning_rate": 1e-5, "step": 10},
            {"epoch": 0.5, "eval_loss": 1.25, "eval_runtime": 3.0, "step": 10},
            {"epoch": 1.0, "loss": 1.0, "learning_rate": 1e-6, "step": 20},
            {"epoch": 1.0, "train_loss": 1.25, "train_runtime": 20.0, "step": 20},
        ],
        "max_steps": 20,
        "num_train_epochs": 1,
        "trial_params": None,
    }
    facts = Facts()
    found = read(json.dumps(state, indent=indent) + "\n", facts=facts)
    assert [(record[0], record[4], record[5]) for record in found] == [
        ("train", 10, 0.5),
        ("eval", 10, 0.5),
        ("train", 20, 1.0),
        ("summary", 20, 1.0),
    ]
    assert {record[1] for record in found} == {"trainer_state"}
    assert facts.number("total_steps") == 20


def test_a_model_config_is_no_record() -> None:
    """JSON between the records is configuration."""
    assert read('Model config {\n  "hidden_size": 4096,\n  "loss": 3,\n  "step": 5\n}\n{"hidden_size": 4096, "learning_rate": 0.1}\n') == []


def test_a_line_that_tells_both_is_two_records() -> None:
    """Train and test figures of an epoch in one object."""
    found = read('{"train_loss": 5.48, "test_loss": 5.46, "test_acc1": 1.83, "epoch": 0}\n')
    assert [(record[0], values(record)) for record in found] == [
        ("train", {"train_loss": 5.48, "loss": 5.48}),
        ("eval", {"eval_loss": 5.46, "test_loss": 5.46, "test_acc1": 1.83}),
    ]


def test_numbers_may_be_texts_behind_a_prefix() -> None:
    """Fairseq prints numbers as texts behind a log prefix; its `train` lines are means of an epoch."""
    text = (
        '2020-12-10 12:21:56 | INFO | train_inner | {"epoch": 1, "update": 0.002, "loss": "16.464", "num_updates": "25", "lr": "1.25e-05"}\n'
        '[2022-03-28 18:56:11,469][train][INFO] - {"epoch": 1, "train_loss": "7.577"}\n'
    )
    found = read(text)
    assert [(record[0], record[4]) for record in found] == [("train", 25), ("summary", None)]
    assert values(found[0])["learning_rate"] == 1.25e-05


def test_broken_and_huge_objects_are_left_alone() -> None:
    """Deep nesting and cut objects raise nothing."""
    assert read('{"a": ' * 5000 + "1" + "}" * 5000 + '\n{"step": 1, "loss": \n{"step": 1' + "0" * 5000 + ', "loss": 1.0}\n') != [None]


def test_a_last_line_without_metrics_tells_how_far_the_run_came() -> None:
    """The last line of trainer_log.jsonl counts the steps and nothing else: the run came to its end."""
    reader = Reader("log", facts=Facts())
    reader.feed(b'{"current_steps": 10, "total_steps": 11, "loss": 1.5, "epoch": 0.9}\n', 0)
    assert reader.progress == (10, 11)
    reader.feed(b'{"current_steps": 11, "total_steps": 11, "epoch": 1.0, "percentage": 100.0}\n', 68, final=True)
    assert reader.progress == (11, 11)


def test_a_printed_dict_is_an_object_too() -> None:
    """What Python prints is read as JSON is; what counts stands in it or before it."""
    text = (
        "(Train pid=9) [2026-08-01 10:00:00] utils.py:12 - step 10: {'train/loss': 0.5, 'train/grad_norm': 0.25, 'train/step': 10}\n"
        "08/01/2026 10:00:10 - INFO - __main__ - Step 11: {'lr': 1e-07, 'samples': 384, 'loss/train': 0.375}\n"
        "08/01/2026 10:00:20 - INFO - __main__ - Step 11: {'loss/eval': 0.625, 'perplexity': 1.87}\n"
        "08/01/2026 10:00:30 - INFO - __main__ - epoch 0: {'accuracy': 0.875, 'f1': 0.75}\n"
    )
    found = read(text)
    assert [(record[0], record[4], record[5]) for record in found] == [
        ("train", 10, None),
        ("train", 11, None),
        ("eval", 11, None),
        ("eval", None, 0.0),
    ]
    assert [values(record).get("loss") for record in found] == [0.5, 0.375, None, None]


@pytest.mark.parametrize(
    "text", ["{'loss': 0.0}\n", "Answer: {'loss': 0.5, 'reason': 'none'}\n", "{'step': 3, 'lr_scheduler': {'a': 1}}\n"]
)
def test_a_dict_without_counter_or_loss_is_no_record(text: str) -> None:
    """Generated text and settings may hold dicts."""
    assert read(text) == []


def test_step_and_total_in_one_value() -> None:
    """ms-swift prints `5/100`: the step, and the planned steps."""
    facts = Facts()
    text = "{'loss': 0.5, 'learning_rate': 1e-05, 'epoch': 0.01, 'global_step/max_steps': '5/100', 'elapsed_time': '10s'}\n"
    text += "{'lm loss': 0.375, 'learning_rate': 1e-05, 'elapsed_time': '1m 5s', 'global_step/max_steps': '10/100'}\n"
    text += "{'eval_lm loss': 0.25, 'global_step/max_steps': '10/100'}\n"
    assert [(record[0], record[4]) for record in read(text, facts=facts)] == [("train", 5), ("train", 10), ("eval", 10)]
    assert facts.number("total_steps") == 100


def test_an_object_among_lines_of_no_format_ends_nothing() -> None:
    """A script that prints lines, and a dict at the end of its epochs, is read to its end."""
    text = "epoch 1 step 1 loss=0.5\nepoch 1 {'train_loss': 0.5, 'epoch': 1}\nepoch 2 step 2 loss=0.25\n"
    assert [record[1] for record in read(text)] == ["generic", "json", "generic"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_that_is_a_list_of_entries(indent: int | None) -> None:
    """A history that is written as one list has a train record and an evaluation an epoch, on one line or on many."""
    entries = [{"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch} for epoch in (1, 2, 4)]
    found = read(json.dumps(entries, indent=indent) + "\n")
    assert [(record[0], record[5]) for record in found] == [(kind, epoch) for epoch in (1.0, 2.0, 4.0) for kind in ("train", "eval")]
    assert [values(record)["eval_loss"] for record in found[1::2]] == [2, 1, 0.5]
    assert read(json.dumps([{"image_id": 1, "score": 0.5}], indent=indent) + "\n") == []


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_a_document_that_holds_a_list_of_entries(indent: int | None) -> None:
    """Any list of a document whose entries count is its history, also with objects within the entries; other lists are none."""
    entries = [{"step": step, "loss": 1 / step, "time": {"s": 1} if indent else 1, "val_loss": 2 / step} for step in (1, 2, 4)]
    document = {"model": "small", "sizes": [1, 2], "samples": [{"loss": 1.0}], "runs": [], "history": entries, "last": 4}
    if indent is None:
        del document["samples"]
    found = read(json.dumps(document, indent=indent) + "\n")
    assert [(record[0], record[1], record[4]) for record in found] == [
        (kind, "json", step) for step in (1, 2, 4) for kind in ("train", "eval")
    ]
    assert read(json.dumps(document, indent=indent) + "\n", names=["generic"]) == found


def test_a_list_within_a_record_is_no_history() -> None:
    """A line of metrics is a record with whatever lists it holds, also as the first of a file."""
    line = '{"step": %d, "loss": 0.5, "samples": [{"step": 1, "loss": 7.0}]}\n'
    assert [values(record)["loss"] for record in read(line % 1 + line % 2)] == [0.5, 0.5]


def test_a_file_of_objects_needs_no_counter() -> None:
    """Where the first line is an object with a loss, the others are records too; an object below other lines has to count."""
    lines = '{"train_loss": 2.5, "test_loss": 3.0}\n{"train_loss": 2.0, "test_loss": 2.75}\n'
    assert [(record[0], values(record).get("loss")) for record in read(lines)] == [
        ("train", 2.5),
        ("eval", None),
        ("train", 2.0),
        ("eval", None),
    ]
    assert read("results\n" + lines) == []


@pytest.mark.parametrize(("key", "word"), [("type", "evaluation"), ("split", "test"), ("mode", "val"), ("event", "eval_end")])
def test_an_object_that_says_it_is_an_evaluation(key: str, word: str) -> None:
    """What an object tells of stands in a text as well; other texts say nothing."""
    train, evaluation = {"step": 5, "loss": 0.5, key: "train"}, {"step": 5, "loss": 0.75, key: word}
    found = read(f"{json.dumps(train)}\n{json.dumps(evaluation)}\n{json.dumps({**train, 'note': word})}\n")
    assert [record[0] for record in found] == ["train", "eval", "train"]
    assert values(found[1])["eval_loss"] == 0.75
