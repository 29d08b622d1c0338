"""The answer in a few lines."""

from pathlib import Path

from cellsize.params import Metric
from cellsize.report.wording import ERROR, beside, best_baseline
from cellsize.sizing.artefacts import Choice, Evaluation, Registration
from cellsize.sizing.rules import describe

NORMALISED: dict[Metric, str] = {
    "mse": "MSE / variance of the training targets",
    "mae": "MAE / mean absolute deviation of the training targets from their median",
}


def _headline(choice: Choice) -> str:
    """The answer in a few words."""
    if choice.undecided:
        return "undecided, no size with memory cells trained reliably"
    size = f"{'at least ' * choice.at_least}{describe(choice.size)}"
    return f"{size}, {beside(choice)}" if choice.size.has_memory else size


def _other_ladders(choice: Choice) -> list[str]:
    """What each kind of network needs by itself, where both were trained."""
    kinds = {"plain": "plain", "linear": "beside a linear model"}
    parts = [f"{kinds[ladder.kind]} {ladder.layers} × {ladder.units} ({ladder.score:.4f})" for ladder in choice.ladders]
    return [f"  with cells    {'; '.join(parts)}"] if len(parts) > 1 else []


def lines(title: str, reports: Path) -> str:
    """What `make run` ends with.

    Args:
        title: Of the report.
        reports: Folder with `choice.json`, `evaluation.json`, `registration.json`.

    Raises:
        InputError: A result is missing, or another version of cellsize wrote it.
    """
    choice = Choice.read(reports / "choice.json")
    evaluation = Evaluation.read(reports / "evaluation.json")
    record = Registration.read(reports / "registration.json")
    baseline, baseline_error = best_baseline(evaluation)
    alias = record.alias if record.promoted else f"not promoted: {record.reason}"
    return "\n".join(
        [
            "",
            f"{title}: {_headline(choice)}.",
            f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
            f"  score         {choice.score:.4f}; best {choice.best.score:.4f} with {describe(choice.best.size)}; "
            f"without memory cells {choice.zero_cells.score:.4f}"
            + (f", MLP {choice.mlp.score:.4f}" if choice.mlp else ""),
            f"                (cross-validated {ERROR[choice.metric]}: {NORMALISED[choice.metric]})",
            *_other_ladders(choice),
            f"  holdout       {evaluation.error(evaluation.model):.4f}; best baseline {baseline} {baseline_error:.4f}",
            f"  registered    models:/{record.name}/{record.version} ({alias})",
            *([f"  note          {choice.caution}"] if choice.caution else []),
            f"  report        {(reports / 'index.html').absolute()}",
        ]
    )
