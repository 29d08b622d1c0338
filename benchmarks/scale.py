"""Time and memory against the number of rows: the data stages up to ten million, the whole way up to one million.

Synthetic series of one target by the minute, with the calendar, at two lookbacks. Each stage is run as `dvc repro`
runs it, in its own process, and `cellsize init` in one before them; memory is that of the largest process. `over_base`
is how many times the base arrays (the bytes of windows.npz) a stage needs beyond what it needs for the smallest table,
which is the constant: libraries, above all. The search trains few steps of a small grid on five folds, as many
whatever the rows, its two workers included; so does the refit.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import data
from benchmarks.machine import machine
from benchmarks.processes import watched
from cellsize import params_file

SMALLEST = 5_000
ROWS, WHOLE_WAY = (100_000, 1_000_000, 10_000_000), 1_000_000  # beyond, data stages alone
LOOKBACKS = (24, 96)
INIT = ("raw.parquet", "--target", "value", "--frequency", "min", "--horizon", "24", "--yes")
STAGES = {
    "prepare": ("build/series.parquet", "build/schema.json"),
    "window": ("build/series.parquet", "build/schema.json", "build/windows.npz", "build/searched_windows.npz"),
    "split": (
        "build/searched_windows.npz", "build/windows.npz", "build/searched_folds.parquet", "build/folds.parquet",
    ),
    "inspect": (
        "build/series.parquet", "build/schema.json", "build/folds.parquet", "reports/inspection.json",
    ),
    "propose": ("build/searched_windows.npz", "build/searched_folds.parquet", "build/candidates.json"),
    "search": (
        "build/searched_windows.npz", "build/searched_folds.parquet", "build/candidates.json", "build/trials.csv",
        "build/curves.csv", "build/timings.csv", "build/residuals.npz",
    ),
    "baseline": (
        "build/searched_windows.npz", "build/searched_folds.parquet", "build/baselines.json",
        "build/baseline_timings.csv",
    ),
    "choose": (
        "build/trials.csv", "build/timings.csv", "build/candidates.json", "reports/choice.json", "build/recipe.json",
    ),
    "refit": (
        "build/windows.npz", "build/folds.parquet", "build/schema.json", "build/candidates.json", "build/recipe.json",
        "build/residuals.npz", "build/twins", "build/model",
    ),
    "evaluate": (
        "build/windows.npz", "build/folds.parquet", "build/recipe.json", "build/twins", "build/baselines.json",
        "reports/evaluation.json", "build/forecasts.parquet",
    ),
    "register": (
        "build/series.parquet", "build/searched_windows.npz", "build/searched_folds.parquet", "build/windows.npz",
        "build/folds.parquet", "reports/choice.json", "reports/evaluation.json", "build/twins", "build/model",
        "reports/registration.json",
    ),
    "report": ("build", "reports"),
}  # fmt: skip
OF_DATA = ("prepare", "window", "split", "inspect", "propose")
MEGABYTE = 1e6


def make(rows: int, path: Path) -> None:
    """Writes a table of daily and weekly cycles with noise."""
    minutes = np.arange(rows)
    value = np.sin(2 * np.pi * minutes / 1440) + 0.5 * np.sin(2 * np.pi * minutes / 10080)
    value += np.random.default_rng(0).normal(0, 0.3, rows)
    time = pd.date_range("2001-01-01", periods=rows, freq="min")
    pd.DataFrame({"time": time, "value": value}).to_parquet(path, index=False)


def settings(lookback: int, steps: int) -> dict[str, Any]:
    """The default params.yaml for such a table, with a small grid."""
    content: dict[str, Any] = json.loads(params_file.load(data.ROOT / "params.yaml").model_dump_json(by_alias=True))
    changes: dict[str, dict[str, Any]] = {
        "mlflow": {"uri": "sqlite:///mlflow.db", "experiment": "scale"},
        "prepare": {
            "table": "raw.parquet", "time": "time", "series": None, "targets": ["value"], "frequency": "min",
            "past_covariates": [], "categorical_covariates": [], "known_future_covariates": [],
            "calendar": ["hour", "weekday"], "linear_calendar": [], "holidays": None, "timezone": None,
        },
        "window": {
            "lookback": lookback, "linear_lookback": None, "horizon": 24, "transform": "none", "normalise": "none",
        },
        "split": {"scheme": "contiguous", "folds": 5},
        "propose": {"layers": 1, "bound": "neurons", "alpha": [1e9, 1e9], "mlp_units": []},
        "baseline": {"seasons": [24], "classical": "none"},
        "search": {"procedure": "grid"},
    }  # fmt: skip
    for section, values in changes.items():
        content[section] |= values
    content["propose"]["network"] |= {"skip": ["joint"], "head": ["plain"]}
    content["search"]["compute"]["trials"] = 2
    content["search"]["training"] |= {
        "learning_rates": [0.01], "dropouts": [0.0], "check_every": steps // 2, "rungs": [], "seeds": 1, "steps": steps,
        "maximum_steps": steps, "patience": 2 * steps, "batch_size": 1024,
    }  # fmt: skip
    return content


def measure(rows: int, lookbacks: tuple[int, ...], whole_way: bool, steps: int) -> list[dict[str, Any]]:
    """Time and memory of every stage on one table, and of `cellsize init` where the whole way is gone."""
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        python = [sys.executable, "-m"]
        # In a process of its own: what making the table needs is not the stages' memory.
        watched([*python, "benchmarks.scale", "--make", str(rows), str(folder / "raw.parquet")], data.ROOT)
        commands = {stage: (f"pipeline.{stage}", *paths) for stage, paths in STAGES.items()}
        for position, lookback in enumerate(lookbacks):
            (folder / "params.yaml").write_text(json.dumps(settings(lookback, steps)), encoding="utf-8")
            init = ("cellsize", "init", *INIT, "--lookback", str(lookback), "--into", f"project-{lookback}")
            for stage, command in ({"init": init} | commands).items():
                if (stage == "prepare" and position) or (stage not in OF_DATA and not whole_way):
                    continue
                took = watched([*python, *command], folder)
                base = folder / "build/windows.npz"
                line = {
                    "rows": rows,
                    "lookback": lookback,
                    "stage": stage,
                    "seconds": took.seconds,
                    "largest_mb": took.largest / MEGABYTE,
                    "together_mb": took.together / MEGABYTE,
                    "base_mb": base.stat().st_size / MEGABYTE if base.is_file() else None,
                }
                lines.append(line)
                print(f"{rows:>12,} rows  lookback {lookback:3d}  {stage:8s}{took.seconds:8.1f} s"
                      f"{line['largest_mb']:9.0f} MB", flush=True)  # fmt: skip
    for line in lines:
        line["base_mb"] = max(other["base_mb"] or 0.0 for other in lines)
    return lines


def over_base(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Adds what each stage needs beyond its constant, in base arrays."""
    smallest = min(line["rows"] for line in lines)
    constant = {(line["stage"], line["lookback"]): line for line in lines if line["rows"] == smallest}
    for line in lines:
        start = constant[line["stage"], line["lookback"]]
        line["constant_mb"] = start["largest_mb"]
        beyond = line["base_mb"] - start["base_mb"]
        line["over_base"] = (line["largest_mb"] - start["largest_mb"]) / beyond if beyond else None
    return lines


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """Draws seconds and megabytes against rows."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    from cellsize.report import drawing

    with drawing.style("performance"):
        figure = Figure(figsize=(11.0, 3.6), layout="constrained", facecolor="white")
        times, memory = figure.subplots(1, 2)
        for position, stage in enumerate((*OF_DATA, "search")):
            for lookback, dashes in zip(sorted({line["lookback"] for line in lines}), ("-", "--"), strict=False):
                mine = [line for line in lines if line["stage"] == stage and line["lookback"] == lookback]
                label = stage if dashes == "-" else None
                for axes, key in ((times, "seconds"), (memory, "largest_mb")):
                    axes.plot(
                        [line["rows"] for line in mine], [line[key] for line in mine], dashes, marker="o",
                        markersize=3, color=drawing.colour(position), label=label,
                    )  # fmt: skip
        searched = [line for line in lines if line["stage"] == "window"]
        limit = sorted({(line["rows"], 3 * line["base_mb"] + line["constant_mb"]) for line in searched})
        memory.plot(
            *zip(*limit, strict=True),
            ":",
            color=drawing.MUTED,
            label="3 × base arrays + what window\nneeds for 5,000 rows",
        )
        times.set_title("Seconds, by rows (dashed: the longer lookback)")
        memory.set_title("Megabytes of the largest process, by rows")
        for axes in (times, memory):
            axes.set_xscale("log")
            axes.set_yscale("log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(
                    FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
                )
                axis.set_minor_formatter(NullFormatter())
            axes.set_xticks([1e4, 1e5, 1e6, 1e7])
        times.set_yticks([1, 10, 100])
        memory.set_yticks([100, 300, 1000, 3000])
        memory.set_ylim(90, 3500)
        memory.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
    print(f"drew {path.relative_to(data.ROOT)}")


def main() -> None:
    """Measures every table, prints, draws and writes `scale.json`; of other rows or lookbacks to a cache only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--lookbacks", type=int, nargs="+", default=list(LOOKBACKS))
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(int(given.make[0]), Path(given.make[1]))
        return
    described = machine()
    rows = (SMALLEST, 2 * SMALLEST) if given.smoke else (SMALLEST, *given.rows)
    lookbacks, steps = (LOOKBACKS[:1], 20) if given.smoke else (tuple(given.lookbacks), 200)
    lines: list[dict[str, Any]] = []
    for count in rows:
        lines += measure(count, lookbacks, count <= WHOLE_WAY, steps)
    lines = over_base(lines)
    partial = given.smoke or (*given.rows, *given.lookbacks) != (*ROWS, *LOOKBACKS)
    print()
    columns = ("rows", "lookback", "stage", "seconds", "largest_mb", "together_mb", "base_mb", "over_base")
    data.show([{key: line[key] for key in columns} for line in lines])
    draw(lines, data.result("performance", True).with_suffix(".svg") if partial else data.ROOT / "docs/performance.svg")
    data.write("scale", {"machine": described, "lines": lines}, partial)


if __name__ == "__main__":
    main()
