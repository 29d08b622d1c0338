"""Numbers as a text file writes them: with a decimal sign, and a sign between thousands."""

import re

import pandas as pd

from cellsize.params_data import Csv

EXACT = 2.0**53  # larger whole numbers lose digits as float64


def number_pattern(decimal: str, thousands: str | None) -> str:
    """A pattern of a number; a sign between thousands stands before three digits each."""
    # Not \d: it matches the digits of other scripts too, which pandas does not read.
    whole = r"[0-9]+" if thousands is None else rf"(?:[0-9]+|[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+)"
    fraction = re.escape(decimal)
    return rf"[+-]?(?:{whole}(?:{fraction}[0-9]*)?|{fraction}[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:[iI]nf(?:inity)?)"


def as_python_writes(text: "pd.Series[str]", csv: Csv) -> "pd.Series[str]":
    """Numbers with a decimal point and nothing between thousands, missing where a text is not a number."""
    if csv.thousands == " ":  # the blanks that a typesetter uses
        text = text.str.replace("\u00a0", " ").str.replace("\u202f", " ")
    text = text.where(text.str.fullmatch(number_pattern(csv.decimal, csv.thousands)).fillna(False).astype(bool))
    if csv.thousands is not None:
        text = text.str.replace(csv.thousands, "", regex=False)
    return text.str.replace(csv.decimal, ".", regex=False)


def as_numbers(text: "pd.Series[str]", csv: Csv) -> pd.Series:
    """A column as numbers if it holds nothing else, as text if not."""
    there = text.dropna()
    plain = as_python_writes(there, csv)
    if there.empty or plain.isna().any():
        truth = there.str.lower().map({"true": True, "false": False})
        return truth.astype(bool) if len(truth) == len(text) and truth.notna().all() else text
    numbers = pd.to_numeric(plain)
    return text if is_rough(numbers) else numbers.reindex(text.index)


def is_rough(values: pd.Series) -> bool:
    """Whether whole numbers may have lost digits as floats."""
    if pd.api.types.is_object_dtype(values):
        return any(isinstance(value, int) for value in values)
    return bool(pd.api.types.is_float_dtype(values) and (values.abs().between(EXACT, 1e25)).any())
