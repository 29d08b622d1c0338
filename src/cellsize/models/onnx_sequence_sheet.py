"""What an ONNX file of a model of sequences is fed with, for somebody who has nothing else: the JSON beside it."""

from typing import Any

from cellsize.data.schema import MISSING
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.models.classifier import Classifier
from cellsize.models.onnx_sequences import LENGTHS, PROBABILITIES, VALUES


def sheet(model: Classifier, name: str, version: str) -> dict[str, Any]:
    """The content of the JSON.

    Args:
        model: The model.
        name: Of the registered model.
        version: Its version.
    """
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
        "model": name,
        "version": version,
        "task": "classify",
        "made_by_the_caller": "order of the steps, filling up behind ends, indicators of levels and of missing values",
        "inside": "the last steps of a longer sequence, scaling, clipping, linear part, network, probabilities",
        "inputs": {
            VALUES: {
                "type": "double", "shape": ["n", "steps", len(schema.input_columns)],
                "rows": "the steps of each sequence from its first one; behind its end anything",
                "columns": columns,
            },
            LENGTHS: {
                "type": "int64", "shape": ["n"],
                "rows": f"how many steps each sequence has, at least 1; of more than {model.longest} the last are read",
            },
        },
        "outputs": {
            PROBABILITIES: {
                "type": "double", "shape": ["n", len(schema.classes)], "columns": list(schema.classes),
                "rows": f"the probability of each {schema.label!r}; the largest one is the label",
            }
        },
    }  # fmt: skip


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
