"""What the search costs beyond its bare training: the project's grid procedure against bare torch loops.

Both sides train the same sizes on the same folds for the same number of steps (Bay Area traffic, no linear skip
connection on either side, one learning rate, no early stopping), each in a fresh process, interleaved: A B A B. The
bare side is one plain process a core: windows gathered by index, Adam, the early-stopping set (of a large one as many
windows as the project looks at) scored in large batches every sixty steps and the validation set once. It clips no
gradient, averages no weights, scores no training windows, keeps no residuals and records nothing: what the project does
beyond it counts as overhead. `ratio` is whole wall time over whole wall time.
"""

import argparse
import gc
import json
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

# The rest is imported where it is used: a bare process must not pay for the project's imports.
RATE, BATCH, STEPS, CHECK_EVERY = 0.01, 256, 180, 60
SIZES = [(layers, units) for layers in (1, 2) for units in (4, 8, 16, 32, 64)]
SMOKE = [(1, 4), (2, 8)]
# The best case of the bare loops: larger validation batches, and memory given back after each step, cost them more.
CHUNK = 512
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}
# As on a processor without AVX-512: every library that either side computes with, and what Numba compiles.
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL",
    "NUMBA_CPU_FEATURES": "+avx2,+fma",
    "NUMBA_CPU_NAME": "haswell",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
READ = ("inputs", "target", "first", "lookback", "cell_lookback", "horizon")
held: dict[str, Any] = {}


def prepare(folder: Path, smoke: bool) -> None:
    """Writes what both sides read, so that neither is timed on the data stages."""
    import pandas as pd

    from benchmarks import data
    from cellsize.data.folds import save_labels
    from cellsize.models.prediction import WATCHED

    loaded = data.load("bay-area-traffic", 2000 if smoke else None)
    loaded.windows.save(folder / "windows.npz")
    labels = save_labels(loaded.folds)
    pd.DataFrame(labels).to_parquet(folder / "folds.parquet")
    arrays = {name: getattr(loaded.windows, name) for name in READ}
    np.savez(folder / "bare.npz", labels=loaded.folds.labels, **arrays)
    steps, check_every = (20, 10) if smoke else (STEPS, CHECK_EVERY)
    described = {"steps": steps, "check_every": check_every, "sizes": SMOKE if smoke else SIZES, "workers": 2}
    described |= {"folds": len(loaded.folds.labels), "watched": WATCHED}
    (folder / "work.json").write_text(json.dumps(described), encoding="utf-8")


def bare(folder: Path) -> dict[str, float]:
    """Every size and fold in plain processes, the biggest first."""
    work = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    sizes = sorted(map(tuple, work["sizes"]), key=lambda size: -size[0] * size[1] ** 2)
    plan = (work["steps"], work["check_every"], work["watched"])
    trainings = [(layers, units, fold, *plan) for layers, units in sizes for fold in range(work["folds"])]
    with multiprocessing.get_context("spawn").Pool(work["workers"], _open, (str(folder),)) as pool:
        spans = list(pool.imap_unordered(_bare_training, trainings))
    return {
        "training": max(end for _, end, _ in spans) - min(begin for begin, _, _ in spans),
        "core_seconds": sum(end - begin for begin, end, _ in spans),
        "steps": sum(steps for _, _, steps in spans),
    }


def _open(folder: str) -> None:
    import torch

    torch.set_num_threads(1)
    with np.load(Path(folder) / "bare.npz") as content:
        held.update(content)


def _bare_training(training: tuple[int, int, int, int, int, int]) -> tuple[float, float, int]:
    import torch

    began = time.monotonic()
    layers, units, fold, steps, check_every, watched = training
    lookback, span = int(held["lookback"]), int(held["lookback"] + held["horizon"])
    train, early_stopping, validation = (np.flatnonzero(held["labels"][fold] == label) for label in (1, 2, 3))
    rows = np.zeros(len(held["inputs"]), bool)
    rows[held["first"][train][:, None] + np.arange(span)] = True
    mean, std = held["inputs"][rows].mean(axis=0), held["inputs"][rows].std(axis=0)
    inputs = torch.from_numpy((held["inputs"] - mean) / std)
    target = torch.from_numpy((held["target"] - mean[:1]) / std[:1])
    first, ahead = torch.from_numpy(held["first"]), torch.arange(lookback, span)
    seen = torch.arange(lookback - int(held["cell_lookback"]), lookback)  # what memory cells see on the other side too
    torch.manual_seed(fold)
    lstm = torch.nn.LSTM(inputs.shape[1], units, layers, batch_first=True)
    head = torch.nn.Linear(units, len(ahead))
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], RATE)

    def errors(chosen: torch.Tensor) -> torch.Tensor:
        begin = first[chosen][:, None]
        forecasts: torch.Tensor = head(lstm(inputs[begin + seen])[0][:, -1])
        return forecasts - target[begin + ahead, 0]

    def score(chosen: torch.Tensor) -> float:
        with torch.no_grad():
            return sum(float(errors(piece).square().sum()) for piece in chosen.split(CHUNK)) / len(chosen) / len(ahead)

    spread = np.linspace(0, len(early_stopping) - 1, min(watched, len(early_stopping))).astype(int)
    each_epoch = len(train) // BATCH
    for step in range(steps):
        epoch, place = divmod(step, each_epoch)
        if place == 0:
            order = torch.from_numpy(np.random.default_rng([fold, epoch]).permutation(train))
        loss = errors(order[place * BATCH : (place + 1) * BATCH]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % check_every == 0:
            score(torch.from_numpy(early_stopping[spread]))
    score(torch.from_numpy(validation))
    return began, time.monotonic(), steps


def work_of(folder: Path) -> tuple[Any, list[Any], Any]:
    """The project's side of what `prepare` wrote: the work, the sizes, and how to search them."""
    from benchmarks import data
    from cellsize import params_file
    from cellsize.data import folds
    from cellsize.data.windows import Windows
    from cellsize.sizing.sizes import Size
    from cellsize.training.records import Work

    work = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    settings = params_file.load(data.ROOT / "params.yaml")
    training = data.changed(
        settings.search.training, learning_rates=(RATE,), dropouts=(0.0,), rungs=(), seeds=1, batch_size=BATCH,
        check_every=work["check_every"], steps=work["steps"], maximum_steps=work["steps"],
        patience=work["steps"] + work["check_every"],
    )  # fmt: skip
    network = data.changed(settings.propose.network, skip=("none",), head=("plain",))
    compute = data.changed(settings.search.compute, trials=work["workers"]).model_dump()
    search = data.changed(settings.search, procedure="grid", compute=compute, training=training.model_dump())
    shared = Work(
        Windows.load(folder / "windows.npz"),
        folds.load(folder / "folds.parquet"),
        network,
        training,
        (100.0,),
        0,
        "mse",
    )
    return shared, [Size(*size) for size in work["sizes"]], search


def ours(folder: Path) -> dict[str, float]:
    """The project's search of the same sizes, from the driver's imports to its last result."""
    began = time.monotonic()
    from cellsize import process

    process.set_environment()  # from here to the end of the imports as every stage begins
    with process.importing():
        from cellsize.params import Mlflow
        from cellsize.registry import runs
        from cellsize.search import driver, store
        from cellsize.search.versions import versions
        from cellsize.sizing.sizes import cost, shape
        from cellsize.sizing.walk import grid
        from cellsize.training.records import Result
    imported = time.monotonic()
    work, sizes, settings = work_of(folder)
    mlflow = Mlflow(uri=f"sqlite:///{folder}/mlflow.db", experiment="overhead")
    costs = {size: float(cost(size, work.network, shape(work.windows)).window_work) for size in sizes}
    recording = 0.0

    def plan(known: Any) -> Any:
        return grid(sizes, known, costs)

    with runs.recorder(mlflow, store.key(work), settings, versions()) as record:
        opened = time.monotonic()

        def on_result(result: Any) -> None:
            nonlocal recording
            now = time.monotonic()
            record(result)
            recording += time.monotonic() - now

        driver.run(work, plan, settings, folder / "store", on_result, lambda _: None)
    ended = time.monotonic()
    # A shard's file is written when it ends, on the clock of the day.
    shift = time.monotonic() - time.time()
    ends = [(path.stat().st_mtime + shift, Result.load(path)) for path in folder.glob("store/*/*.npz")]
    rows = [row for _, result in ends for row in result.rows]
    if len(rows) != len(sizes) * len(work.folds.labels) or any(row.status != "ok" for row in rows):
        raise SystemExit("a training failed: its time would mean nothing")
    every, steps = settings.training.check_every, settings.training.steps
    if {check.step for _, result in ends for check in result.checks} != set(range(every, steps + 1, every)):
        raise SystemExit("a training ended early: its time would mean nothing")
    spans = [(end - result.seconds, end) for end, result in ends]
    first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
    busy = sum(end - begin for begin, end in spans)
    return {
        "training": last - first,
        "core_seconds": busy,
        "driver_imports": imported - began,
        "mlflow_open": opened - imported,
        "ray_start_and_worker_imports": first - opened,
        "idle_and_hand_over": last - first - busy / settings.compute.trials,
        "mlflow_recording": recording,
        "ray_stop": ended - last,
    }


def main() -> None:
    """Runs both sides in turn, then once more with timers inside the trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="both sides as on a processor without AVX-512")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--side", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps({"bare": bare, "ours": ours}[given.side](given.folder)))
        gc.freeze()  # as a stage ends
    else:
        compare(1 if given.smoke else given.repeats, given.smoke, given.avx2)


def compare(repeats: int, smoke: bool, avx2: bool) -> None:
    """Measures, prints and writes the results."""
    from benchmarks import data

    held_to = AVX2 if avx2 else {}
    described, _ = data.fresh("benchmarks.machine", also=held_to)
    sides: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:  # untimed: compiles for this processor what is not compiled yet
        prepare(Path(folder), smoke=True)
        data.fresh("benchmarks.overhead", "--side", "ours", "--folder", folder, also=held_to)
    for repeat in range(repeats):
        for side, measured in sides.items():
            # A folder of its own for each: neither finds what another run has finished.
            with tempfile.TemporaryDirectory() as folder:
                prepare(Path(folder), smoke)
                kind = {**held_to, **(KEEP_MEMORY if side == "bare" else {})}
                parts, seconds = data.fresh("benchmarks.overhead", "--side", side, "--folder", folder, also=kind)
            measured.append({"wall": seconds, "start_up_and_stop": seconds - parts["training"], **parts})
            print(f"{repeat + 1}. {side:5s} {seconds:7.2f} s, of it training {parts['training']:7.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), smoke)
        trial, _ = data.fresh("benchmarks.inside", folder, also=held_to)
    pairs = list(zip(sides["bare"], sides["ours"], strict=True))
    middle = {
        side: {name: statistics.median(figures[name] for figures in measured) for name in measured[0]}
        for side, measured in sides.items()
    }
    content = {
        "ratio": statistics.median(ours["wall"] / bare["wall"] for bare, ours in pairs),
        "ratio_without_start_up": statistics.median(ours["training"] / bare["training"] for bare, ours in pairs),
        "ratios": [ours["wall"] / bare["wall"] for bare, ours in pairs],
        "steps": int(middle["bare"]["steps"]),
        "bare": middle["bare"],
        "ours": middle["ours"],
        "inside_trials": {**trial, "ray_in_trials": middle["ours"]["core_seconds"] - trial["core_seconds"]},
        "machine": described,
    }
    print(f"\n{content['steps']:,} steps of {BATCH} windows; medians of {repeats}, seconds\n")
    data.show([{"": name, "bare": middle["bare"].get(name), "ours": value} for name, value in middle["ours"].items()])
    print("\nInside the trials, core seconds (timers, without Ray; ray_in_trials is a difference of two runs)\n")
    data.show([{"": name, "seconds": value} for name, value in content["inside_trials"].items()])
    print(f"\nratio {content['ratio']:.3f} (whole), {content['ratio_without_start_up']:.3f} (first to last step)")
    data.write("overhead-avx2" if avx2 else "overhead", content, smoke)


if __name__ == "__main__":
    main()
