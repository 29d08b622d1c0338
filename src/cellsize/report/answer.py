"""The answer in a few lines."""

from pathlib import Path

from cellsize import files
from cellsize.errors import InputError
from cellsize.sizing.rules import describe
from cellsize.sizing.sizes import Size


def lines(title: str, reports: Path) -> str:
    """What `make run` ends with.

    Args:
        title: Of the report.
        reports: Folder with `choice.json`, `evaluation.json`, `registration.json`.

    Raises:
        InputError: A result is missing.
    """
    names = ("choice", "evaluation", "registration")
    missing = [name for name in names if not (reports / f"{name}.json").is_file()]
    if missing:
        raise InputError(f"{reports / missing[0]}.json: not there; run dvc repro")
    choice, evaluation, registration = (files.read_json(reports / f"{name}.json") for name in names)
    best, zero, model = choice["best"], choice["zero_cells"], evaluation["model"]
    others = {name: one["nmse"] for name, one in evaluation["baselines"].items()}
    rival = min(others, key=lambda name: others[name])
    alias = f"{registration['alias']}" if registration["promoted"] else f"not promoted: {registration['reason']}"
    return "\n".join(
        [
            "",
            f"{title}: {'at least ' * choice['at_least']}{describe(Size(choice['layers'], choice['units']))}.",
            f"  parameters    {choice['parameters']:,}, of them {choice['recurrent']:,} recurrent",
            f"  score         {choice['score']:.4f} (MSE in variances, cross-validated); best {best['score']:.4f} with "
            f"{describe(Size(best['layers'], best['units']))}; without memory cells {zero['score']:.4f}",
            f"  holdout       {model['nmse']:.4f}; best baseline {rival} {others[rival]:.4f}",
            f"  registered    models:/{registration['name']}/{registration['version']} ({alias})",
            *([f"  note          {choice['caution']}"] if choice["caution"] else []),
            f"  report        {(reports / 'index.html').absolute()}",
        ]
    )
