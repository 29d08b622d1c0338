"""Time and memory against the number of rows: the data stages up to ten million, the whole way up to one million.

Synthetic series of one target by the minute, with the calendar, at two lookbacks. Each stage is run as `dvc repro`
runs it, in its own process, and `cellsize init` in one before them; memory is that of the largest process. `over_base`
is how many times the base arrays (the bytes of windows.npz) a stage needs beyond what it needs for the smallest table,
which is the constant: libraries, above all. The search trains few steps of a small grid on five folds, as many
whatever the rows, its two workers included; so does the refit. `many` is the same for 500 series of 200 days each, and
for one series of 100,000 days.
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
SERIES, ROWS_OF_EACH = 500, 200
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
PYTHON = (sys.executable, "-m")


def make(rows: int, path: Path) -> None:
    """Writes a table of daily and weekly cycles with noise."""
    minutes = np.arange(rows)
    value = np.sin(2 * np.pi * minutes / 1440) + 0.5 * np.sin(2 * np.pi * minutes / 10080)
    value += np.random.default_rng(0).normal(0, 0.3, rows)
    time = pd.date_range("2001-01-01", periods=rows, freq="min")
    pd.DataFrame({"time": time, "value": value}).to_parquet(path, index=False)


def make_many(series: int, rows: int, path: Path) -> None:
    """Writes a table of series by the day: weekly cycles of their own phase around levels of their own, with noise."""
    generator, days = np.random.default_rng(0), np.arange(rows)
    tables = []
    for number in range(series):
        level, phase = np.exp(generator.normal(3, 1)), generator.integers(7)
        value = level * (1 + 0.3 * np.sin(2 * np.pi * (days + phase) / 7) + 0.1 * generator.normal(size=rows))
        time = pd.date_range("1750-01-01", periods=rows, freq="D", unit="s")
        tables.append(pd.DataFrame({"series": f"s{number:03d}", "time": time, "value": value}))
    pd.concat(tables, ignore_index=True).to_parquet(path, index=False)


def of_many(steps: int) -> dict[str, Any]:
    """Such a table's params.yaml: a week ahead, the last fifth held out."""
    content = settings(LOOKBACKS[0], steps)
    content["prepare"] |= {"series": "series", "frequency": "D", "calendar": ["weekday"]}
    content["window"] |= {"lookback": 14, "horizon": 7, "scale": "series"}
    content["split"] |= {"holdout": 0.2, "folds": 3}
    content["split"]["early_stopping"]["blocks"] = 1
    content["baseline"] |= {"seasons": [7]}
    return content


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
        # In a process of its own: what making the table needs is not the stages' memory.
        watched([*PYTHON, "benchmarks.scale", "--make", str(rows), str(folder / "raw.parquet")], data.ROOT)
        for position, lookback in enumerate(lookbacks):
            (folder / "params.yaml").write_text(json.dumps(settings(lookback, steps)), encoding="utf-8")
            stages = [stage for stage in STAGES if stage in OF_DATA or whole_way]
            init = (*INIT, "--lookback", str(lookback), "--into", f"project-{lookback}") if whole_way else ()
            of_all = {"rows": rows, "lookback": lookback}
            lines += went_through(folder, stages[1:] if position else stages, of_all, init)
    for line in lines:
        line["base_mb"] = max(other["base_mb"] or 0.0 for other in lines)
    return lines


def measure_many(steps: int, smoke: bool) -> list[dict[str, Any]]:
    """Time and memory of every stage on many short series, and on one of as many rows."""
    lines: list[dict[str, Any]] = []
    whole = (20, ROWS_OF_EACH) if smoke else (SERIES, ROWS_OF_EACH)
    for series, rows in (whole, (1, whole[0] * whole[1])):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            made = folder / "raw.parquet"
            watched([*PYTHON, "benchmarks.scale", "--make-many", str(series), str(rows), str(made)], data.ROOT)
            (folder / "params.yaml").write_text(json.dumps(of_many(steps)), encoding="utf-8")
            lines += went_through(folder, list(STAGES), {"series": series, "rows": rows}, ())
    return lines


def went_through(
    folder: Path, stages: list[str], of_all: dict[str, int], init: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Time and memory of some stages in a folder with `params.yaml`.

    Args:
        folder: Where they run.
        stages: Which, in their order.
        of_all: What each line begins with.
        init: What `cellsize init` is asked before them; nothing: it is not.
    """
    lines = []
    commands = {stage: (f"pipeline.{stage}", *STAGES[stage]) for stage in stages}
    if init:
        commands = {"init": ("cellsize", "init", *init)} | commands
    for stage, command in commands.items():
        took = watched([*PYTHON, *command], folder)
        base = folder / "build/windows.npz"
        line = of_all | {
            "stage": stage,
            "seconds": took.seconds,
            "largest_mb": took.largest / MEGABYTE,
            "together_mb": took.together / MEGABYTE,
            "base_mb": base.stat().st_size / MEGABYTE if base.is_file() else None,
        }
        lines.append(line)
        begun = "  ".join(f"{name} {number:,}" for name, number in of_all.items())
        print(f"{begun:32s}  {stage:8s}{took.seconds:8.1f} s{line['largest_mb']:9.0f} MB", flush=True)
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
    parser.add_argument("--make-many", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make_many:
        make_many(int(given.make_many[0]), int(given.make_many[1]), Path(given.make_many[2]))
        return
    if given.make:
        make(int(given.make[0]), Path(given.make[1]))
        return
    described = machine()
    rows = (SMALLEST, 2 * SMALLEST) if given.smoke else (SMALLEST, *given.rows)
    lookbacks, steps = (LOOKBACKS[:1], 20) if given.smoke else (tuple(given.lookbacks), 200)
    lines: list[dict[str, Any]] = []
    for count in rows:
        lines += measure(count, lookbacks, count <= WHOLE_WAY, steps)
    lines, many = over_base(lines), measure_many(steps, given.smoke)
    partial = given.smoke or (*given.rows, *given.lookbacks) != (*ROWS, *LOOKBACKS)
    print()
    columns = ("rows", "lookback", "stage", "seconds", "largest_mb", "together_mb", "base_mb", "over_base")
    data.show([{key: line[key] for key in columns} for line in lines])
    draw(lines, data.result("performance", True).with_suffix(".svg") if partial else data.ROOT / "docs/performance.svg")
    data.write("scale", {"machine": described, "lines": lines, "many": many}, partial)


if __name__ == "__main__":
    main()
