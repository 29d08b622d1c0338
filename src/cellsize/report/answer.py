"""The answer in a few lines."""

from pathlib import Path

import pandas as pd

from cellsize.data.names import BOOSTED_TREES
from cellsize.errors import InputError
from cellsize.evaluation.gate import compared_with_trees
from cellsize.inspection.wording import note, remarks
from cellsize.params import Metric
from cellsize.report import rule_lines
from cellsize.report.wording import (
    ERROR,
    beside,
    best_baseline,
    between,
    hardest_difference,
    has_company,
    measured,
    refitted,
)
from cellsize.sizing.choice_records import Choice, Ladder, ScoredSize
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.figures import apart
from cellsize.sizing.inspection_records import Inspection
from cellsize.sizing.rules import describe
from cellsize.sizing.sizes import ZERO

LEVEL = "90"  # of the prediction intervals whose coverage is said

NORMALISED: dict[Metric, str] = {
    "mse": "MSE / variance of the training targets",
    "log_loss": "log loss / log loss of the class frequencies of the training sequences",
    "mae": "MAE / mean absolute deviation of the training targets from their median",
    "quantile": "pinball loss / that of the same quantiles of the training targets",
}


def _headline(choice: Choice) -> str:
    """The answer in a few words."""
    if choice.cells_left_open:
        helped = "; larger sizes still helped" * choice.at_least
        return f"undecided, memory cells failed in some trainings and not in others{helped}. {refitted(choice)}"
    company = f", {beside(choice)}" * has_company(choice)
    if choice.size.has_memory:
        larger = "; search.work_limit ended the search before larger sizes were ruled out" * bool(choice.not_ruled_out)
        if choice.undecided_sizes:
            return f"undecided between {between(choice)}{company}{larger}"
        return f"{'at least ' * choice.at_least}{describe(choice.size)}{company}{larger}"
    size = describe(ZERO) if choice.size == ZERO else f"{describe(ZERO)}, {describe(choice.size)}{company}"
    if choice.undecided_sizes:
        far = f"{' so far' * choice.at_least}; undecided between {between(choice)}{company}"
        return f"{describe(ZERO)}{far}{'; larger sizes still helped' * choice.at_least}"
    return f"{size} so far; larger sizes still helped" if choice.at_least else size


def _other_ladders(choice: Choice) -> list[str]:
    """What each kind of network needs by itself, where both were trained."""
    kinds = {"plain": "plain", "linear": "beside a linear model"}
    parts = [
        f"{kinds[ladder.kind]} {'at least ' * _ends_with_its_best(ladder)}{ladder.layers} × {ladder.units} "
        f"({measured(ladder.score, ladder.score_se)})"
        for ladder in choice.ladders
    ]
    return [f"  with cells    {'; '.join(parts)}"] if len(parts) > 1 else []


def _ends_with_its_best(ladder: Ladder) -> bool:
    """Whether a ladder's size is its best one and the largest that was tried, so that a larger one may be better."""
    best = min(ladder.steps, key=lambda step: step.score).size
    return ladder.size == best and best.units == max(step.units for step in ladder.steps if step.layers == best.layers)


def _score(scored: Choice | ScoredSize) -> str:
    return measured(scored.score, scored.score_se)


def lines(title: str, build: Path, reports: Path) -> str:
    """What `make run` ends with.

    Args:
        title: Of the report.
        build: Folder with `timings.csv` and `baseline_timings.csv`.
        reports: Folder with `inspection.json`, `choice.json`, `evaluation.json`, `registration.json`.

    Raises:
        InputError: A result is missing, or another version of cellsize wrote it.
    """
    inspection = Inspection.read(reports / "inspection.json")
    advice = note(inspection)
    choice = Choice.read(reports / "choice.json")
    evaluation = Evaluation.read(reports / "evaluation.json")
    record = Registration.read(reports / "registration.json")
    baseline, baseline_error = best_baseline(evaluation)
    sure = hardest_difference(evaluation)
    error, other = apart(evaluation.error(evaluation.model), baseline_error, None if sure is None else sure[1])
    alias = record.alias if record.promoted else f"not promoted: {record.reason}"
    return "\n".join(
        [
            "",
            f"{title}: {_headline(choice)}.",
            f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
            *_trees(choice, evaluation, build),
            *rule_lines.lines(choice),
            f"  score         {_score(choice)}; best {_score(choice.best)} with {describe(choice.best.size)}; "
            f"without memory cells {_score(choice.zero_cells)}" + (f", MLP {_score(choice.mlp)}" if choice.mlp else ""),
            f"                (cross-validated {ERROR[choice.metric]}: {NORMALISED[choice.metric]})",
            *_other_ladders(choice),
            f"  holdout       {error}{_of_twins(evaluation)}; best baseline {baseline} {other}",
            *_covered(evaluation),
            f"  registered    models:/{record.name}/{record.version} ({alias})",
            *([f"  note          {choice.caution}"] if choice.caution else []),
            *(f"  note          {line}" for line in remarks(inspection.remarks)),
            *([f"  note          {advice}"] if advice else []),
            f"  report        {(reports / 'index.html').absolute()}",
        ]
    )


def _covered(evaluation: Evaluation) -> list[str]:
    """How many of the holdout's targets intervals of 90 % held."""
    if LEVEL not in evaluation.coverage:
        return []
    return [f"                intervals of {LEVEL} % held {100 * evaluation.coverage[LEVEL]:.1f} % of its targets"]


def _of_twins(evaluation: Evaluation) -> str:
    return f", mean of {len(evaluation.twins)} trainings" if len(evaluation.twins) > 1 else ""


def _trees(choice: Choice, evaluation: Evaluation, build: Path) -> list[str]:
    """That boosted trees are better on the holdout, with both errors and the seconds that both trained on the folds."""
    better, _ = compared_with_trees(evaluation)
    if not better:
        return []
    subset = evaluation.subset
    error, ours_error = apart(
        evaluation.error(evaluation.baselines[BOOSTED_TREES]), evaluation.error(evaluation.model),
        None if subset is None else subset.difference_se.get(BOOSTED_TREES),
    )  # fmt: skip
    sizes, baselines = (read(build / name) for name in ("timings.csv", "baseline_timings.csv"))
    chosen = (sizes["layers"] == choice.layers) & (sizes["units"] == choice.units)
    ours = sizes.loc[chosen, "seconds"].sum()
    theirs = baselines.loc[baselines["baseline"] == BOOSTED_TREES, "seconds"].sum()
    return [
        f"  boosted trees are better on the holdout: {error} against {ours_error}; "
        f"trained on the folds in {theirs:.0f} s against {ours:.0f} s"
    ]


def read(path: Path) -> pd.DataFrame:
    """A table of an earlier stage.

    Raises:
        InputError: It is not there.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; run `cellsize run`, which makes it")
    return pd.read_csv(path)
