"""Lightning: a callback in every Trainer, which saves with `trainer.save_checkpoint` as ModelCheckpoint does."""

import os


def serve(module, hook):
    class TrainwatchCallback(module.Callback):
        """Acts only while fitting."""

        serving = False

        @hook.harmless
        def on_train_start(self, trainer, *_):
            self.step = trainer.global_step
            self.serving = hook.begins(
                "lightning", trainer.global_step, plan=lambda standing: plan(trainer), ending=lambda: terminated(trainer)
            )

        def on_train_end(self, *_):
            self.serving = False

        @hook.harmless
        def on_train_batch_end(self, trainer, *_):
            if self.serving and trainer.global_step != self.step:
                self.step = trainer.global_step
                if hook.boundary(self.step):
                    save(trainer, hook)
                trainer.should_stop = trainer.should_stop or hook.leave

        def on_validation_batch_end(self, *_):
            if self.serving:
                hook.busy("eval")

        @hook.harmless
        def on_validation_end(self, trainer, *_):
            if self.serving and not trainer.sanity_checking and hook.evaluation(lambda: values(trainer), trainer.global_step):
                save(trainer, hook)

    connector = module._CallbackConnector
    theirs = connector.on_trainer_init

    def on_trainer_init(self, *args, **kwargs):
        theirs(self, *args, **kwargs)  # of Lightning
        self.trainer.callbacks.insert(0, TrainwatchCallback())

    connector.on_trainer_init = on_trainer_init


def terminated(trainer):
    """What Lightning's handler of SIGTERM notes. The handler itself broadcasts, once per signal: ranks that get one each never meet."""
    trainer._signal_connector.received_sigterm = True


def save(trainer, hook):
    """Save on all ranks. Where the first rank alone writes, its failure must not keep the others waiting: it is told afterwards."""
    writer, failures = trainer.strategy.checkpoint_io, []
    theirs = writer.save_checkpoint

    def careful(*args, **kwargs):
        try:
            theirs(*args, **kwargs)
        except Exception as error:
            failures.append(error)

    def work():
        path = free_name(trainer)
        writer.save_checkpoint = careful
        try:
            trainer.save_checkpoint(path)
        finally:
            del writer.save_checkpoint
        if failures:
            raise hook.Unsaved("%s: %s: %s" % (path, type(failures[0]).__name__, failures[0]))
        return path

    hook.save(work)


def folder(trainer):
    """Where the Trainer's own checkpoints go."""
    for callback in trainer.checkpoint_callbacks:
        if getattr(callback, "dirpath", None):
            return os.path.abspath(callback.dirpath)
    return os.path.abspath(os.path.join(trainer.default_root_dir, "checkpoints"))


def free_name(trainer):
    """A name as Lightning gives it, the same on all ranks; another save of this step keeps its own."""
    name = os.path.join(folder(trainer), "epoch=%d-step=%d" % (trainer.current_epoch, trainer.global_step))
    taken = os.path.lexists(name + ".ckpt")
    return trainer.strategy.broadcast(name + ("-v1.ckpt" if taken else ".ckpt"))


def plan(trainer):
    """What is known of a save to come: three numbers for every one that is trained, one for the others."""
    sizes = [(p.numel() * p.element_size(), p.requires_grad) for p in trainer.lightning_module.parameters()]
    return {"folder": folder(trainer), "bytes": sum(size * (3 if train else 1) for size, train in sizes)}


def values(trainer):
    """The metrics of an evaluation as numbers."""
    return {name: float(value) for name, value in trainer.callback_metrics.items() if getattr(value, "numel", lambda: 1)() == 1}
