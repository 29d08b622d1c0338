"""What an ONNX file of a model of sequences is fed with, for somebody who has nothing else: the JSON beside it."""

from typing import Any

from cellsize.data.schema import MISSING
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_sequences import CODE_POINTS, LENGTHS, NUMBER, PROBABILITIES, VALUES, Model
from cellsize.params_data import Text


def sheet(model: Model, name: str, version: str) -> dict[str, Any]:
    """The content of the JSON.

    Args:
        model: The model.
        name: Of the registered model.
        version: Its version.
    """
    text = model.schema.text
    made = "order of the steps, filling up behind ends, indicators of levels and of missing values"
    inside = "the last steps of a longer sequence, scaling, clipping, linear part, network"
    if text is not None:
        made = "the text as it is read, its code points, filling up behind ends"
        inside = "the last characters of a longer text, characters and n-grams that are known, linear part, network"
    samples, steps = ("sequence", "steps") if text is None else ("text", "characters")
    return {
        "model": name,
        "version": version,
        "task": model.schema.task,
        "made_by_the_caller": made,
        "inside": f"{inside}, {'probabilities' if isinstance(model, Classifier) else 'the unit of the table'}",
        "inputs": {
            **(_values(model) if text is None else _code_points(model, text)),
            LENGTHS: {
                "type": "int64", "shape": ["n"],
                "rows": f"how many {steps} each {samples} has, at least 1; of more than {model.longest} the last are "
                        "read",
            },
        },
        "outputs": _outputs(model),
    }  # fmt: skip


def _values(model: Model) -> dict[str, Any]:
    """Steps of numbers."""
    schema, scaling = model.schema, model.fitted.scaling
    assert scaling.lower is not None
    assert scaling.upper is not None
    means = zip(scaling.mean, scaling.std, scaling.lower, scaling.upper, strict=True)
    columns = {
        column: {"is": _meaning(column, schema), "mean": float(mean), "std": float(std),
                 "bounds": [float(mean + end * std) for end in (lower, upper)]}
        for column, (mean, std, lower, upper) in zip(schema.input_columns, means, strict=True)
    }  # fmt: skip
    return {
        VALUES: {
            "type": "double", "shape": ["n", "steps", len(schema.input_columns)],
            "rows": "the steps of each sequence from its first one; behind its end anything", "columns": columns,
        }
    }  # fmt: skip


def _code_points(model: Model, text: Text) -> dict[str, Any]:
    """Characters of texts; `characters.normalised` is how a text is read."""
    known = model.fitted.scaling.characters
    assert known is not None
    lower = "; then in lower case, and composed again" if text.case == "lower" else "; its case is kept"
    return {
        CODE_POINTS: {
            "type": "int64", "shape": ["n", "characters"],
            "rows": "the Unicode code point of each character of a text from its first one; behind its end anything",
            "column": text.column, "read": f"composed (Unicode NFC), without space around it{lower}",
            "known": [chr(point) for point in known],
        }
    }  # fmt: skip


def _outputs(model: Model) -> dict[str, Any]:
    label, classes = model.schema.label, model.schema.classes
    if isinstance(model, Classifier):
        return {
            PROBABILITIES: {
                "type": "double", "shape": ["n", len(classes)], "columns": list(classes),
                "rows": f"the probability of each {label!r}; the largest one is the label",
            }
        }  # fmt: skip
    return {NUMBER: {"type": "double", "shape": ["n"], "column": label, "rows": f"{label!r} in the unit of the table"}}


def _meaning(column: str, schema: SequenceSchema) -> str:
    if column in schema.features:
        missing = "; NaN where it is missing" if column in schema.flagged else ""
        return f"in units of the table{missing}"
    if column.endswith(MISSING) and column.removesuffix(MISSING) in schema.flagged:
        return f"1 where {column.removesuffix(MISSING)} is missing, else 0"
    name, equals, level = column.partition("=")
    if not equals:
        return "in units of the table; the same in all steps"
    constant = "; the same in all steps" if name in schema.static_covariates else ""
    return f"1 where {name} is {level}, else 0{constant}"
