"""How often a check raises a false alarm, and how often it sees a shift: simulated series and the shipped data.

False alarms: windows that are as all before are checked, by the textbook's KS test (`scipy.stats.ks_2samp`, rows taken
for independent) and by `lifecycle.shift`. Power: the same with a constant of 0.5 or 1 standard deviations added. On the
shipped data a window is a stretch of the table, and the reference is all the rest of it. The comparison of errors is
checked on losses of blocks that go up and down together, with equal models. Sequences are checked by
`lifecycle.permuted`, alone and in groups that have something in common, and their skewed log losses likewise.

    python -m benchmarks.drift            # writes benchmarks/results/drift.json, ten minutes of one core
    python -m benchmarks.drift --smoke
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from scipy.signal import lfilter

from benchmarks import data
from benchmarks.machine import machine
from cellsize.data.windows import Floats, Ints
from cellsize.evaluation.holdout import LEVELS
from cellsize.lifecycle import permuted, shift, sketch, unpaired
from cellsize.lifecycle.block_losses import BlockLosses
from cellsize.lifecycle.sequence_losses import SequenceLosses
from cellsize.lifecycle.sequence_quality import FEWEST_GROUPS

PHI, SEASON = 0.9, 24
# Steps of the reference and of the new rows: a year of hours, and a quarter of one.
LENGTHS = ((8760, 168), (8760, 720), (2160, 168))
SHIPPED = ("bay-area-traffic", "new-york-weather")
POWER = ("ours", "ours_0.5", "ours_1")  # without a shift, and with one of so many standard deviations
Draw = Callable[[np.random.Generator, int], Floats]


def autoregressive(rng: np.random.Generator, steps: int) -> Floats:
    """AR(1) of unit variance."""
    noise = rng.standard_normal(steps + 200) * np.sqrt(1 - PHI**2)
    return np.asarray(lfilter([1], [1, -PHI], noise)[200:])


def seasonal(rng: np.random.Generator, steps: int) -> Floats:
    """A day, a slower season of 90 days, and AR(1)."""
    hours, phase = np.arange(steps), rng.uniform(0, 2 * np.pi)
    waves = 2 * np.sin(2 * np.pi * hours / SEASON) + np.sin(2 * np.pi * hours / (90 * SEASON) + phase)
    return np.asarray(waves + autoregressive(rng, steps))


def bounded_walk(rng: np.random.Generator, steps: int) -> Floats:
    """A random walk that is reflected at both ends of 20 standard deviations of its steps."""
    path = np.mod(np.cumsum(rng.standard_normal(steps)) + rng.uniform(0, 40), 40)
    return np.asarray(np.where(path < 20, path, 40 - path))


KINDS: dict[str, Draw] = {"AR(1) 0.9": autoregressive, "seasonal": seasonal, "bounded walk": bounded_walk}


def ours(reference: Floats, *several: Floats, season: int = SEASON) -> list[bool]:
    """Whether any column of some new rows raises an alarm; all have the shape (steps, columns)."""
    borders = np.stack([sketch.borders(column) for column in reference.T])
    length, count = shift.length_of(len(reference), season, len(several[0]))

    def counted(values: Floats, number: int) -> Ints:
        return sketch.counts(sketch.codes(values, borders), sketch.blocks_of(np.arange(len(values)), length), number)

    before, names = counted(reference, len(reference) // length), tuple(map(str, range(reference.shape[1])))
    return [any(each.is_shifted for each in shift.shifts(names, before, counted(new, count))) for new in several]


def textbook(reference: Floats, new: Floats) -> bool:
    """Whether any column raises an alarm by the textbook, allowing for the number of columns."""
    p = [stats.ks_2samp(*sides).pvalue for sides in zip(reference.T, new.T, strict=True)]
    return bool(min(shift.holm(p)) < shift.LEVEL)


def simulated(windows: int) -> list[dict[str, Any]]:
    """False alarms and power for each kind of series and length, one column, and once with six."""
    rows = []
    for seed, (kind, draw) in enumerate(KINDS.items()):
        for steps, new in LENGTHS:
            for columns in (1, 6) if (draw, steps, new) == (autoregressive, *LENGTHS[1]) else (1,):
                rng = np.random.default_rng([seed, steps, new, columns])
                alarms = dict.fromkeys(("textbook", *POWER), 0)
                for _ in range(windows):
                    whole = np.stack([draw(rng, steps + new) for _ in range(columns)], axis=1)
                    before, after = whole[:steps], whole[steps:]
                    alarms["textbook"] += textbook(before, after)
                    one = np.eye(columns)[0] * before.std(axis=0)  # the first column alone moves
                    for key, found in zip(POWER, ours(before, after, after + 0.5 * one, after + one), strict=True):
                        alarms[key] += found
                rows.append(
                    {"kind": kind, "reference": steps, "new": new, "columns": columns, "windows": windows}
                    | {key: count / windows for key, count in alarms.items()}
                )
                print(rows[-1], flush=True)
    return rows


def shipped(windows: int) -> list[dict[str, Any]]:
    """Alarms on stretches of the shipped tables.

    `textbook` and `ours`: the reference is all the rest of the table, before and after, so that the stretch is one of
    it. `ours_later`: the reference is what came before, as in use; of these alarms many are true, since the last year
    may be unlike those before.
    """
    rows = []
    for name in SHIPPED:
        arrays = data.load(name).windows
        values = arrays.inputs[arrays.series == 0][:, : arrays.n_past].astype(np.float64)
        values = values[np.isfinite(values).all(axis=1)]
        for new in (168, 720):
            rng, alarms, later = np.random.default_rng(new), {"textbook": 0, "ours": 0}, 0
            for begin in SEASON * rng.integers(0, (len(values) - new) // SEASON, windows):
                stretch, rest = values[begin : begin + new], np.concatenate([values[:begin], values[begin + new :]])
                alarms["textbook"] += textbook(rest, stretch)
                alarms["ours"] += ours(rest, stretch)[0]
            second = rng.integers(len(values) // 2, len(values) - new, max(windows // 5, 1))
            for begin in second:
                later += ours(values[:begin], values[begin : begin + new])[0]
            rows.append(
                {"table": name, "columns": values.shape[1], "new": new, "windows": windows}
                | {key: count / windows for key, count in alarms.items()}
                | {"ours_later": later / len(second)}
            )
            print(rows[-1], flush=True)
    return rows


def _losses(rng: np.random.Generator, blocks: int, correlation: float, twins: int, seeds: float) -> BlockLosses:
    """Losses of blocks that are correlated and skewed, of trainings of one quality."""
    noise = rng.standard_normal(blocks + 50) * np.sqrt(1 - correlation**2)
    path = lfilter([1], [1, -correlation], noise)[50:]
    common = np.exp(0.4 * path) / np.exp(0.08)
    drawn = common * (1 + seeds * rng.standard_normal((twins, 1)))
    nothing = np.zeros(blocks)
    return BlockLosses(
        np.full(blocks, SEASON), SEASON * drawn, nothing, np.ones(blocks, np.int64), np.zeros((len(LEVELS), blocks))
    )


def errors(windows: int) -> list[dict[str, Any]]:
    """How often an equal model is called worse, and how often one whose error is higher by so many percent."""
    rows = []
    for blocks in (4, 7, 30):
        for correlation in (0.0, 0.5):
            rng, found = np.random.default_rng([blocks, int(10 * correlation)]), dict[str, float]()
            for higher in (0, 20, 50):
                count = 0
                for _ in range(windows):
                    new, old = _losses(rng, blocks, correlation, 1, 0.013), _losses(rng, 60, correlation, 3, 0.013)
                    worse = BlockLosses(
                        new.windows, new.losses * (1 + higher / 100), new.naive, new.observed, new.inside
                    )
                    result = unpaired.compare(worse, old)
                    count += result is not None and result.is_worse
                found[f"worse_by_{higher}"] = count / windows
            rows.append({"blocks": blocks, "correlation": correlation, "windows": windows} | found)
            print(rows[-1], flush=True)
    return rows


# Sequences that a model has learned from, new ones, columns, and sequences of a group.
SEQUENCES = ((270, 30, 13, 1), (400, 100, 7, 1), (400, 100, 7, 10))


def sequences(windows: int) -> list[dict[str, Any]]:
    """False alarms and power for sequences whose columns are correlated, by the textbook and by permutation."""
    rows = []
    for before, new, columns, per in SEQUENCES:
        rng = np.random.default_rng([before, new, columns, per])
        alarms = dict.fromkeys(("textbook", *POWER), 0)
        for _ in range(windows):
            old, late = (_sequences(rng, count, columns, per) for count in (before, new))
            borders = np.stack([sketch.borders(column) for column in old.T])
            groups = np.arange(before) // per, np.arange(new) // per
            alarms["textbook"] += textbook(old, late)
            one = np.eye(columns)[0] * old.std(axis=0)
            for key, moved in zip(POWER, (0, 0.5, 1), strict=True):
                codes = sketch.codes(old, borders), sketch.codes(late + moved * one, borders)
                found = permuted.shifts(tuple(map(str, range(columns))), *codes, *groups)
                alarms[key] += any(each.is_shifted for each in found)
        rows.append(
            {"reference": before, "new": new, "columns": columns, "group": per, "windows": windows}
            | {key: count / windows for key, count in alarms.items()}
        )
        print(rows[-1], flush=True)
    return rows


def _sequences(rng: np.random.Generator, count: int, columns: int, per: int) -> Floats:
    """Summaries of sequences: a part common to all columns, and where they have groups one common to a group."""
    own = rng.standard_normal((count, columns)) + rng.standard_normal((count, 1))
    common = rng.standard_normal((-(-count // per), columns)).repeat(per, axis=0)[:count]
    return np.asarray(own + common if per > 1 else own)


def labels(windows: int) -> list[dict[str, Any]]:
    """How often an equal classifier is called worse, and one whose log loss is higher by so many percent."""
    rows = []
    for groups in (20, 50, 200):
        rng, found = np.random.default_rng(groups), dict[str, float]()
        for higher in (0, 20, 50, 100):
            count = 0
            for _ in range(windows):
                new, old = _log_losses(rng, groups, 1, 1 + higher / 100), _log_losses(rng, 100, 3, 1.0)
                result = unpaired.compare(new, old, fewest=FEWEST_GROUPS)
                count += result is not None and result.is_worse
            found[f"worse_by_{higher}"] = count / windows
        rows.append({"groups": groups, "windows": windows} | found)
        print(rows[-1], flush=True)
    return rows


def _log_losses(rng: np.random.Generator, count: int, twins: int, higher: float) -> SequenceLosses:
    """Log losses that are as skewed as those of a classifier of which nineteen in twenty are right."""
    common = np.exp(1.5 * rng.standard_normal(count) - 1.5**2 / 2)
    drawn = higher * 0.2 * common * (1 + 0.03 * rng.standard_normal((twins, 1)))
    nothing = np.zeros(count)
    return SequenceLosses(np.ones(count, np.int64), drawn, nothing, nothing, nothing)


def main() -> None:
    """Writes the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few windows, nothing written")
    smoke = parser.parse_args().smoke
    count = 5 if smoke else 500
    measured = {"machine": machine(), "level": shift.LEVEL, "errors": errors(count)}
    measured |= {"sequences": sequences(2 * count), "labels": labels(count)}
    measured |= {"simulated": simulated(count), "shipped": shipped(min(count, 200))}
    data.write("drift", measured, smoke)


if __name__ == "__main__":
    main()
