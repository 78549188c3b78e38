"""A plain loop in one process, without torch: trains for a number of steps, saves when asked to. Prints what happened, one line each.

0 steps: until the file `end` is there. At the step WAITS_AT it waits for the file `go`.
"""

import os
import pathlib
import signal
import sys
import time

from trainwatch_hook import evaluated, poll, saved

OUT = pathlib.Path(os.environ["OUT"])
STEPS, PACE = int(sys.argv[1]), float(sys.argv[2])
END, GO = pathlib.Path("end"), pathlib.Path("go")
WAITS_AT = int(os.environ.get("WAITS_AT", "0"))
VALUES = [float(v) for v in os.environ.get("VALUES", "").split(",") if v]
SAVE_SECONDS = float(os.environ.get("SAVE_SECONDS", "0"))
"""How long a save seems to take: by so much the clock jumps."""

stop = []
late = []
clock = time.monotonic
time.monotonic = lambda: clock() + sum(late)

if os.environ.get("HANDLES_TERM"):
    signal.signal(signal.SIGTERM, lambda *_: stop.append("term"))
if os.environ.get("ENDS_BY_WORD"):
    poll.__self__.ending = lambda: stop.append("word")


def save(step):
    path = OUT / f"ckpt_{step}.pt"
    path.write_text("weights")
    late.append(SAVE_SECONDS)
    print(f"saved {step}", flush=True)
    saved(path)


step = 0
while step < STEPS if STEPS else not END.exists():
    step += 1
    time.sleep(PACE)
    if step == WAITS_AT:
        print("waits", flush=True)
        while not GO.exists():
            time.sleep(PACE)
    if step % 10 == 0 and VALUES:
        value = VALUES.pop(0)
        if evaluated(value, step):
            save(step)
    word = poll(step)
    if word == "save":
        save(step)
    if word == "stop" or stop:
        print(f"stopped {step} {stop}", flush=True)
        break
print("done", flush=True)
