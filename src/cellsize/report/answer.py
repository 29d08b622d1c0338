"""The answer in a few lines."""

from pathlib import Path

from cellsize.inspection.wording import note
from cellsize.report.wording import best_baseline
from cellsize.sizing.artefacts import Choice, Evaluation, Inspection, Registration
from cellsize.sizing.rules import describe


def lines(title: str, reports: Path) -> str:
    """What `make run` ends with.

    Args:
        title: Of the report.
        reports: Folder with `inspection.json`, `choice.json`, `evaluation.json`, `registration.json`.

    Raises:
        InputError: A result is missing, or another version of cellsize wrote it.
    """
    advice = note(Inspection.read(reports / "inspection.json"))
    choice = Choice.read(reports / "choice.json")
    evaluation = Evaluation.read(reports / "evaluation.json")
    record = Registration.read(reports / "registration.json")
    baseline, baseline_nmse = best_baseline(evaluation)
    alias = record.alias if record.promoted else f"not promoted: {record.reason}"
    return "\n".join(
        [
            "",
            f"{title}: {'at least ' * choice.at_least}{describe(choice.size)}.",
            f"  parameters    {choice.parameters:,}, of them {choice.recurrent:,} recurrent",
            f"  score         {choice.score:.4f}; best {choice.best.score:.4f} with {describe(choice.best.size)}; "
            f"without memory cells {choice.zero_cells.score:.4f}",
            "                (cross-validated normalised MSE: MSE / variance of the training targets)",
            f"  holdout       {evaluation.model.nmse:.4f}; best baseline {baseline} {baseline_nmse:.4f}",
            f"  registered    models:/{record.name}/{record.version} ({alias})",
            *([f"  note          {choice.caution}"] if choice.caution else []),
            *([f"  note          {advice}"] if advice else []),
            f"  report        {(reports / 'index.html').absolute()}",
        ]
    )
