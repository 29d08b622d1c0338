"""Joint training of one size on all folds: independent networks, one optimizer, one sum of losses.

Each network belongs to one fold, one seed and one setting (learning rate, dropout, weight decay, skip connection,
head). Which of them train is decided by `cellsize.training.halving`. No network sees another one's windows or
gradients. An epoch of Lightning's is a fixed number of optimizer steps here, however many windows there are: after it
come the early-stopping sets.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor

from cellsize.models.network import Net
from cellsize.models.prediction import FittedFold, given
from cellsize.models.stacked import forward, groups
from cellsize.sizing.sizes import Shape, Size
from cellsize.training import halving
from cellsize.training.flat_parameters import FlatParameters, count, flatten
from cellsize.training.ranks import ALONE, Ranks
from cellsize.training.records import Setting, Work
from cellsize.training.state import NetworkState, beyond, derive, progress


class Tensors(NamedTuple):
    """Some samples of one fold.

    Attributes:
        steps: What the cells see, shape (n, steps, n_cell_inputs).
        known_future: Known-future covariates, shape (n, horizon, n_known_future).
        linear_inputs: What the linear model reads, shape (n, n_linear).
        target: Shape (n, horizon, n_targets).
        linear: What the linear model says of it, of the same shape; zeros without one.
        scale: What errors are multiplied by in a score, to be broadcast over the target.
        lengths: Steps of each sample, shape (n,); None where all have the same.
    """

    steps: Tensor
    known_future: Tensor
    linear_inputs: Tensor
    target: Tensor
    linear: Tensor
    scale: Tensor
    lengths: Tensor | None


Key = tuple[int, int, int]  # of a batch: fold, seed, checks before it


class JointTraining(pl.LightningModule):
    """The networks of one size, trained side by side."""

    def __init__(
        self,
        work: Work,
        size: Size,
        fitted: Mapping[int, FittedFold],
        shape: Shape,
        states: list[NetworkState],
        plan: halving.Plan | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        super().__init__()
        self.work, self.size, self.fitted, self.shape, self.ranks = work, size, fitted, shape, ranks
        self.task, self.plan = work.task, plan or _plan(work)
        self.states = states
        # In the order in which they began: the optimizer's groups are rebuilt in it after an interruption.
        self.start_order = self.active()
        self.networks = torch.nn.ModuleList(self._new_network(state) for state in self.states)
        # Each network's gradient is clipped by its own norm, and one network may fail without the others: Lightning's
        # own optimization knows one loss and one norm of all parameters together.
        self.automatic_optimization = False
        self.columns = max(count(self._all()[index]) for index in range(len(self.states)))
        self.flat: FlatParameters = flatten(self._all(), self.columns)
        # Of each fold: targets observed in what is watched, and the fraction observed of those learnt from.
        self._values = {fold: int(self.task.observed(of.watched).sum()) for fold, of in fitted.items()}
        self._there = {
            fold: float(self.task.observed(of.fold.train).mean()) / self.task.scored for fold, of in fitted.items()
        }
        self._errors: Tensor | None = None
        for index in range(len(self.states)):
            self._begin_state(index)

    def _new_network(self, state: NetworkState) -> Net:
        torch.manual_seed(derive(self.work.seed, self.size, state.fold, state.seed))
        return Net(self.size, self.work.network, self.shape, state.setting.architecture)

    def _begin_state(self, index: int) -> None:
        """What is kept is what there is before any training."""
        state = self.states[index]
        state.kept_score = state.start = self.fitted[state.fold].start(state.setting.skip)
        state.kept = self.flat.averages[index].clone()
        state.last = state.kept

    def _all(self) -> list[Net]:
        return [self.network(index) for index in range(len(self.networks))]

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
        self.flat = flatten(self._all(), self.columns, self.flat.averages)
        # An optimizer must have a group to begin with; this one stays empty.
        optimizer = torch.optim.AdamW([{"params": []}], foreach=True)
        for index in self.start_order:
            self._add_to_optimizer(optimizer, index)
        return optimizer

    def _add_to_optimizer(self, optimizer: torch.optim.Optimizer, index: int) -> None:
        """Puts a network into the group of its learning rate, weight decay and first check."""
        state, vector = self.states[index], self.flat.vectors[index]
        key = (state.setting.learning_rate, state.setting.weight_decay, state.first_check)
        for group in optimizer.param_groups:
            if group.get("key") == key:
                group["params"].append(vector)
                return
        optimizer.add_param_group({"params": [vector], "lr": key[0], "weight_decay": key[1], "key": key})

    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        return optimizer

    # --- a step -------------------------------------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        """Sets each network's own generator of dropout; it depends on nothing but how far the network is."""
        for index in self.active():
            network, state = self.network(index), self.states[index]
            network.dropout, state.loss_sum, state.loss_count = state.setting.dropout, 0.0, 0
            # Of several processes each draws its own: their windows are others.
            mine = [self.ranks.rank] if self.ranks.rank else []
            seed = derive(self.work.seed, self.size, state.fold, state.seed, len(state.curve) + 1, *mine)
            network.generator = torch.Generator(self.device).manual_seed(seed)

    def training_step(self, batch: dict[Key, Tensors], _: int) -> None:
        """One step of every network; each one's gradient comes from its own loss alone.

        Args:
            batch: The tensors of `loaders.load_batch` for each fold, seed and number of checks of which this process
                has windows.
        """
        training, indices = self.work.training, self.active()
        keys = {index: self.states[index].key for index in indices}
        here = [index for index in indices if keys[index] in batch]
        windows = [len(batch[keys[index]].steps) for index in here]
        has_lengths = any(tensors.lengths is not None for tensors in batch.values())
        self.flat.gradients.zero_()
        losses = self.flat.gradients.new_zeros(len(self.states))
        for together in groups([self.network(index) for index in here], here, windows, training.engine, has_lengths):
            # A group's gradients follow its forward pass at once, while its memory is still in the cache.
            batches = [batch[keys[index]] for index in together]
            parameters = self.flat.values[together].requires_grad_()
            forecasts = self._forward(together, batches, parameters)
            target = torch.stack([tensors.target for tensors in batches])
            scale = torch.stack([tensors.scale for tensors in batches])
            divisors = self._divisors(together, len(batches[0].steps))
            of_group = self.task.loss(forecasts, target, scale, self.work.metric, divisors)
            self.manual_backward(of_group.sum())
            assert parameters.grad is not None
            self.flat.gradients[together] = parameters.grad
            losses[together] = of_group.detach()
        self._add_losses(indices, self._totals(indices, losses))
        stepped = [index for index in indices if self.states[index].status == "active"]
        self.flat.clip_gradients(stepped, training.max_gradient_norm)
        self.flat.set_gradients(stepped)
        self._optimizer().step()
        self._update_averages(stepped)

    def _divisors(self, indices: list[int], windows: int) -> Tensor | None:
        """What each network's loss on some windows is divided by, so that the shares add up to that of a whole batch.

        It is the fraction of targets observed in its training set, and larger the smaller this process's share is; None
        where all are 1.
        """
        batch_size = self.work.training.batch_size
        folds = [self.states[index].fold for index in indices]
        parts = [windows / min(batch_size, len(self.fitted[fold].fold.train)) for fold in folds]
        divisors = [self._there[fold] / part for fold, part in zip(folds, parts, strict=True)]
        return None if set(divisors) == {1.0} else torch.tensor(divisors, dtype=torch.float32, device=self.device)

    def _totals(self, indices: list[int], losses: Tensor) -> list[float]:
        """Adds up what all processes found, gradients in place, and returns the losses: one exchange for a step."""
        if self.ranks.size > 1:
            sums = self.ranks.total(torch.cat([self.flat.gradients[indices], losses[indices].unsqueeze(1)], dim=1))
            self.flat.gradients[indices], losses[indices] = sums[:, :-1], sums[:, -1]
        found: list[float] = losses[indices].tolist()
        return found

    def _forward(self, indices: list[int], batches: list[Tensors], parameters: Tensor | None = None) -> Tensor:
        """Forecasts of some networks, each on its batch, with the ridge-linear model's where it is added."""
        networks = [self.network(index) for index in indices]
        steps, known_future, linear_inputs, _, linear, _, lengths = zip(*batches, strict=True)
        forecasts = forward(
            networks, steps, known_future, linear_inputs, parameters, self.work.training.engine, given(lengths)
        )
        added = [values * (net.architecture.skip != "none") for net, values in zip(networks, linear, strict=True)]
        return forecasts + torch.stack(added)

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
        self._errors = torch.zeros(len(self.states), dtype=torch.float64, device=self.device)

    def validation_step(self, batch: tuple[int, Tensors], _: int) -> None:
        """Adds up the errors on some windows of one fold's early-stopping set.

        Args:
            batch: Fold, and the tensors of `loaders.load_batch`.
        """
        fold, tensors = batch
        assert self._errors is not None
        indices = [index for index in self.active() if self.states[index].fold == fold]
        engine, has_lengths = self.work.training.engine, tensors.lengths is not None
        networks = [self.network(index) for index in indices]
        for together in groups(networks, indices, engine=engine, has_lengths=has_lengths):
            forecasts = self._forward(together, [tensors] * len(together))
            for index, of_network in zip(together, forecasts, strict=True):
                self._errors[index] += self.task.error_sum(of_network, tensors.target, tensors.scale, self.work.metric)

    def on_validation_epoch_end(self) -> None:
        """Puts the trained weights back, and adds up what all processes found."""
        self.flat.swap_averages(self.active())
        assert self._errors is not None
        self.ranks.total(self._errors)

    # --- after a check ------------------------------------------------------------------------------------------------

    def on_train_epoch_end(self) -> None:
        """Notes the scores, and does what the race decides."""
        # A refit has no early-stopping set: it is trained to its last step and keeps that one.
        sums = None if self._errors is None else self._errors.tolist()
        trained = self.active()
        for index in trained:
            state = self.states[index]
            if state.end_check(None if sums is None else sums[index], self._values[state.fold], self.task):
                state.kept = self.flat.averages[index].clone()
        decision = halving.decide(progress(self.states), self.plan)
        for state, status in zip(self.states, decision.statuses, strict=True):
            state.status = status
        for index in trained:
            if self.states[index].status == "done":
                self.states[index].last = self.flat.averages[index].clone()
        for index, winner in decision.begins:
            self._begin(index, self.states[winner])
        if not self.active():
            # Lightning's EarlyStopping watches one metric, and here every network ends by itself.
            self.trainer.should_stop = True

    def _begin(self, index: int, winner: NetworkState) -> None:
        """Begins a waiting network with a winner's setting, a spare with the next learning rate."""
        state = self.states[index]
        state.setting = winner.setting
        if state.is_spare:
            rates = [
                other.setting.learning_rate
                for other in self.states
                if (other.fold, other.seed, other.family) == (state.fold, 0, state.family)
                and (not other.is_spare or other.status != "waiting")
            ]
            state.setting = beyond(winner.setting, rates)
        state.first_check = self.current_epoch + 1
        network = self._new_network(state)
        self.flat.put(index, network)
        self.networks[index] = network
        self._begin_state(index)
        self._add_to_optimizer(self._optimizer(), index)
        self.start_order.append(index)

    # --- interruptions ------------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds where each network stands; plain values and tensors, so that no pickle is needed to load."""
        checkpoint["start_order"] = list(self.start_order)
        checkpoint["averages"] = self.flat.averages
        checkpoint["states"] = [
            {**vars(state), "setting": tuple(vars(state.setting).values())} for state in self.states
        ]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Resumes from what `on_save_checkpoint` added; Lightning restores weights and optimizer afterwards."""
        self.start_order = list(checkpoint["start_order"])
        self.states = [
            NetworkState(**{**state, "setting": Setting(*state["setting"])}) for state in checkpoint["states"]
        ]
        # Weights are restored into networks of the same architectures.
        for index, state in enumerate(self.states):
            self.networks[index] = self._new_network(state)
        self.flat = flatten(self._all(), self.columns, checkpoint["averages"])


def _plan(work: Work) -> halving.Plan:
    """The plan of a search, in checks."""
    training = work.training
    return halving.Plan(
        rungs=tuple(rung // training.check_every for rung in training.rungs),
        checks=training.steps // training.check_every,
        most=training.maximum_steps // training.check_every,
        patience=training.patience // training.check_every,
    )
