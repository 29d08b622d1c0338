"""What a user would pick instead: NeuralForecast's AutoLSTM, compared with the project and its baselines.

AutoLSTM runs in its own environment (`benchmarks/auto_lstm_requirements.txt`, .cache/auto-lstm), with Ray Tune, its
default scaler, the learning rate and batch of NeuralForecast's LSTM (AutoLSTM would draw them at random, and not try
every size), a decoder of 16, the same lookback, horizon, calendar and covariates, once with each of two losses: the
absolute error, its default, and the squared one, which the project trains with. It tries ten sizes on one validation
stretch before the holdout and is given one core a trial, which is kinder than its default of all cores for one. Its
holdout errors are taken on exactly the windows of the project's holdout. Both sides run whole in fresh processes, the
project without DVC, report and registration; the project cross-validates every size it tries. Boosted trees on the same
inputs, `benchmarks.boosted`, are the third column.
"""

import argparse
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# The project's modules and neuralforecast live in two environments: each is imported where it is there.
PYTHON = Path(__file__).parents[1] / ".cache/auto-lstm/bin/python"
STEPS = {"bay-area-traffic": 1500, "new-york-weather": 600}
SIZES = [(layers, units) for layers in (1, 2) for units in (4, 8, 16, 32, 64)]
DECODER = 16
LOSSES = ("mae", "mse")


def prepare(name: str, folder: Path, steps: int | None, calendar_only: bool, smoke: bool) -> None:
    """Writes what AutoLSTM is given: the clean series with gaps filled and masked, and how to train."""
    from benchmarks import data

    example = data.load(name, 2000 if smoke else None)
    windows = example.windows
    if windows.n_targets != 1 or windows.transform != "none":
        raise SystemExit("AutoLSTM is given one target, untransformed")
    past, known_future = example.schema.past_columns[1:], example.schema.known_future_columns
    columns = ["y", *past, *known_future]
    table = pd.DataFrame((windows.inputs + windows.offset).astype(np.float32), columns=columns)
    table.insert(0, "unique_id", np.array(windows.names)[windows.series])
    table.insert(1, "ds", windows.moment(windows.step))
    table["available_mask"] = np.isfinite(windows.target[:, 0]).astype(np.float32)
    table[columns] = table.groupby("unique_id")[columns].ffill()
    table = table.fillna(0.0)
    rows = table.groupby("unique_id")["ds"]
    # The holdout begins where its first window does; AutoLSTM may learn from every row before that.
    begins = windows.moment(windows.start[example.folds.holdout]).min()
    table.to_parquet(folder / "series.parquet")
    described = {
        "horizon": windows.horizon,
        "lookback": windows.cell_lookback,
        "frequency": example.schema.frequency,
        "past": [] if calendar_only else list(past),
        "known_future": list(known_future),
        "test": int(rows.agg(lambda times: (times >= begins).sum()).max()),
        "validation": int(
            rows.agg(lambda times: (times < begins).sum()).min() * example.params.split.early_stopping.fraction
        ),
        "steps": 2 if smoke else steps or STEPS[name],
        "sizes": SIZES[:2] if smoke else SIZES,
    }
    (folder / "work.json").write_text(json.dumps(described), encoding="utf-8")


def auto_lstm(folder: Path, loss: str) -> dict[str, Any]:
    """The other side, in its own environment: tunes, trains the pick again, forecasts every holdout window."""
    import ray
    import torch
    from neuralforecast import NeuralForecast
    from neuralforecast.auto import AutoLSTM
    from neuralforecast.common._base_auto import RayOptions
    from neuralforecast.losses.pytorch import MAE, MSE
    from ray import tune

    for name in ("pytorch_lightning", "lightning_fabric", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    work = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    cores = len(os.sched_getaffinity(0))
    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    search = {
        "input_size": work["lookback"],
        "encoder_n_layers": tune.grid_search(sorted({layers for layers, _ in work["sizes"]})),
        "encoder_hidden_size": tune.grid_search(sorted({units for _, units in work["sizes"]})),
        "decoder_hidden_size": DECODER,
        "futr_exog_list": work["known_future"],
        "hist_exog_list": work["past"],
        "max_steps": work["steps"],
        "val_check_steps": min(100, work["steps"]),
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "logger": False,
    }
    options = RayOptions(cpus=1, run_config=tune.RunConfig(storage_path=str(folder / "ray"), verbose=0))
    model = AutoLSTM(
        work["horizon"], loss={"mae": MAE, "mse": MSE}[loss](), config=search, num_samples=1, ray_options=options
    )
    forecaster = NeuralForecast([model], freq=work["frequency"])
    forecasts = forecaster.cross_validation(
        pd.read_parquet(folder / "series.parquet"), n_windows=None, val_size=work["validation"], test_size=work["test"]
    )
    forecasts[["unique_id", "ds", "cutoff", "AutoLSTM"]].to_parquet(folder / "forecasts.parquet")
    picked = forecaster.models[0]
    weights = picked.model.hist_encoder.parameters()
    return {
        "size": f"{picked.model.encoder_n_layers}x{picked.model.encoder_hidden_size}",
        "parameters": sum(weight.numel() for weight in picked.model.parameters()),
        "recurrent": sum(weight.numel() for weight in weights),
        "sizes": len(picked.results),
        "failed": picked.results.num_errors,
        "steps": work["steps"],
        "torch": torch.__version__,
    }


def errors(name: str, folder: Path, smoke: bool) -> dict[str, float]:
    """Holdout errors of AutoLSTM's forecasts, on the project's windows and in its units."""
    from benchmarks import data
    from cellsize.data.batches import truth
    from cellsize.data.scaling import fit_scaling

    example = data.load(name, 2000 if smoke else None)
    windows, holdout = example.windows, np.flatnonzero(example.folds.holdout)
    scaling = fit_scaling(windows, np.flatnonzero(example.folds.development))
    table = pd.read_parquet(folder / "forecasts.parquet").sort_values(["unique_id", "cutoff", "ds"])
    forecasts = table["AutoLSTM"].to_numpy(np.float64).reshape(-1, windows.horizon)
    keys = pd.MultiIndex.from_frame(table.iloc[:: windows.horizon][["unique_id", "cutoff"]])
    origin = windows.first[holdout] + windows.lookback - 1
    wanted = pd.MultiIndex.from_arrays(
        [np.array(windows.names)[windows.series[origin]], windows.moment(windows.step[origin])]
    )
    at = keys.get_indexer(wanted)
    if (at < 0).any():
        raise SystemExit(f"{(at < 0).sum()} of {len(at)} holdout windows have no forecast by AutoLSTM")
    scaled = (forecasts[at] - scaling.mean[0]) / scaling.std[0]
    difference = scaled - truth(windows, scaling, holdout)[:, :, 0].astype(np.float64)
    return {
        "holdout": float(np.square(difference).mean()),
        "mae": float(np.abs(difference).mean() * scaling.std[0]),
        "windows": len(holdout),
    }


def compare(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Both sides on one example."""
    from benchmarks import data
    from cellsize.sizing.evaluation_records import Evaluation

    smoke = ["--smoke"] * given.smoke
    path = data.PLACES[name] / "reports/evaluation.json"
    reported = Evaluation.read(path).model.nmse if path.is_file() else None
    ours, seconds = data.fresh("benchmarks.sizing", name, *smoke)
    trees, trees_seconds = data.fresh("benchmarks.boosted", name, *smoke)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(name, folder, given.steps, given.calendar_only, given.smoke)
        auto = {}
        for loss in given.losses:
            arguments = ("--folder", folder, "--losses", loss)
            theirs, their_seconds = data.fresh("benchmarks.against_auto_lstm", *arguments, python=PYTHON)
            auto[loss] = {"seconds": their_seconds, **theirs, **errors(name, folder, given.smoke)}
    # Compared with whichever of its losses has the lower squared error on the holdout: the kinder comparison.
    loss, theirs = min(auto.items(), key=lambda item: item[1]["holdout"])
    content = {
        "loss": loss,
        "time_ratio": seconds / theirs["seconds"],
        "holdout_ratio": ours["holdout"] / theirs["holdout"],
        "mae_ratio": ours["mae"] / min(figures["mae"] for figures in auto.values()),
        "parameter_ratio": ours["parameters"] / theirs["parameters"],
        "recurrent_ratio": ours["recurrent"] / theirs["recurrent"],
        "ours": {"seconds": seconds, **ours},
        "auto_lstm": auto,
        "boosted_trees": {"seconds": trees_seconds, **trees},
        "same_as_the_report": None if reported is None else reported == ours["holdout"],
    }
    columns = ("seconds", "size", "parameters", "recurrent", "linear", "holdout", "mae")
    sides = {"ours": content["ours"], **{f"auto_lstm, {loss}": figures for loss, figures in auto.items()}}
    sides["boosted_trees alone"] = content["boosted_trees"]
    rows = [{"": side, **{key: figures.get(key) for key in columns}} for side, figures in sides.items()]
    rows += [{"": baseline, **figures} for baseline, figures in ours["baselines"].items()]
    print(f"\n{name}")
    data.show(rows)
    if content["same_as_the_report"] is False:
        print("(not the figures of the example's reports/evaluation.json: that is of other code or other arithmetic)")
    return content


def main() -> None:
    """Runs both sides on each example and writes `auto_lstm.json` after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--losses", nargs="+", default=list(LOSSES), choices=LOSSES)
    parser.add_argument("--steps", type=int, help="optimizer steps of each size; default by example")
    parser.add_argument("--calendar-only", action="store_true", help="give AutoLSTM no covariates but the calendar")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        print(json.dumps(auto_lstm(given.folder, given.losses[0])))
        return
    from benchmarks import data
    from cellsize import files

    if not PYTHON.is_file():
        raise SystemExit("no .cache/auto-lstm: run make bench-auto-lstm, which installs it")
    path = data.result("auto_lstm", given.smoke)
    content: dict[str, Any] = files.read_json(path) if path.is_file() else {}
    for name in given.only:
        other = [f"{given.steps} steps"] * bool(given.steps) + ["calendar only"] * given.calendar_only
        content[", ".join([name, *other])] = {"machine": data.fresh("benchmarks.machine")[0], **compare(name, given)}
        data.write("auto_lstm", content, given.smoke)


if __name__ == "__main__":
    main()
