"""What a window might show in place of what is declared."""

from dataclasses import dataclass, replace
from typing import Literal

from cellsize.data.calendar import DAY, WEEK, width
from cellsize.data.clock import Clock
from cellsize.data.schema import Schema
from cellsize.data.windows import Normalise, Transform
from cellsize.params_data import Window

Key = Literal[
    "window.linear_lookback", "prepare.linear_calendar", "prepare.holidays", "window.normalise", "window.transform"
]
YEAR = 366  # days


@dataclass(frozen=True)
class Option:
    """One way to show the data.

    Attributes:
        lookback: Steps that the linear part sees.
        calendar: Calendar features of the first step to be predicted.
        holidays: Country whose holidays are known in future, or None.
        normalise: Normalisation of each window.
        transform: Transformation of the targets.
    """

    lookback: int
    calendar: tuple[str, ...]
    holidays: str | None
    normalise: Normalise
    transform: Transform

    def value(self, key: Key, cell_lookback: int) -> str:
        """What `params.yaml` says for it."""
        match key:
            case "window.linear_lookback":
                return "null" if self.lookback == cell_lookback else str(self.lookback)
            case "prepare.linear_calendar":
                return f"[{', '.join(self.calendar)}]"
            case "prepare.holidays":
                return self.holidays or "null"
            case "window.normalise":
                return self.normalise
            case "window.transform":
                return self.transform

    def adopt(self, key: Key, other: "Option") -> "Option":
        """This option with one thing of another."""
        name = {"window.linear_lookback": "lookback", "prepare.linear_calendar": "calendar"}.get(key, key.split(".")[1])
        return replace(self, **{name: getattr(other, name)})


def declared(schema: Schema, window: Window) -> Option:
    """What `params.yaml` declares."""
    return Option(window.steps_seen, schema.linear_calendar, schema.holidays, window.normalise, window.transform)


def lookbacks(window: Window, seasons: tuple[int, ...]) -> list[int]:
    """Other lookbacks of the linear part, ascending: twice and four times as much, a season, what the cells see."""
    seen = window.steps_seen
    others = {2 * seen, 4 * seen, window.lookback, *(season for season in seasons if season > window.lookback)}
    return sorted(others - {seen})


def alternatives(
    schema: Schema, window: Window, longer: list[int], days: float, lowest: float, country: str | None = None
) -> dict[Key, list[Option]]:
    """What is tried for each key of `params.yaml`, apart from what is declared.

    Args:
        schema: The columns and the clock.
        window: What is declared.
        longer: Lookbacks to try.
        days: Length of a fold's training part.
        lowest: The smallest target in training.
        country: Whose holidays may be known in future, whether declared or not; None: nothing tells.
    """
    plain = declared(schema, window)
    transforms: tuple[Transform, ...] = ("none", "log1p", "sqrt") if lowest >= 0 else ("none",)
    normalisations: tuple[Normalise, ...] = ("none", "last", "standard")
    found: dict[Key, list[Option]] = {
        "window.linear_lookback": [replace(plain, lookback=steps) for steps in longer],
        "prepare.linear_calendar": [replace(plain, calendar=names) for names in _calendars(schema.clock, days)],
        "prepare.holidays": [replace(plain, holidays=holidays) for holidays in dict.fromkeys((None, country))],
        "window.normalise": [replace(plain, normalise=normalise) for normalise in normalisations],
        "window.transform": [replace(plain, transform=transform) for transform in transforms],
    }
    return {key: [option for option in options if option != plain] for key, options in found.items()}


def _calendars(clock: Clock, days: float) -> list[tuple[str, ...]]:
    """Features that a step is short enough for and that training has seen whole, the fewest columns first."""
    if clock.unit == "integer":
        return [()]
    seconds = clock.seconds
    if clock.unit == "months":
        return [(), ("month_of_year",)] if seconds < YEAR * DAY and days > 2 * YEAR else [()]
    within = list[tuple[str, ...]]()
    if seconds < DAY:
        within = [("hour_of_week",), ("hour_of_day",), ("hour_of_day", "day_of_week")]
        within += [("harmonics_of_week",), ("harmonics_of_day",)]
    within += [("day_of_week",)] if DAY <= seconds < WEEK else []
    if days > YEAR:
        within += [("day_of_year",), *((*names, "day_of_year") for names in within)]
    return [(), *sorted(within, key=lambda names: width(names, seconds))]
