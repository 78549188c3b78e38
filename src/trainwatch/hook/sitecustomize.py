"""The save hook of trainwatch: lets a training job be asked for a checkpoint, from outside and without a change to its code.

This file lies in RUN_DIR/hook and is found through PYTHONPATH. It needs the standard library only, runs on Python 3.8 and newer,
and does nothing in processes that do not train. Everything is guarded: a failure of ours switches the hook off on all ranks, and
training goes on as without it.

A framework is served by a file beside this one, tw_hook_<name>.py, which is read when the job imports the framework: Hugging Face's
Trainer, Lightning, Accelerate, DeepSpeed. A plain loop makes three calls, each of them on every rank:

    try:
        import trainwatch_hook
    except ImportError:
        trainwatch_hook = None

    if trainwatch_hook.evaluated(value):        # after an evaluation: True if these weights are to be saved
        save(path); trainwatch_hook.saved(path)
    if trainwatch_hook.poll() == "save":        # at a step boundary: "save", "stop" (please end) or None
        save(path); trainwatch_hook.saved(path)

What the ranks do is decided by rank 0 alone and agreed over a gloo group of our own, so that all save at the same step.
Files are read and written by a thread: a file system that hangs holds up no training step.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUN_DIR = os.path.dirname(HERE)

VERSION = 1
READ_LIMIT = 64 * 1024  # bytes of a control file
RUN_LIMIT = 1024 * 1024  # bytes of run.json, which holds the command line
LOOK_EVERY = 0.2  # seconds between looks for a request
MEET_EVERY = 0.5  # seconds between agreements: each costs a step of the job about a millisecond
BEAT_EVERY = 5.0  # seconds between heartbeats
HOLD_LOOK = 0.1  # seconds between agreements while holding
HOLD = 120.0  # seconds to hold when the request does not say
JOIN_WITHIN = 60  # seconds that ranks on several machines wait for one another at their first step boundary, once
AGREE_WITHIN = 300  # seconds that ranks may be apart at a step boundary
SAVE_WITHIN = 6 * 3600  # seconds that ranks may be apart at the end of a save; a rank that dies is noticed at once
CLOSING = 0.2  # seconds that a rank waits at its end, so that gloo's threads let go of their tensors
SPARE = 64 * 1024 * 1024  # bytes that must be left on a disk after a save
CAPS = ("save", "hold", "standing")  # what the hook can do where the framework tells of evaluations

ASKED, STAY, BEST = 1, 2, 4  # why the ranks are to save: a request; one that wants them to hold afterwards; the standing order
GO_ON, LEAVE, TERMINATED = 1, 2, 3  # how a hold ends
STEPS = 16  # above the words: how many steps until the ranks meet again
FAILED = 1  # at the end of a save: a rank could not
OFF = 1 << 40  # a rank cannot go on with the hook


class Mail:
    """The files of the run directory, read and written by a thread. The newest text of a file wins; what failed is tried again."""

    def __init__(self, names, read):
        import threading

        self.names = names  # files to read, relative to the run directory; may be replaced
        self.read = read  # called in the thread with (name, dict, or None when the file is not there or not valid)
        self.outbox = {}
        self.lock = threading.Lock()
        self.wake = threading.Event()

    def start(self):
        import threading

        threading.Thread(target=self.run, name="trainwatch", daemon=True).start()

    def post(self, name, text, wait=0.0):
        """Have a file written; `wait` bounds, in seconds, how long the caller waits for that."""
        import threading

        done = threading.Event()
        with self.lock:
            self.outbox[name] = (text, done)
        self.wake.set()
        if wait:
            done.wait(wait)

    def run(self):
        while True:
            self.wake.wait(LOOK_EVERY)
            self.wake.clear()
            try:
                for name in list(self.outbox):
                    self.deliver(name)
                for name in self.names:
                    self.read(name, read_json(os.path.join(RUN_DIR, name)))
            except Exception:  # whatever a file holds, the next look must happen
                pass

    def deliver(self, name):
        letter = self.outbox[name]
        try:
            write_json(os.path.join(RUN_DIR, name), letter[0])
        except OSError:
            return
        letter[1].set()
        with self.lock:
            if self.outbox.get(name) is letter:
                del self.outbox[name]


def write_json(path, value):
    import json

    tmp = "%s.%d.tmp" % (path, os.getpid())
    if os.path.lexists(tmp):
        os.unlink(tmp)
    fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump(dict(value, v=VERSION), file)
    os.replace(tmp, path)


def read_json(path, limit=READ_LIMIT):
    """The object in a small regular file of our version, else None."""
    import json
    import stat

    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return None
            data = file.read(limit + 1)
        value = json.loads(data.decode("utf-8")) if len(data) <= limit else None
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("v") == VERSION else None


class Agreement:
    """One word that all ranks share: the greatest that any rank says.

    On one machine over groups of our own, so that no job's traffic is touched; on several over the job's group, which is known to work.
    """

    def __init__(self, torch, several):
        import atexit
        import time
        from datetime import timedelta

        self.torch = torch
        self.dist = torch.distributed
        self.steps = self.saves = None
        self.device = "cpu"
        if several:
            self.device = "cuda" if self.dist.get_backend() == "nccl" else "cpu"
        else:
            self.steps = self.dist.new_group(backend="gloo", timeout=timedelta(seconds=AGREE_WITHIN))
            self.saves = self.dist.new_group(backend="gloo", timeout=timedelta(seconds=SAVE_WITHIN))
        if self.device == "cpu":
            # A thread of gloo that frees a tensor while Python shuts down aborts the rank (pytorch issue 190489): ours is kept, and
            # there is time to free the job's.
            atexit.register(time.sleep, CLOSING)

    def __call__(self, word, long=False):
        self.box = self.torch.tensor([word], dtype=self.torch.int64, device=self.device)
        self.dist.all_reduce(self.box, op=self.dist.ReduceOp.MAX, group=self.saves if long else self.steps)
        return int(self.box)


def alone(word, long=False):
    """The agreement of a single process."""
    return word


def guarded(otherwise):
    """A method of Hook that does nothing when the hook is off, and switches it off when it fails."""

    def decorate(method):
        def call(self, *args, **kwargs):
            if self.state == "off":
                return otherwise
            try:
                return method(self, *args, **kwargs)
            except Exception as error:  # whatever it is, it is ours and must not reach the job
                self.fail(error)
                return otherwise

        return call

    return decorate


class Unsaved(Exception):
    """A save failed on this rank, and no other rank waits for it: training can go on."""


class Hook:
    """What one rank knows. `state`: asleep (not a trainer yet), on, leaving (says so at the next agreement), off."""

    def __init__(self):
        self.state = "asleep"
        self.meeting = False  # inside a collective call: when that fails, there is nobody left to tell
        self.meet = alone
        self.mail = None
        self.rank, self.world, self.kind = 0, 1, "plain"
        self.step, self.phase, self.beaten = None, "train", -BEAT_EVERY
        self.left, self.every, self.met = 1, 1, None  # steps until the next agreement, their usual number, when the last one was
        self.seen = set()
        self.request = None  # rank 0: the request to carry out next
        self.taken = None  # rank 0: the request that the ranks are agreeing on
        self.standing = None  # rank 0: the standing order
        self.values = []  # every evaluation so far
        self.task = None  # the save that is under way
        self.ours = set()  # rank 0: checkpoints that were asked for
        self.costly = False  # rank 0: an asked-for save made the job delete one of its own, so the standing order rests
        self.release = None
        self.leave = False
        self.caps = CAPS
        self.plan = None  # rank 0: what the framework says of a save to come, for `objection`
        self.ending = None  # ends the training on all ranks after a SIGTERM, where the framework's own handler must not run in a hold
        self.last = {}  # rank 0: the last checkpoint of the job or ours: path, bytes, seconds
        self.theirs = None  # a failure of the job's own code, which is the job's affair
        self.told = ""  # rank 0: the objection to a standing order that was told last

    # ---- awake, asleep, off

    def awake(self, kind):
        """Join in, once, on all ranks. False when the hook is off."""
        if self.state == "asleep":
            self.kind = kind
            self.join()
        return self.state != "off"

    def join(self):
        torch = sys.modules.get("torch")
        dist = getattr(torch, "distributed", None)
        together = dist is not None and dist.is_available() and dist.is_initialized()
        self.rank = dist.get_rank() if together else int(os.environ.get("RANK", 0))
        self.world = dist.get_world_size() if together else int(os.environ.get("WORLD_SIZE", 1))
        why = unable(self.world, together)
        self.mail = Mail(("control/request.json", "control/standing.json") if self.rank == 0 and not why else (), self.receive)
        self.mail.start()
        if why:
            self.switch_off(why)
            return
        line_buffered()
        if together and self.world > 1:
            self.meeting = True
            why = missing(dist, self.world) if several(self.world) else ""
            if why:
                self.switch_off(why)
                return
            self.meet = Agreement(torch, several(self.world))
            self.meeting = False
        self.state = "on"
        self.beat("train")

    def fail(self, error):
        reason = "%s: %s" % (type(error).__name__, str(error)[:200])
        if self.meeting or self.state == "asleep" or self.world == 1:
            self.switch_off(reason)
        else:
            self.state = "leaving"
            self.reason = reason

    def switch_off(self, reason):
        """From here on nothing of ours happens. Every caller says why, and the log shows it once per rank."""
        self.state = "off"
        try:
            sys.stderr.write("[trainwatch] the save hook is off on rank %d (%s); training goes on\n" % (self.rank, reason))
            self.acknowledge(self.task or self.taken or self.request or {}, "failed", error=reason)
            self.tell("train", caps=[], off=reason)
        except Exception:
            pass

    def say(self, word, long=False):
        """Meet the other ranks. Returns None when they, or we, cannot go on."""
        self.meeting = True
        word = self.meet(OFF if self.state == "leaving" else word, long)
        self.meeting = False
        if word < OFF:
            return word
        self.switch_off(getattr(self, "reason", "another rank could not go on"))
        return None

    def softly(self, work, *args, **kwargs):
        """A step on the way to a meeting: a failure is told there, because the other ranks are already waiting. Then None."""
        try:
            return work(*args, **kwargs)
        except Exception as error:
            self.fail(error)

    def beat(self, phase):
        """Tell that this rank is there and what it does: at a change of phase, else every five seconds."""
        if self.state != "off":
            self.softly(self.tell, phase)

    def tell(self, phase, **more):
        import time

        now = time.monotonic()
        if phase == self.phase and now - self.beaten < BEAT_EVERY and not more:
            return
        self.phase, self.beaten = phase, now
        text = {"rank": self.rank, "world_size": self.world, "pid": os.getpid(), "ticks": ticks(), "host": os.uname().nodename}
        text.update(kind=self.kind, caps=list(self.caps), step=self.step, phase=phase, at=time.time())
        text.update(more)
        self.mail.post("ranks/rank%d.json" % self.rank, text)

    # ---- what arrives, in the thread of the mail

    def receive(self, name, value):
        if name.endswith("request.json"):
            self.take(value)
        elif name.endswith("standing.json"):
            self.standing = value if value and value.get("direction") in ("min", "max") and of_this_run(value) else None
        elif value and name == "control/release-%s.json" % value.get("id"):
            self.release = str(value.get("op"))

    def take(self, value):
        import re

        request = (value or {}).get("id")
        if not isinstance(request, str) or request in self.seen or not re.match(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}\Z", request):
            return
        self.seen.add(request)
        known = value.get("op") in ("save", "save_stop") and of_this_run(value)
        if known and not os.path.lexists(os.path.join(RUN_DIR, "control/ack-%s.json" % request)):
            self.acknowledge(value, "seen")
            self.request = value

    def acknowledge(self, request, status, wait=0.0, **more):
        """Answer a request; what has no id was not asked for by anyone."""
        import time

        if self.rank == 0 and "id" in request:
            text = dict({"id": request["id"], "status": status, "step": self.step, "at": time.time()}, **more)
            self.mail.post("control/ack-%s.json" % request["id"], text, wait)

    # ---- a save, from the decision to its end

    def decide(self, best=False, now=False):
        """Whether to save at this step: the same on all ranks. They meet about five times a second, or `now`; never during a save."""
        if self.task:
            self.task["best"] = self.task["best"] or best
            return False
        self.left -= 1
        if self.left > 0 and not now:
            return False
        word = self.say((self.softly(self.wish, best) or 0) if self.rank == 0 else 0)
        if word is None:
            return False
        self.left = self.every = word // STEPS
        if word % STEPS:
            self.begin(word % STEPS)
        return self.task is not None

    def wish(self, best):
        """What rank 0 wants of all ranks, and in how many steps they meet again."""
        import time

        now, met = time.monotonic(), self.met
        self.met = now
        pace = (now - met) / max(1, self.every - max(0, self.left)) if met else MEET_EVERY
        steps = max(1, min(int(MEET_EVERY / max(pace, 1e-6)), 2 * self.every, 50))
        self.taken, self.request = self.request, None
        best = best and not self.costly
        why = self.objection(self.taken, best) if self.taken or best else ""
        if why:
            self.refuse(why)
        elif self.taken:
            return steps * STEPS + BEST * best + ASKED + (STAY if self.taken["op"] == "save_stop" else 0)
        return steps * STEPS + BEST * (best and not why)

    def objection(self, request, best):
        """Why a save would hurt the job, in words; empty when nothing speaks against it. What cannot be found out does not."""
        try:
            plan = self.plan(best and not request) if self.plan else {}
        except Exception:
            plan = {}
        if plan.get("why"):
            return plan["why"]
        within, took = (request or {}).get("within_s"), self.last.get("seconds")
        if took is not None and isinstance(within, (int, float)) and took > within:
            return "the last save took %.0f s, and there are %.0f" % (took, within)
        folder = plan.get("folder") or os.path.dirname(self.last.get("path", ""))
        size = self.last.get("bytes") or plan.get("bytes")
        return not_writable(folder) or (no_room(folder, size) if size else "") if folder else ""

    def refuse(self, why):
        request, self.taken = self.taken, None
        self.acknowledge(request or {}, "failed", error=why)
        if not request and why != self.told:
            self.told = why
            self.tell(self.phase, refused=why)

    def begin(self, word):
        import time

        self.task = dict(self.taken or {}, word=word, best=bool(word & BEST), began=time.monotonic())
        self.taken = None
        self.acknowledge(self.task, "saving")
        self.beat("saving")

    def finish(self, path, before=(), error=None):
        """All ranks have saved: answer, and hold if asked to. `error` says why this rank could not."""
        path = None if error else self.softly(lambda: os.path.abspath(os.fspath(path)))
        word = self.say(FAILED if error else 0, long=True)
        if word is None:
            return
        task, self.task = self.task, None
        if word == FAILED:
            self.acknowledge(task, "failed", error=error or "another rank could not save")
        else:
            if self.rank == 0:
                self.softly(self.answer, task, path, [p for p in before if not os.path.lexists(p)])
            if task["word"] & STAY:
                self.hold(task)
        self.met = None
        self.beat("train")

    def answer(self, task, path, rotated):
        """Say what was saved, and which checkpoints the job deleted at that."""
        import time

        self.ours.add(path)
        self.costly = self.costly or any(p not in self.ours for p in rotated)
        seconds = round(time.monotonic() - task["began"], 3)
        self.last = {"path": path, "bytes": size_of(path), "seconds": seconds}
        if task["best"]:
            text = {"step": self.step, "value": self.values[-1][1], "path": path, "rotated": rotated, "at": time.time()}
            self.mail.post("control/best-%s.json" % self.step, text, wait=1.0)
        self.acknowledge(task, "saved", wait=1.0, path=path, seconds=seconds, error=None, rotated=rotated)

    def drop(self, error=None):
        """Forget a save that will not be."""
        task, self.task = self.task, None
        if error:
            self.acknowledge(task, "failed", error=error)

    def hold(self, task):
        """Do not take another step until released, terminated, or the time is over; then training goes on."""
        import time

        self.release = None
        released = "control/release-%s.json" % task.get("id")
        names = self.mail.names
        if self.rank == 0:
            self.mail.names = names + (released,)
        until = time.monotonic() + seconds_of(task.get("hold_s"))
        with Terminated(self.ending is None) as terminated:
            word = 0
            while word == 0:
                self.beat("holding")
                word = {"go_on": GO_ON, "leave": LEAVE}.get(self.release, 0)
                if self.rank == 0 and time.monotonic() > until:
                    word = GO_ON
                word = self.say(TERMINATED if terminated.seen else word)
                if word == 0:
                    time.sleep(HOLD_LOOK)
            if word == TERMINATED and self.ending:
                terminated.stays = True
                self.ending()
        self.mail.names = names
        self.leave = word == LEAVE

    # ---- evaluations

    def best(self, metrics):
        """Whether this evaluation is the best so far by the standing order, as rank 0 sees it."""
        order = self.standing or {}
        name = str(order.get("metric"))
        value = value_of(metrics, name)
        past = [value_of(m, name) for m, _ in self.values]
        self.values.append((metrics, value))
        if not order or value is None:
            return False
        sign = 1 if order["direction"] == "min" else -1
        return all(sign * value < sign * p for p in past if p is not None)

    # ---- the three calls of a plain loop

    @guarded(None)
    def poll(self, step=None):
        self.step = (self.step or 0) + 1 if step is None else self.softly(int, step)
        if not self.awake("plain"):
            return None
        if not self.task:
            self.beat("train")
        if self.leave:
            return "stop"
        return "save" if self.decide() else None

    @guarded(False)
    def evaluated(self, value, step=None):
        self.step = self.step if step is None else self.softly(int, step)
        if not self.awake("plain"):
            return False
        best = self.softly(lambda: self.best({None: float(value)}))
        return self.decide(best=best, now=True)

    @guarded(None)
    def saved(self, path):
        if self.task:
            self.finish(path)
        elif self.rank == 0 and self.state == "on":
            self.last = {"path": os.path.abspath(os.fspath(path)), "bytes": size_of(path)}

    # ---- what the files of the frameworks call

    def mine(self, kind):
        """Whether this framework may act: no other one, which uses it, was there first."""
        return self.state != "off" and (self.state == "asleep" or self.kind == kind)

    @guarded(False)
    def begins(self, kind, step, caps=CAPS, plan=None, ending=None):
        """A training begins, or goes on, on all ranks. True when it can be served."""
        self.step = step
        if self.state == "asleep":
            self.caps, self.plan, self.ending = caps, plan, ending
        return self.awake(kind) and self.kind == kind

    @guarded(False)
    def boundary(self, step):
        """An optimizer step is done: whether all ranks are to save now, at once or as soon as the framework does."""
        self.step = step
        if not self.task:
            self.beat("train")
        return self.decide()

    @guarded(False)
    def evaluation(self, metrics, step):
        """An evaluation is done: whether all ranks are to save these weights. `metrics` returns its values by name."""
        self.step = step
        best = self.softly(lambda: self.best(metrics()))
        save = self.decide(best=best, now=True)
        self.beat("saving" if self.task else "train")
        return save

    def save(self, work):
        """Save at once: `work` does it with the job's own code on all ranks, and returns the path.

        `Unsaved` is told, and training goes on. Any other failure on one of several ranks ends the job as its own save would have
        ended it: the others wait for this rank in the job's code.
        """
        path = error = None
        try:
            path = work()
        except Exception as failure:
            if self.world > 1 and not isinstance(failure, Unsaved):
                self.theirs = failure
                raise
            error = str(failure) if isinstance(failure, Unsaved) else "%s: %s" % (type(failure).__name__, str(failure)[:300])
        self.saved_all(path, error)

    @guarded(None)
    def saved_all(self, path, error):
        self.finish(path, error=error)

    def harmless(self, function):
        """The function, but that a failure of ours in it switches the hook off and does not reach the job."""
        import functools

        @functools.wraps(function)
        def call(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if error is self.theirs:
                    raise
                self.fail(error)

        return call

    Unsaved = Unsaved

    @staticmethod
    def size_of(path):
        return size_of(path)

    @guarded(None)
    def done(self, path, before=()):
        """The framework has saved by itself, which we may have asked for."""
        if self.task:
            self.finish(path, before)
        elif self.rank == 0:
            self.last = {"path": path, "bytes": size_of(path)}

    @guarded(None)
    def busy(self, phase):
        if self.state != "asleep":
            self.beat(phase)


class Terminated:
    """Notices a SIGTERM that the job handles itself, and passes it on. Without such a handler the signal ends the process as always."""

    def __init__(self, passes_on=True):
        self.seen = self.stays = False
        self.passes_on = passes_on
        self.theirs = None

    def __enter__(self):
        import signal

        theirs = signal.getsignal(signal.SIGTERM)
        if callable(theirs):
            try:
                signal.signal(signal.SIGTERM, self.note)
                self.theirs = theirs
            except ValueError:  # not the main thread
                pass
        return self

    def note(self, number, frame):
        self.seen = True
        if self.passes_on:
            self.theirs(number, frame)

    def __exit__(self, *_):
        import signal

        if self.theirs is not None and not self.stays:
            signal.signal(signal.SIGTERM, self.theirs)


def unable(world, together):
    """Why this job cannot be served, or an empty string."""
    if world > 1 and not together:
        return "there are %d ranks and no process group" % world
    return ""


def missing(dist, world):
    """Why ranks on several machines cannot agree, the same on all of them: one has no hook. An empty string when all have one.

    A word over the job's own group would mix with the job's words where a rank does not join in. So each rank is counted in the job's
    store; the first that knows what to do says so there, and all do that.
    """
    import time

    find = getattr(dist.distributed_c10d, "_get_default_store", None)
    store = find() if find else None
    if store is None:
        return ""
    until = time.monotonic() + JOIN_WITHIN
    there = store.add("trainwatch/there", 1)
    while there < world and time.monotonic() < until:
        time.sleep(HOLD_LOOK)
        there = store.add("trainwatch/there", 0)
    word = store.compare_set("trainwatch/verdict", "", "all" if there >= world else "%d of %d ranks have the hook" % (there, world))
    return "" if word == b"all" else word.decode()


def several(world):
    """Whether the ranks are on several machines."""
    local = int(os.environ.get("LOCAL_WORLD_SIZE") or world)
    return local < world or int(os.environ.get("SLURM_NNODES") or 1) > 1


def size_of(path):
    """Bytes of a checkpoint; 0 when it cannot be looked at."""
    total = 0
    try:
        if os.path.isfile(path):
            return os.path.getsize(path)
        for folder, _, names in os.walk(path):
            total += sum(os.path.getsize(os.path.join(folder, name)) for name in names)
    except OSError:
        return 0
    return total


def not_writable(folder):
    """Why nothing can be written in a folder that a save would make; empty when a file can."""
    probe = os.path.join(folder, ".trainwatch.%d.tmp" % os.getpid())
    try:
        os.makedirs(folder, exist_ok=True)
        with open(probe, "wb") as file:
            file.write(b"x")
    except OSError as error:
        return "cannot write in %s: %s" % (folder, (error.strerror or str(error)).lower())
    finally:
        try:
            os.unlink(probe)
        except OSError:
            pass
    return ""


def no_room(folder, size):
    """Why a checkpoint of so many bytes would not fit, by free space and by quota; empty when it would, or nobody knows."""
    need = size + size // 20 + SPARE
    try:
        disk = os.statvfs(folder)
        free = disk.f_bavail * disk.f_frsize
    except OSError:
        return ""
    if free < need:
        return "no room: %.1f GB are free in %s, and a checkpoint takes %.1f GB" % (free / 1e9, folder, need / 1e9)
    return no_quota(folder, need)


def no_quota(folder, need):
    """Why the file system will not give so many bytes: they are set aside in a file without a name, and given back at once."""
    import ctypes
    import errno

    try:
        fd = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except (OSError, AttributeError):
        return ""
    try:
        if ctypes.CDLL(None, use_errno=True).fallocate(fd, 0, ctypes.c_longlong(0), ctypes.c_longlong(need)) == 0:
            return ""
        problem = ctypes.get_errno()
    except (OSError, AttributeError):
        return ""
    finally:
        os.close(fd)
    full = problem in (errno.EDQUOT, errno.ENOSPC, errno.EFBIG)
    return "no room: %s for %.1f GB in %s" % (os.strerror(problem).lower(), need / 1e9, folder) if full else ""


def of_this_run(value):
    run = read_json(os.path.join(RUN_DIR, "run.json"), RUN_LIMIT)
    return run is None or "run" not in value or value["run"] == run.get("run")


def seconds_of(value):
    ok = isinstance(value, (int, float)) and 0 <= value < 1e9
    return float(value) if ok else HOLD


def value_of(metrics, name):
    """The named metric of an evaluation, under one of the names that frameworks give it. None: absent or not finite.

    A plain loop's only value has no name.
    """
    bare = name[len("eval_") :] if name.startswith("eval_") else name
    names = [name] + [p + bare for p in ("eval_", "val_", "valid_", "validation_", "eval/", "val/", "valid/", "validation/")]
    value = next((metrics[n] for n in names + [None] if n in metrics), None)
    return float(value) if isinstance(value, (int, float)) and abs(value) < float("inf") else None


def ticks():
    """The start time of this process, which tells it from a later one with the same pid."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return int(file.read().rsplit(b")", 1)[1].split()[19])
    except OSError:
        return None


def line_buffered():
    """Whole lines in one write: ranks share one file, and half lines would mix. Also shows a line when it is printed."""
    try:
        sys.stdout.reconfigure(line_buffering=True, write_through=False)
    except (AttributeError, ValueError, OSError):
        pass


# ---- getting in: frameworks

SERVED = {
    "transformers.trainer": "hf",
    "lightning.pytorch.trainer.trainer": "lightning",
    "pytorch_lightning.trainer.trainer": "lightning",
    "accelerate.accelerator": "accelerate",
    "deepspeed.runtime.engine": "deepspeed",
}


def serve(module, name):
    """Have the file for a framework do what it does. A framework that it does not know its way in is left as it is."""
    from importlib.util import module_from_spec, spec_from_file_location

    try:
        spec = spec_from_file_location("tw_hook_" + name, os.path.join(HERE, "tw_hook_%s.py" % name))
        part = module_from_spec(spec)
        spec.loader.exec_module(part)
        part.serve(module, HOOK)
    except Exception as error:
        reason = "%s: %s" % (type(error).__name__, str(error)[:200])
        sys.stderr.write("[trainwatch] the save hook cannot serve %s (%s); training goes on\n" % (module.__name__, reason))


class Finder:
    """Finds nothing itself; has a module that we serve seen to right after it was imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in SERVED:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not Finder and hasattr(finder, "find_spec") else None
            if spec is not None:
                Finder.serve(spec)
                return spec
        return None

    @staticmethod
    def serve(spec):
        execute = getattr(spec.loader, "exec_module", None)

        def exec_module(module):
            execute(module)
            serve(module, SERVED[spec.name])

        try:
            spec.loader.exec_module = exec_module
        except AttributeError:  # a loader we cannot add to: this module stays as it is
            pass


# ---- getting in: this file is imported at the start of every Python process below the launcher


def start():
    from types import ModuleType

    plain = ModuleType("trainwatch_hook", __doc__)
    plain.evaluated, plain.poll, plain.saved = HOOK.evaluated, HOOK.poll, HOOK.saved
    sys.modules["trainwatch_hook"] = plain
    sys.meta_path.insert(0, Finder)
    if "RANK" in os.environ:
        line_buffered()


def chain():
    """Run the sitecustomize that would have been found without us."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", [p for p in sys.path if os.path.abspath(p or ".") != HERE])
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


HOOK = Hook()
if __name__ == "sitecustomize":
    try:
        start()
    except Exception as error:
        HOOK.fail(error)
    chain()
