"""What the sections of `params.yaml` are made of, and those about the data: table, windows, holdout and folds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LARGEST = 2**31 - 1  # of whole numbers: a product of two of them is one of 64 bits
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Natural = Annotated[int, Field(ge=0, le=LARGEST)]
Names = tuple[str, ...]
LinearCalendar = Literal[
    "hour_of_week", "hour_of_day", "day_of_week", "day_of_year", "day_of_month", "month_of_year", "harmonics_of_week",
    "harmonics_of_day",
]  # fmt: skip
Ambiguous = Literal["refuse", "first", "infer"]


class Section(BaseModel):
    """A section refuses unknown keys, and text in place of numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _lists_become_tuples(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class Csv(Section):
    """How a text file is written; a Parquet file needs none of it."""

    separator: Annotated[str, Field(min_length=1, max_length=1)]
    decimal: Annotated[str, Field(min_length=1, max_length=1)]
    thousands: Annotated[str, Field(min_length=1, max_length=1)] | None
    comment: Annotated[str, Field(min_length=1, max_length=1)] | None
    encoding: str
    units_row: bool
    total_row: bool

    @model_validator(mode="after")
    def _each_sign_means_one_thing(self) -> "Csv":
        # A number may have the separator in it, "1,200.5": such values are quoted.
        for sign, others in (
            (self.thousands, (self.decimal,)),
            (self.comment, (self.separator, self.decimal, self.thousands)),
        ):
            if sign is not None and sign in others:
                raise ValueError(f"{sign!r} is named twice: give each sign one meaning")
        return self


class Text(Section):
    """A column of texts, each of them a sequence of characters."""

    column: str
    characters: Annotated[int, Field(ge=1, le=4096)]
    case: Literal["keep", "lower"]


class Prepare(Section):
    """Which table, which columns, which clock."""

    table: str
    csv: Csv
    time: str | Annotated[Names, Field(min_length=1)] | None
    time_format: str | None
    series: str | None
    group: str | None
    text: Text | None
    targets: Annotated[Names, Field(min_length=1)]
    past_covariates: Names
    categorical_covariates: Names
    known_future_covariates: Names
    static_covariates: Names
    series_as_input: bool
    calendar: tuple[Literal["hour", "weekday", "weekend", "month"], ...]
    linear_calendar: tuple[LinearCalendar, ...]
    holidays: str | None
    timezone: str | None
    ambiguous: Ambiguous
    frequency: str
    gap: Positive

    @model_validator(mode="after")
    def _columns_named_once(self) -> "Prepare":
        named = [
            *self.targets,
            *self.past_covariates,
            *self.categorical_covariates,
            *self.known_future_covariates,
            *self.static_covariates,
            *(() if self.text is None else (self.text.column,)),
        ]
        duplicated = sorted({name for name in named if named.count(name) > 1})
        if duplicated:
            raise ValueError(f"column {duplicated[0]!r} is named twice: give each column one role")
        if self.group is not None and self.group in (*named, self.series):
            raise ValueError(f"column {self.group!r} is group and something else: give each column one role")
        if self.series in named:
            raise ValueError(f"column {self.series!r} is series and something else: give each column one role")
        for key in ("calendar", "linear_calendar"):
            if len(set(getattr(self, key))) < len(getattr(self, key)):
                raise ValueError(f"{key}: name each feature once")
        return self


class Window(Section):
    """What a window sees, what it predicts, and how both are transformed."""

    lookback: Positive
    linear_lookback: Positive | None
    horizon: Positive
    fill: Natural
    transform: Literal["none", "log1p", "sqrt"]
    normalise: Literal["none", "last", "standard"]
    scale: Literal["global", "series"]
    observed: Annotated[float, Field(gt=0, le=1)]

    @property
    def steps_seen(self) -> int:
        """Steps that a window sees: those that the linear part sees, of which the cells see the last `lookback`."""
        return self.lookback if self.linear_lookback is None else self.linear_lookback

    @model_validator(mode="after")
    def _the_linear_part_sees_what_the_cells_see(self) -> "Window":
        if self.steps_seen < self.lookback:
            raise ValueError("linear_lookback: less than lookback; raise it, or set null: the same steps")
        return self


class EarlyStopping(Section):
    """The early-stopping set of each fold: it decides when to stop, and which settings to use."""

    fraction: Annotated[float, Field(gt=0, le=0.5)]
    blocks: Annotated[int, Field(ge=1, le=1000)]


class HoldoutPart(Section):
    """A column of the table, and its value in the rows that are the holdout."""

    column: str
    value: str


class Split(Section):
    """The holdout and the folds."""

    holdout: Annotated[float, Field(gt=0, le=0.5)]
    holdout_of: Literal["table", "series", "whole_series"]
    holdout_part: HoldoutPart | None
    searched_until: str | None
    folds: Annotated[int, Field(ge=2, le=1000)]
    scheme: Literal["contiguous", "expanding", "sliding", "groups", "shuffled", "stratified"]
    duplicates: Literal["group", "spread"]
    early_stopping: EarlyStopping

    @model_validator(mode="after")
    def _independent_sequences_have_no_last_part(self) -> "Split":
        if self.scheme == "shuffled" and self.holdout_of == "series":
            raise ValueError("holdout_of: series needs series in time, and shuffled ones have none; set table")
        return self
