"""What the columns of a series mean, and its clock: written by `prepare`, read by everything after it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellsize.data.clock import Clock
from cellsize.params_data import Ambiguous

MISSING, HOLIDAY = "_missing", "holiday"
SERIES, TIME = "series", "time"


@dataclass(frozen=True)
class Schema:
    """The columns of the raw table and of the clean series, and the clock.

    Attributes:
        time: Raw column with the time, or the raw columns (year, month, …) it is spread over.
        series: Raw column that names the series, or None for a single one.
        targets: Numeric columns to forecast.
        past_covariates: Numeric columns seen in the past only.
        categorical_covariates: Text column → its levels, one indicator column each; seen in the past only.
        known_future_covariates: Numeric columns that are known for the steps to be predicted too.
        calendar: Calendar features made from the time; known in future.
        linear_calendar: Calendar features of the first step to be predicted, read by the linear part alone.
        holidays: Country whose public holidays are known in future, or None.
        timezone: Zone that all times are brought to, whose clock calendar features and days go by; None: times have no
            offset, and none is declared.
        other_zones: How many other zones the table's times fit as well; 0 where the zone is certain.
        is_naive: Whether the table's times have no offset: those of `timezone`, if that is declared.
        frequency: Time between two rows; see `clock.Clock`.
        gap: Longest run of missing rows that is accepted, in steps.
        flagged: Past covariates that have missing values, each with an indicator column.
        time_format: How a time is written; None: ISO 8601.
        ambiguous: What a time without an offset means that a clock set back shows twice: refuse, first, infer.
        static_covariates: Column that is constant in each series → its levels, or no level if it is a number.
        series_levels: Names of the series with an indicator column each; none: the series is no input.
    """

    time: tuple[str, ...]
    series: str | None
    targets: tuple[str, ...]
    past_covariates: tuple[str, ...]
    categorical_covariates: dict[str, tuple[str, ...]]
    known_future_covariates: tuple[str, ...]
    calendar: tuple[str, ...]
    linear_calendar: tuple[str, ...]
    holidays: str | None
    timezone: str | None
    other_zones: int
    is_naive: bool
    frequency: str
    gap: int
    flagged: tuple[str, ...]
    time_format: str | None
    ambiguous: Ambiguous
    static_covariates: dict[str, tuple[str, ...]]
    series_levels: tuple[str, ...]

    @property
    def clock(self) -> Clock:
        """What a step is."""
        return Clock.of(self.frequency)

    @property
    def past_columns(self) -> tuple[str, ...]:
        """Columns of the clean series that are seen in the past only, targets first."""
        indicators = [f"{name}={level}" for name, levels in self.categorical_covariates.items() for level in levels]
        flags = [f"{name}{MISSING}" for name in self.flagged]
        return (*self.targets, *self.past_covariates, *indicators, *flags)

    @property
    def known_future_columns(self) -> tuple[str, ...]:
        """Columns that are known for the steps to be predicted as well, first those constant in each series."""
        return (*self.static_columns, *self.known_future_covariates, *self.calendar_columns)

    @property
    def static_columns(self) -> tuple[str, ...]:
        """Columns that are constant in each series: numbers, an indicator for each level, one for each series."""
        columns = [
            column
            for name, levels in self.static_covariates.items()
            for column in ([f"{name}={level}" for level in levels] or [name])
        ]
        return (*columns, *(f"{self.series}={name}" for name in self.series_levels))

    @property
    def input_columns(self) -> tuple[str, ...]:
        """Columns of `Windows.inputs`, in their order."""
        return (*self.past_columns, *self.known_future_columns)

    @property
    def calendar_columns(self) -> tuple[str, ...]:
        """Columns made from the time: a sine and a cosine for each cycle, one for the weekend, one for holidays."""
        pairs = [(f"{name}_sin", f"{name}_cos") for name in self.calendar if name != "weekend"]
        weekend = ("weekend",) if "weekend" in self.calendar else ()
        holiday = () if self.holidays is None else (HOLIDAY,)
        return (*(column for pair in pairs for column in pair), *weekend, *holiday)

    def save(self, path: Path) -> None:
        """Writes JSON with the fields in order."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Schema":
        """Reads what `save` wrote."""
        return cls.from_fields(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> "Schema":
        """Makes a schema of JSON values, whose lists become tuples again."""
        plain: dict[str, Any] = {}
        for key, value in fields.items():
            if isinstance(value, dict):
                plain[key] = {name: tuple(levels) for name, levels in value.items()}
            else:
                plain[key] = tuple(value) if isinstance(value, list) else value
        return cls(**plain)


def without_target(targets: tuple[str, ...], column: str) -> str:
    """What to do with a target that is of no use; `prepare.targets: []` would be refused."""
    if len(targets) > 1:
        return "remove it from prepare.targets"
    return f"name another column under prepare.targets in place of {column!r}"
