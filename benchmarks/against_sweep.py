"""The sweep everyone writes, against this project with its defaults, on grids of sizes cut at several bounds.

The sweep is what Ray Tune's and Lightning's documentation show: one trial for each size, learning rate and fold, a
plain LSTM in a LightningModule, a DataLoader over materialised windows, early stopping on the validation set with the
project's steps and patience, everything on the grid; then the setting with the lowest mean loss is trained on all that
comes before the holdout, and scored there. It has one repetition, no MLflow, and no linear skip connection. The project
climbs the same grid with its own params.yaml (its seeds, learning rates, rungs; MLflow), chooses, refits and scores.
Boosted trees, which have no size, stand beside both.
Each side runs whole in a fresh process, imports and data stages included.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import ray
import torch
from ray import tune
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import data
from benchmarks.machine import machine
from cellsize import files
from cellsize.data.batches import cell_steps, gather
from cellsize.data.scaling import fit_scaling
from cellsize.data.windows import Ints
from cellsize.params import Training
from cellsize.sizing.sizes import Size

TIMED_STEPS = 10


def sweep(name: str, bound: int, folder: Path, workers: int, smoke: bool, reuse_actors: bool) -> dict[str, Any]:
    """The other side: every size, learning rate and fold as a trial of its own."""
    example, training = data.loaded_for(name, smoke)
    sizes = [(size.layers, size.units) for size in data.cut(example, bound, smoke) if size.has_memory]
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    tuner = tune.Tuner(
        tune.with_resources(tune.with_parameters(_trial, example=example, training=training), {"cpu": 1}),
        param_space={
            "size": tune.grid_search(sizes),
            "learning_rate": tune.grid_search(list(training.learning_rates)),
            "fold": tune.grid_search(list(range(len(example.folds.labels)))),
        },
        tune_config=tune.TuneConfig(metric="best", mode="min", reuse_actors=reuse_actors),
        run_config=tune.RunConfig(name="sweep", storage_path=str(folder), verbose=0, callbacks=[_progress()]),
    )
    results = tuner.fit()
    trials = [(results[index].config, results[index].metrics or {}) for index in range(len(results))]
    table = pd.DataFrame(
        [{**(config or {}), "best": metrics["best"], "epoch": metrics["best_epoch"]} for config, metrics in trials]
    )
    mean = table.groupby(["size", "learning_rate"]).agg({"best": "mean", "epoch": "median", "fold": "count"})
    if (mean["fold"] != len(example.folds.labels)).any():
        raise SystemExit("a trial of the sweep failed: its figures would mean nothing")
    pick: Any = mean["best"].idxmin()
    (layers, units), rate = pick
    epochs = int(mean["epoch"].to_dict()[pick])
    module, holdout = refit({"size": (layers, units), "learning_rate": rate}, example, training, epochs)
    return {
        "size": str(Size(layers, units)),
        "learning_rate": rate,
        "epochs": epochs,
        "parameters": sum(weight.numel() for weight in module.parameters()),
        "recurrent": sum(weight.numel() for weight in module.lstm.parameters()),
        "holdout": holdout,
        "validation": float(mean["best"].min()),
        "sizes": len(sizes),
        "trainings": len(trials),
        "core_seconds": sum(metrics["time_total_s"] for _, metrics in trials),
    }


def estimated(name: str, bound: int, known: dict[str, Any], smoke: bool) -> dict[str, Any]:
    """What a larger sweep would take, where nobody waits for it: from a step's time, size by size.

    Args:
        name: The example.
        bound: Of the larger sweep's grid.
        known: A line of `sweep.json`, measured whole. As many steps a training are assumed as it had.
        smoke: Whether to try the code on little data.
    """
    example, training = data.loaded_for(name, smoke)

    class Clock(pl.Callback):
        def __init__(self) -> None:
            self.times: list[float] = []

        def on_train_batch_end(self, trainer: Any, *of_batch: Any) -> None:
            self.times.append(time.perf_counter())
            trainer.should_stop = len(self.times) > TIMED_STEPS

    def step(size: Size) -> float:
        clock, fold = Clock(), example.folds.fold(0)
        config = {"size": (size.layers, size.units), "learning_rate": training.learning_rates[0]}
        _fit(config, example, training, fold.train, np.empty(0, np.int64), 1, [clock])
        seconds = float(np.median(np.diff(clock.times)))
        data.say(f"{size}: {seconds:.4f} s a step")
        return seconds

    seconds = {size: step(size) for size in data.cut(example, bound, smoke) if size.has_memory}
    small = sum(seconds[size] for size in data.cut(example, known["bound"], smoke) if size.has_memory)
    core_seconds = known["sweep"]["core_seconds"] * sum(seconds.values()) / small
    return {
        "bound": bound,
        "from_bound": known["bound"],
        "core_seconds": core_seconds,
        "step_seconds": {str(size): value for size, value in seconds.items()},
    }


def refit(config: dict[str, Any], example: data.Data, training: Training, epochs: int) -> tuple[Any, float]:
    """Trains a pick on all that comes before the holdout; the network, and its normalised MSE there."""
    development, holdout = np.flatnonzero(example.folds.development), np.flatnonzero(example.folds.holdout)
    module = _fit(config, example, training, development, np.empty(0, np.int64), epochs, [])
    return module, _nmse(module, example, development, holdout)


def _trial(config: dict[str, Any], example: data.Data, training: Training) -> None:
    """One size, learning rate and fold: what the documentation's example does."""

    class Report(pl.Callback):
        best, epoch = float("inf"), 0

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            loss = float(trainer.callback_metrics["val_loss"])
            if loss < self.best:
                self.best, self.epoch = loss, trainer.current_epoch + 1
            tune.report({"val_loss": loss, "best": self.best, "best_epoch": self.epoch})

    fold = example.folds.fold(config["fold"])
    # It looks at the validation set after every epoch, as such sweeps do: the project's steps as whole epochs.
    each_epoch = max(1, len(fold.train) // training.batch_size)
    epochs, patience = (math.ceil(steps / each_epoch) for steps in (training.steps, training.patience))
    early_stopping = pl.callbacks.EarlyStopping("val_loss", patience=patience)
    _fit(config, example, training, fold.train, fold.validation, epochs, [Report(), early_stopping])


def _fit(
    config: dict[str, Any], example: data.Data, training: Training, train: Ints, validation: Ints, epochs: int,
    callbacks: list[Any],
) -> Any:  # fmt: skip
    """Trains one network of the sweep; `fold` in its config is its seed too."""

    class Plain(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            layers, units = config["size"]
            self.lstm = torch.nn.LSTM(example.windows.n_inputs, units, layers, batch_first=True)
            self.head = torch.nn.Linear(units, example.windows.n_outputs)

        def forward(self, steps: torch.Tensor) -> torch.Tensor:
            forecasts: torch.Tensor = self.head(self.lstm(steps)[0][:, -1])
            return forecasts

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            return torch.nn.functional.mse_loss(self(batch[0]), batch[1])

        def validation_step(self, batch: Any, _: int) -> None:
            self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), config["learning_rate"])

    def windows_of(chosen: Ints) -> TensorDataset:
        batch = gather(example.windows, fit_scaling(example.windows, train), chosen)
        return TensorDataset(
            torch.from_numpy(cell_steps(example.windows, batch.steps).copy()), torch.from_numpy(batch.target).flatten(1)
        )

    pl.seed_everything(config.get("fold", 0), verbose=False)
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=epochs, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, gradient_clip_val=training.max_gradient_norm,
        callbacks=callbacks,
    )  # fmt: skip
    batches = DataLoader(windows_of(train), training.batch_size, shuffle=True, drop_last=True)
    module = Plain()
    trainer.fit(module, batches, DataLoader(windows_of(validation), 1024) if validation.size else None)
    return module.eval()


def _nmse(module: Any, example: data.Data, train: Ints, chosen: Ints) -> float:
    """Mean squared error divided by the variance of the training rows, as the project's."""
    batch = gather(example.windows, fit_scaling(example.windows, train), chosen)
    with torch.no_grad():
        forecasts = module(torch.from_numpy(cell_steps(example.windows, batch.steps).copy())).numpy()
    return float(np.square(forecasts - batch.target.reshape(forecasts.shape), dtype=np.float64).mean())


def _progress() -> Any:
    class Progress(tune.Callback):
        done = 0

        def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            self.done += 1
            if self.done % 15 == 0:
                data.say(f"sweep: {self.done} trials done")

    return Progress()


def main() -> None:
    """Runs both sides at each bound and writes `sweep.json` after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounds", type=int, nargs="+", default=[4, 128])
    parser.add_argument("--reuse-actors", action="store_true", help="a kinder sweep: trials share processes")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--estimate", type=int, metavar="MEASURED", help="from the sweep of this bound: core seconds")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--name", default="bay-area-traffic", choices=list(data.PLACES))
    given = parser.parse_args()
    if given.side:  # run as a script, so that Ray sends the trial's function along and a trial imports what it needs
        with tempfile.TemporaryDirectory() as folder:
            options = (given.name, given.bounds[0], Path(folder), 2, given.smoke, given.reuse_actors)
            print(json.dumps(sweep(*options)))
        return
    path = data.result("sweep", given.smoke)
    before = files.read_json(path) if path.is_file() else []
    if given.estimate is not None:
        torch.set_num_threads(1)  # as in a trial of one core
        of_plain = {"bound": given.estimate, "data": given.name, "reuse_actors": False}
        known = next((line for line in before if {key: line[key] for key in of_plain} == of_plain), None)
        if known is None:
            raise SystemExit(f"{path}: no sweep up to {given.estimate} units; run --bounds {given.estimate} first")
        content = {"machine": machine(), **estimated(given.name, max(given.bounds), known, given.smoke)}
        data.show([{key: content[key] for key in ("bound", "from_bound", "core_seconds")}])
        data.write("sweep_estimate", content, given.smoke)
        return
    smoke, kind = ["--smoke"] * given.smoke, ["--reuse-actors"] * given.reuse_actors
    lines: list[dict[str, Any]] = before
    for bound in given.bounds[:1] if given.smoke else given.bounds:
        what = {"bound": bound, "data": given.name, "reuse_actors": given.reuse_actors}
        # What was measured earlier stays: a sweep takes long.
        lines = [line for line in lines if {key: line.get(key) for key in what} != what]
        of_machine = data.fresh("benchmarks.machine")[0]
        ours, seconds = data.fresh("benchmarks.sizing", given.name, "--bound", bound, *smoke)
        theirs, their_seconds = data.fresh(
            "benchmarks.against_sweep", "--side", "--name", given.name, "--bounds", bound, *smoke, *kind
        )
        trees, trees_seconds = data.fresh("benchmarks.boosted", given.name, *smoke)
        line = {
            **what,
            "speedup": their_seconds / seconds,
            "holdout_ratio": ours["holdout"] / theirs["holdout"],
            "parameter_ratio": ours["parameters"] / theirs["parameters"],
            "recurrent_ratio": ours["recurrent"] / theirs["recurrent"],
        }
        lines.append(
            {
                **line,
                "machine": of_machine,
                "ours": {"seconds": seconds, **ours},
                "sweep": {"seconds": their_seconds, **theirs},
                "boosted_trees": {"seconds": trees_seconds, **trees},
            }
        )
        data.show([line])
        columns = ("seconds", "size", "parameters", "recurrent", "holdout", "sizes", "trainings", "core_seconds")
        sides = ("ours", "sweep", "boosted_trees")
        data.show([{"": side, **{key: lines[-1][side].get(key) for key in columns}} for side in sides])
        lines.sort(key=lambda measured: (measured["data"], measured["reuse_actors"], measured["bound"]))
        data.write("sweep", lines, given.smoke)


if __name__ == "__main__":
    main()
