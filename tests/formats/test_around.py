from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from tests.formats.reading import read

LOGS: dict[str, list[str]] = {
    "hf": [f"{{'loss': {3 - i / 10:.4f}, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': {i / 4}}}" for i in range(1, 25)],
    "megatron": [
        f" iteration {i:8d}/     500 | consumed samples: {i * 256:12d} | elapsed time per iteration (ms): 1234.5 | learning rate: 3.0E-04 | "
        f"global batch size:   256 | lm loss: {9 - i / 10:.6E} | loss scale: 1.0 | grad norm: 1.125 |"
        for i in range(1, 25)
    ],
    "nanogpt": [f"iter {i}: loss {4 - i / 10:.4f}, time 120.50ms, mfu 30.25%" for i in range(1, 25)],
    "generic": [f"step: {i}, loss: {4 - i / 10:.4f}, lr: 1.0e-04" for i in range(1, 25)],
}

Around = Callable[[Sequence[str]], str | bytes]


def before(prefix: str) -> Around:
    """A text before every line; `{}` is its number."""
    return lambda lines: "".join(f"{prefix.format(f'{i:02}')}{line}\n" for i, line in enumerate(lines))


AROUND: dict[str, Around] = {
    "torchrun --tee": before("[default0]:"),
    "a rank": before("[rank3]: "),
    "srun --label": before(" 3: "),
    "mpirun": before("[1,0]<stdout>:"),
    "pdsh": before("gpu-07.cluster.local: "),
    "compose": before("trainer-1  | "),
    "ray": before("(TaskRunner pid=123) "),
    "ray in colour": before("\x1b[36m(main_task pid=12, ip=10.1.2.3)\x1b[0m "),
    "kubernetes": before("2024-05-01T12:00:{}.123456789Z stdout F "),
    "a time": before("[2024-05-01 12:00:{}] "),
    "logging": before("2024-05-01 12:00:{},123 - INFO - __main__ - "),
    "transformers": before("[INFO|trainer.py:2000] 2024-05-01 12:00:{},123 >> "),
    "absl": before("I0501 12:00:{}.123456 140 train.py:99] "),
    "a level": before("INFO:root:"),
    "all of it": before("node1: [default0]:2024-05-01 12:00:{},123 INFO "),
    "an erased line": before("\x1b[2K\r"),
    "indented": before("\t  "),
    "colours": lambda lines: "".join(f"\x1b[1;32m{line}\x1b[0m\n" for line in lines),
    "coloured words": lambda lines: "".join(" ".join(f"\x1b[34m{word}\x1b[0m" for word in line.split(" ")) + "\n" for line in lines),
    "a title": lambda lines: "".join(f"\x1b]0;title\x07{line}\n" for line in lines),
    "windows": lambda lines: "\r\n".join(lines) + "\r\n",
    "utf-16": lambda lines: ("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-16-le"),
    "utf-16 the other way": lambda lines: ("\ufeff" + "\n".join(lines) + "\n").encode("utf-16-be"),
    "a mark of utf-8": lambda lines: ("\ufeff" + "\n".join(lines) + "\n").encode(),
    "no utf-8": lambda lines: b"".join(line.encode() + b"\n\xff\xfa\x80 words \xc3\n" for line in lines),
    "a line of megabytes": lambda lines: "\n".join([*lines[:12], "lorem ipsum " * (1 << 17), *lines[12:]]) + "\n",
    "a hole": lambda lines: "\n".join(lines[:12]) + "\n" + "\0" * 70_000 + "\n".join(lines[12:]) + "\n",
    "no last newline": "\n".join,
    "every rank": lambda lines: "".join(f"[rank{rank}]: {line}\n" for line in lines for rank in range(4)),
    "ranks apart": lambda lines: "".join(
        f"[default{rank}]:{lines[i - rank]}\n" for i in range(len(lines) + 3) for rank in range(4) if 0 <= i - rank < len(lines)
    ),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("log", LOGS)
def test_what_stands_around_records_changes_none_of_them(log: str, around: str) -> None:
    """Kind, format, step, epoch and values are those of the plain log, whatever a launcher, a logger or a terminal has put around it."""
    data = AROUND[around](LOGS[log])
    told = [(record[:2], record[4:]) for record in read(data)]
    assert told == [(record[:2], record[4:]) for record in read("\n".join(LOGS[log]) + "\n")]
    assert len(told) == len(LOGS[log])
