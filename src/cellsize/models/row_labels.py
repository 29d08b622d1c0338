"""Labels of sequences from rows in the user's own columns and units: what a served model is asked for."""

from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.data import characters, sequence_rows
from cellsize.data.scaling import Scaling
from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.classifier import Classifier

ROWS = Path("the rows given")
PROBABILITY = "probability of "


def label_rows(classifier: Classifier, rows: pd.DataFrame) -> pd.DataFrame:
    """Labels each sequence of some rows.

    What is accepted:

    - rows in any order (but for the steps of a sequence where no column says what a step is), with any index, of any
      number of sequences; other columns are ignored, the label's own too;
    - numbers as numbers, as text with a decimal point, or as true and false;
    - texts, a row each, of a model that reads characters;
    - a sequence that is longer than all of the training: its last steps are read, as many as the longest one had.

    Args:
        classifier: The model.
        rows: A row for each step, in the raw table's columns and units.

    Returns:
        A row for each sequence, in the order in which they come first: its name as text, the most probable label as
        the table has it, and a column with the probability of each class, in the order of the classes; see
        `probability_columns`.

    Raises:
        InputError: A column or a value is missing or unreadable, or a step is there twice. `InputError.for_caller`
            says what to send.
    """
    return labels_and_remarks(classifier, rows)[0]


def labels_and_remarks(classifier: Classifier, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """What `label_rows` returns, and what of the rows was not read as it was sent, for a log."""
    schema, scaling = classifier.schema, classifier.fitted.scaling
    if rows.empty:
        raise InputError("no rows; send a row for each step of each sequence")
    sequences = sequence_rows.read(rows, ROWS, schema, np.asarray(scaling.mean, np.float64))
    probabilities = classifier.probabilities(sequences, np.arange(len(sequences.first)))
    table = pd.DataFrame({schema.sequence: pd.Series(sequences.names, dtype="str")})
    table[schema.label] = schema.labels(probabilities.argmax(axis=1))
    columns = pd.DataFrame(probabilities, columns=probability_columns(schema))
    return pd.concat([table, columns], axis=1), remarks(sequences, scaling, classifier.longest)


def probability_columns(schema: SequenceSchema) -> list[str]:
    """Names of the columns of probabilities, in the order of the classes, whatever text a class is called by."""
    begin = PROBABILITY
    while any(name.startswith(begin) for name in (schema.sequence, schema.label)):
        begin = f"the {begin}"
    return [f"{begin}{name}" for name in schema.classes]


def remarks(sequences: Sequences, scaling: Scaling, longest: int) -> list[str]:
    """What of the rows was not read as it was sent: steps before the last ones, and values beyond the bounds."""
    long = int((sequences.length > longest).sum())
    said = [f"sequences of more than {longest} steps, of which the last are read: {long}"] if long else []
    assert scaling.lower is not None
    assert scaling.upper is not None
    if sequences.characters:
        unknown = round(
            sequences.length.sum() * characters.unknown(sequences, scaling, np.arange(len(sequences.first)))
        )
        return said + ([f"characters that are unknown to the model: {unknown}"] if unknown else [])
    values = sequences.inputs / scaling.std
    beyond = ((values < scaling.lower) | (values > scaling.upper)).sum(axis=0)
    counts = ", ".join(f"{name} {count}" for name, count in zip(sequences.features, beyond, strict=True) if count)
    return said + ([f"values beyond what training has shown were clipped: {counts}"] if counts else [])
