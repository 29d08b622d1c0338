"""Joint training of one size on all folds: independent networks, one optimizer, one sum of losses.

Each network belongs to one fold, one seed and one setting (learning rate, dropout, weight decay). Which of them train
is decided by `cellsize.training.halving`. No network sees another one's windows or gradients.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, assert_never

import pytorch_lightning as pl
import torch
from torch import Tensor

from cellsize.data.forecast import Forecast
from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold
from cellsize.models.stacked import forward, groups
from cellsize.sizing.sizes import Shape, Size
from cellsize.training import halving
from cellsize.training.early_stopping import PIECES
from cellsize.training.flat_parameters import FlatParameters, flatten
from cellsize.training.records import Setting, Work
from cellsize.training.state import NetworkState, derive


class JointTraining(pl.LightningModule):
    """The networks of one size, trained side by side."""

    def __init__(
        self,
        work: Work,
        size: Size,
        fitted: Mapping[int, FittedFold],
        shape: Shape,
        settings: list[Setting],
        epochs: int | None = None,
    ) -> None:
        super().__init__()
        self.work, self.size, self.fitted, self.task = work, size, fitted, Forecast.of(shape)
        # A refit ends earlier on the same schedule, since the epochs it is given were counted on that.
        epochs = work.training.epochs if epochs is None else epochs
        self.plan = halving.Plan(work.training.rungs, epochs, work.training.patience)
        self.states = [
            NetworkState(fold, seed, setting, halving.first_status(seed, len(settings)))
            for fold in fitted
            for seed in range(work.training.seeds)
            for setting in (settings if seed == 0 else settings[:1])
        ]
        # In the order in which they began: the optimizer's groups are rebuilt in it after an interruption.
        self.start_order = self.active()
        networks: list[Net] = []
        for state in self.states:
            torch.manual_seed(derive(work.seed, size, state.fold, state.seed))
            networks.append(Net(size, work.network, shape))
        self.networks = torch.nn.ModuleList(networks)
        # Each network's gradient is clipped by its own norm, and one network may fail without the others: Lightning's
        # own optimization knows one loss and one norm of all parameters together.
        self.automatic_optimization = False
        self.flat: FlatParameters = flatten(networks)
        self._errors: Tensor | None = None
        for state, average in zip(self.states, self.flat.averages, strict=True):
            state.best_score = state.kept_score = fitted[state.fold].start
            state.kept = average.clone()

    def network(self, index: int) -> Net:
        """One network."""
        network = self.networks[index]
        assert isinstance(network, Net)
        return network

    def active(self) -> list[int]:
        """Indices of the networks in training."""
        return [index for index, state in enumerate(self.states) if state.status == "active"]

    # --- optimizer ----------------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One AdamW with a group for all networks that are trained alike; they are on their device by now."""
        self.flat = flatten([self.network(index) for index in range(len(self.states))], self.flat.averages)
        # An optimizer must have a group to begin with; this one stays empty.
        optimizer = torch.optim.AdamW([{"params": []}], foreach=True)
        for index in self.start_order:
            self._add_to_optimizer(optimizer, index)
        return optimizer

    def _add_to_optimizer(self, optimizer: torch.optim.Optimizer, index: int) -> None:
        """Puts a network into the group of its learning rate, weight decay and first epoch."""
        state, vector = self.states[index], self.flat.vectors[index]
        key = (state.setting.learning_rate, state.setting.weight_decay, state.first_epoch)
        for group in optimizer.param_groups:
            if group.get("key") == key:
                group["params"].append(vector)
                return
        optimizer.add_param_group({"params": [vector], "lr": key[0], "weight_decay": key[1], "key": key})

    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        return optimizer

    def _learning_rate_left(self, epoch: int) -> float:
        """The fraction of the learning rate that is left in an epoch (from 0)."""
        training = self.work.training
        match training.schedule:
            case "constant":
                return 1.0
            case "linear":
                return max(0, training.epochs - epoch) / training.epochs
            case _:
                assert_never(training.schedule)

    # --- a step -------------------------------------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        """Sets the learning rates, and each network's own generator of dropout.

        Neither depends on anything but the epoch: a resumed training does the same. Lightning's schedulers know one
        epoch for all groups, and here every group has begun in its own.
        """
        for group in self._optimizer().param_groups[1:]:
            learning_rate, _, first_epoch = group["key"]
            group["lr"] = learning_rate * self._learning_rate_left(self.current_epoch - first_epoch)
        for index in self.active():
            network, state = self.network(index), self.states[index]
            network.dropout, state.loss_sum, state.loss_count = state.setting.dropout, 0.0, 0
            seed = derive(self.work.seed, self.size, state.fold, state.seed, state.epoch + 1)
            network.generator = torch.Generator(self.device).manual_seed(seed)

    def training_step(self, batch: dict[tuple[int, int], tuple[Tensor, ...]], _: int) -> None:
        """One step of every network; each one's gradient comes from its own loss alone.

        Args:
            batch: For each fold and seed the tensors of `loaders.load_batch`.
        """
        training, keys = self.work.training, [(state.fold, state.seed) for state in self.states]
        indices = [index for index in self.active() if keys[index] in batch]
        windows = [len(batch[keys[index]][0]) for index in indices]
        self.flat.gradients.zero_()
        for together in groups([self.network(index) for index in indices], indices, windows, training.engine):
            # A group's gradients follow its forward pass at once, while its memory is still in the cache.
            networks = [self.network(index) for index in together]
            steps, known_future, target, scale = zip(*(batch[keys[index]] for index in together), strict=True)
            parameters = self.flat.values[together].requires_grad_()
            forecasts = forward(networks, steps, known_future, parameters, training.engine)
            losses = self.task.loss(forecasts, torch.stack(target), torch.stack(scale), self.work.metric)
            self.manual_backward(losses.sum())
            assert parameters.grad is not None
            self.flat.gradients[together] = parameters.grad
            self._add_losses(together, losses.detach().tolist())
        stepped = [index for index in indices if self.states[index].status == "active"]
        self.flat.clip_gradients(stepped, training.max_gradient_norm)
        self.flat.set_gradients(stepped)
        self._optimizer().step()
        self._update_averages(stepped)

    def _add_losses(self, indices: list[int], losses: list[float]) -> None:
        """Adds up this epoch's losses; a network whose loss is not a number has failed and is trained no more."""
        for index, loss in zip(indices, losses, strict=True):
            state = self.states[index]
            state.loss_sum, state.loss_count = state.loss_sum + loss, state.loss_count + 1
            if not isfinite(loss):
                state.status = "failed"
                self.flat.gradients[index] = 0.0

    def _update_averages(self, indices: list[int]) -> None:
        """Updates the moving average of each network's weights.

        By hand: Lightning's averaging of weights counts the steps of the whole training, and here networks begin late.
        """
        # Short memory at first, so that the start is forgotten: the usual correction of a moving average.
        steps = [self.states[index].steps for index in indices]
        decays = [min(self.work.training.ema_decay, (1 + count) / (10 + count)) for count in steps]
        self.flat.update_averages(indices, decays)
        for index in indices:
            self.states[index].steps += 1

    # --- validation ---------------------------------------------------------------------------------------------------

    def on_validation_epoch_start(self) -> None:
        """Puts the averaged weights in place."""
        self.flat.swap_averages(self.active())
        # One tensor for all sums: a small one for each piece, kept between large ones that come and go, would leave
        # the heap in holes, and memory would grow with the number of pieces.
        self._errors = torch.zeros(len(self.states), PIECES, dtype=torch.float64, device=self.device)

    def validation_step(self, batch: tuple[int, int, tuple[Tensor, ...]], _: int) -> None:
        """Adds up the errors on some windows of a piece of one fold's early-stopping set.

        Args:
            batch: Fold, piece and the tensors of `loaders.load_batch`.
        """
        fold, piece, (steps, known_future, target, scale) = batch
        assert self._errors is not None
        engine, metric = self.work.training.engine, self.work.metric
        indices = [index for index in self.active() if self.states[index].fold == fold]
        for together in groups([self.network(index) for index in indices], indices, engine=engine):
            networks, count = [self.network(index) for index in together], len(together)
            forecasts = forward(networks, [steps] * count, [known_future] * count, engine=engine)
            for index, of_network in zip(together, forecasts, strict=True):
                self._errors[index, piece] += self.task.error_sum(of_network, target, scale, metric)

    def on_validation_epoch_end(self) -> None:
        """Puts the trained weights back."""
        self.flat.swap_averages(self.active())

    # --- after an epoch -----------------------------------------------------------------------------------------------

    def on_train_epoch_end(self) -> None:
        """Notes the scores, and does what successive halving decides."""
        # A refit has no early-stopping set: it is trained to its last epoch and keeps that one.
        sums = None if self._errors is None else self._errors.tolist()
        for index in self.active():
            state = self.states[index]
            state.end_epoch(None if sums is None else sums[index], self.fitted[state.fold], self.task)
            if state.kept_epoch == state.epoch:
                state.kept = self.flat.averages[index].clone()
        decision = halving.decide([state.progress for state in self.states], self.plan)
        for state, status in zip(self.states, decision.statuses, strict=True):
            state.status = status
        for index, winner in decision.begins:
            state = self.states[index]
            state.setting, state.first_epoch = self.states[winner].setting, self.current_epoch + 1
            self._add_to_optimizer(self._optimizer(), index)
            self.start_order.append(index)
        if not self.active():
            # Lightning's EarlyStopping watches one metric, and here every network ends by itself.
            self.trainer.should_stop = True

    # --- interruptions ------------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds where each network stands; plain values and tensors, so that no pickle is needed to load."""
        checkpoint["start_order"] = list(self.start_order)
        checkpoint["averages"] = self.flat.averages
        checkpoint["states"] = [
            {**vars(state), "setting": tuple(vars(state.setting).values())} for state in self.states
        ]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Resumes from what `on_save_checkpoint` added; Lightning restores weights and optimizer."""
        self.start_order = list(checkpoint["start_order"])
        self.flat.averages.copy_(checkpoint["averages"])
        self.states = [
            NetworkState(**{**state, "setting": Setting(*state["setting"])}) for state in checkpoint["states"]
        ]
