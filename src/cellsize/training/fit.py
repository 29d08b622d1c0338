"""Runs Lightning's Trainer on a joint training, and saves its state so that it can be resumed."""

import pickle
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytorch_lightning as pl
import torch
from torch import Tensor

from cellsize import files
from cellsize.models.network import Net
from cellsize.process import one_thread, quiet
from cellsize.training.joint import JointTraining
from cellsize.training.loaders import EarlyStoppingBatches, TrainingBatches
from cellsize.training.ranks import Ranks

SAVE_SECONDS = 20.0
SAVED = {"states", "averages", "start_order", "state_dict"}
# What torch raises over a file that is empty, cut off, or full of zeros.
DAMAGED = (pickle.UnpicklingError, EOFError, RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError)


def fit(
    joint: JointTraining,
    checkpoint: Path | None = None,
    on_check: Callable[[int], None] | None = None,
    accelerator: str = "cpu",
) -> None:
    """Trains until no network is active.

    Args:
        joint: The networks of one size.
        checkpoint: Where to save the state between checks; resumes from it if it is there. Of several processes only
            the first one's counts. One that cannot be read is removed, and the training begins anew.
        on_check: Called with the number of checks done after each; with 0 if a damaged checkpoint was removed.
        accelerator: Lightning's name of the device: cpu or gpu.
    """
    # Its notes on devices, and tips, at each of hundreds of trainings.
    quiet("pytorch_lightning", "lightning_fabric", "pytorch_lightning.utilities.rank_zero")
    resumed, ranks = checkpoint if checkpoint is not None and checkpoint.is_file() else None, joint.ranks
    if ranks.agree(resumed is not None and not is_whole(resumed)):
        if resumed is not None and ranks.rank == 0:
            resumed.unlink()
        resumed = None
        if on_check is not None:
            on_check(0)
    has_early_stopping = any(fitted.fold.early_stopping.size for fitted in joint.fitted.values())
    with one_thread(), warnings.catch_warnings(), TemporaryDirectory(prefix="cellsize-") as folder:
        # Lightning advises more workers for the loaders and a logger: both are left out on purpose.
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            accelerator=accelerator,
            precision=joint.work.precision,
            # Several trainings share a machine, one core each: none may take all devices. Who starts several processes
            # gives each of them its own.
            devices=1 if ranks.strategy is None else "auto",
            strategy="auto" if ranks.strategy is None else ranks.strategy,
            plugins=list(ranks.plugins),
            # The training ends with its networks.
            max_epochs=-1,
            # Lightning's loggers write a folder, and know one loss; curves are among the results.
            logger=False,
            # On, or the callback below would be refused: it takes the place of `ModelCheckpoint`, which saves every
            # epoch, into a folder of its own.
            enable_checkpointing=True,
            # Trials run in processes without a terminal; the search prints a line for each size.
            enable_progress_bar=False,
            # It lists one network's layers, and here are dozens of equal ones.
            enable_model_summary=False,
            # Two batches of validation before the training would be scored, as an epoch that nobody trained.
            num_sanity_val_steps=0,
            # Which folds are read changes as they end.
            reload_dataloaders_every_n_epochs=1,
            callbacks=[_StateSaver(checkpoint, on_check, ranks)],
        )
        validation = EarlyStoppingBatches(joint) if has_early_stopping else None
        resumed = ranks.first_file(resumed, Path(folder))
        # The state holds tensors and plain values alone: no pickle is loaded from a folder that others can write to.
        trainer.fit(joint, TrainingBatches(joint), validation, ckpt_path=resumed, weights_only=True)


def is_whole(checkpoint: Path) -> bool:
    """Whether a saved state can be read: a power cut may leave a file that is empty, cut off, or full of zeros."""
    try:
        return set(torch.load(checkpoint, "cpu", weights_only=True)) >= SAVED
    except DAMAGED:
        return False


def kept_networks(joint: JointTraining) -> list[Net]:
    """Every network with the weights that were kept, on the CPU and in evaluation mode."""
    return _with_weights(joint, [state.kept for state in joint.states])


def last_networks(joint: JointTraining) -> list[Net]:
    """Every network as it was after its last step, likewise."""
    return _with_weights(joint, [state.last for state in joint.states])


def _with_weights(joint: JointTraining, weights: list[Tensor]) -> list[Net]:
    networks = []
    for index, (state, vector) in enumerate(zip(joint.states, weights, strict=True)):
        network = Net(joint.size, joint.work.network, joint.shape, joint.network(index).architecture)
        network.dropout = state.setting.dropout
        torch.nn.utils.vector_to_parameters(vector.to("cpu").clone(), network.parameters())
        networks.append(network.eval())
    return networks


class _StateSaver(pl.callbacks.Checkpoint):
    """Saves the state every so often, whole or not at all, and reports each epoch.

    By time and not by epoch: an epoch of a small size takes less time than writing its state.
    """

    def __init__(self, path: Path | None, on_check: Callable[[int], None] | None, ranks: Ranks) -> None:
        self.path, self.on_check, self.ranks, self.saved = path, on_check, ranks, time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        is_due = self.path is not None and time.monotonic() - self.saved >= SAVE_SECONDS
        if self.ranks.agree(is_due):
            if self.ranks.rank == 0 and self.path is not None:
                files.write(self.path, trainer.save_checkpoint)
            else:  # writes nothing, but Lightning waits for all processes
                trainer.save_checkpoint("")
            self.saved = time.monotonic()
        if self.on_check is not None:
            self.on_check(trainer.current_epoch + 1)
