"""Messages of the pipeline in the words of `cellsize init`: its options, where `params.yaml` is not written yet."""

import re
from pathlib import Path

from cellsize.errors import InputError

LISTED = 8  # columns that a message lists
OPTIONS = {
    "prepare.targets": "--target", "prepare.time_format": "--time-format", "prepare.time": "--time",
    "prepare.series": "--series", "prepare.frequency": "--frequency", "prepare.timezone": "--timezone",
    "prepare.known_future_covariates": "--future", "prepare.past_covariates": "--past",
    "prepare.categorical_covariates": "--past", "prepare.group": "--group", "prepare.text": "--text",
    "window.horizon": "--horizon", "window.lookback": "--lookback",
}  # fmt: skip
# What a key cannot say is said otherwise; the first pattern that fits comes first.
REMEDIES = (
    (r"more than prepare\.gap: \d+; fill the gap, raise prepare\.gap,", "more than the table has rows; fix the time if "
     "it is wrong, fill the gap,"),
    (r", YYYYMMDD, or null", ", or YYYYMMDD"),
    (r" and prepare\.ambiguous: infer", ""),
    (r", and prepare\.time_format: ", ", and --time-format "),
    (r"set prepare\.time_format: null, since", "leave --time-format out, since"),
    (r"needs none; set it to null", "needs none; leave --time-format out"),
    (r"set prepare\.time_format(?: to)?", "give --time-format"),
    (r"fix it, or prepare\.time_format", "fix it, or give --time-format"),
    (r"prepare\.time: \[date, time\]", "--time DATE --time TIME"),
    (r"set prepare\.time: null to count the rows", "leave --time out to count the rows"),
    (r"name it in prepare\.time", "give it with --time"),
    (r"(?:remove it from prepare\.targets|name another column under prepare\.targets in place of '.*?')",
     "name another --target"),
    (r"name the column that tells series apart under prepare\.series", "name the column that tells series apart with "
     "--series"),
    (r"(?:set|fix) prepare\.frequency(?: to its real step)?", "give --frequency its real step"),
    (r"or name it under prepare\.(?:past|categorical)_covariates", "or name it with --past"),
    (r"or name the column under prepare\.categorical_covariates", "or leave the column out of the table"),
    (r"(?:join rare ones, or )?remove it from prepare\.static_covariates", "leave the column out of the table"),
    (r"remove it from params\.yaml(?: or convert it)?", "name another column, or leave it out of the table"),
    (r"else remove it$", "else leave it out: name the others with --past, or take it out of the table"),
    (r"its real step: ([^ ,;]+)", r"\1"),
    # How a file is written is found out: what is not found can be mended in the file alone.
    (r"set prepare\.csv\.encoding: \S+, or save it in [^;]+$", "save it as UTF-8"),
    (r"save the file as UTF-8, or set prepare\.csv\.encoding to .*$", "save the file as UTF-8"),
    (r"(?:fix prepare\.csv\.encoding|set prepare\.csv\.encoding: \S+)$", "save it as UTF-8"),
    (r"set prepare\.csv\.comment: \".\"(?: and prepare\.csv\.separator: \S+)?, if", "remove these lines, if"),
    (r"set prepare\.csv\.(?:units|total)_row: true, if this line", "remove this line, if it"),
    (r"set prepare\.csv\.separator: .*$", "write the table with commas between the columns and decimal points"),
    (r"set prepare\.csv\.(?:decimal|thousands): .*?(?=; else|$)", "write numbers with a decimal point and no sign "
     "between thousands"),
    (r"fix the file, or prepare\.csv$", "fix the file"),
    # Of labelled sequences.
    (r"set prepare\.series: null to name them by row", "leave --series out: texts are named by their row"),
    (r"name a column of texts in prepare\.text", "name a column of texts with --text"),
    (r"set prepare\.group: null, or declare another holdout", "leave --group out, or declare another holdout"),
    (r", or set prepare\.time: null to take the rows as they come", ", or leave the column of steps out of the table"),
    (r" in params\.yaml", ""),
)  # fmt: skip


def named(error: InputError, table: Path) -> InputError:
    """The same error with options in place of keys of `params.yaml`, and with the name of the table."""
    text = str(error)
    for pattern, words in REMEDIES:
        text = re.sub(pattern, words, text)
    for key, option in OPTIONS.items():
        text = re.sub(rf"{re.escape(key)}\b:?", option, text)
    return InputError(text if str(table) in text else f"{table}: {text}")


def listed(option: str, names: list[str]) -> str:
    """Columns that an option may name, as it is typed; of many the first ones."""
    shown = [f'{option} "{name}"' if " " in name else f"{option} {name}" for name in names[:LISTED]]
    return ", ".join(shown) + f", … ({len(names)} in all)" * (len(names) > LISTED)
