"""Both sides' picks of `against_sweep`, trained again with other seeds: how much of a holdout ratio is one training's.

Reads `benchmarks/results/sweep.json`, trains the two picks of a bound as the two sides did, with the seed that was
recorded and four more, and writes `refits.json`. The holdout decides nothing here: sizes and settings are those of the
sweep.
"""

import argparse
import json
import statistics
from typing import Any

from benchmarks import data
from cellsize import files
from cellsize.sizing.recipe import Recipe


def ours(name: str, recipe: dict[str, Any], seed: int, smoke: bool) -> float:
    """The project's refit and its normalised MSE on the holdout."""
    from benchmarks.sizing import refitted

    example, training = data.loaded_for(name, smoke)
    seed += example.params.refit.seed
    return refitted(example, training, Recipe.model_validate(recipe), seed).model.nmse


def theirs(name: str, pick: dict[str, Any], seed: int, smoke: bool) -> float:
    """The sweep's refit and its normalised MSE on the holdout."""
    from benchmarks.against_sweep import refit

    example, training = data.loaded_for(name, smoke)
    layers, units = map(int, pick["size"].split("x"))
    config = {"size": (layers, units), "learning_rate": pick["learning_rate"], "fold": seed}  # its fold is its seed
    return refit(config, example, training, pick["epochs"])[1]


def main() -> None:
    """Trains every pick with every seed, each in a fresh process, and writes `refits.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounds", type=int, nargs="+", default=[128])
    parser.add_argument("--name", default="bay-area-traffic", choices=list(data.PLACES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--side", choices=["ours", "sweep"], help=argparse.SUPPRESS)
    parser.add_argument("--of", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        train = {"ours": ours, "sweep": theirs}[given.side]
        print(json.dumps(train(given.of["data"], given.of["pick"], given.of["seed"], given.smoke)))
        return
    if given.seeds < 2:
        raise SystemExit("--seeds: at least 2, or there is nothing to compare")
    lines = [line for line in files.read_json(data.result("sweep", given.smoke)) if "recipe" in line["ours"]]
    # A sweep whose trials share processes has the same picks: its line will do where there is no other.
    lines.sort(key=lambda line: not line["reuse_actors"])
    usable = {line["bound"]: line for line in lines if line["data"] == given.name}
    wanted = [bound for bound in usable if given.smoke or bound in given.bounds]
    if not given.smoke and (missing := set(given.bounds) - usable.keys()):
        raise SystemExit(f"sweep.json names no picks for a bound of {min(missing)}: run benchmarks.against_sweep first")
    machine, _ = data.fresh("benchmarks.machine")
    compared = []
    for line in map(usable.__getitem__, wanted):
        errors: dict[str, list[float]] = {"ours": [], "sweep": []}
        for seed in range(given.seeds):
            for side, pick in (("ours", line["ours"]["recipe"]), ("sweep", line["sweep"])):
                asked = json.dumps({"data": line["data"], "pick": pick, "seed": seed})
                error, seconds = data.fresh(
                    "benchmarks.refits", "--side", side, "--of", asked, *["--smoke"] * given.smoke
                )
                errors[side].append(error)
                print(
                    f"{line['data']} up to {line['bound']}, seed {seed}, {side:5s} {error:.4f}  {seconds:.0f} s",
                    flush=True,
                )
        means = {side: statistics.mean(values) for side, values in errors.items()}
        compared.append(
            {
                "bound": line["bound"],
                "data": line["data"],
                "machine": machine,
                "holdout_ratio_of_means": means["ours"] / means["sweep"],
                "recorded": {side: line[side]["holdout"] for side in errors},
                **{
                    side: {"size": line[side]["size"], "mean": means[side],
                           "standard_deviation": statistics.stdev(values), "holdout": values}
                    for side, values in errors.items()
                },
            }
        )  # fmt: skip
        if any(values[0] != line[side]["holdout"] for side, values in errors.items()):
            print("(the first seed gives other errors than sweep.json: that is of other code or another machine)")
        print(f"means {means['ours']:.4f}, {means['sweep']:.4f}: ratio {compared[-1]['holdout_ratio_of_means']:.3f}")
    data.write("refits", compared, given.smoke)


if __name__ == "__main__":
    main()
