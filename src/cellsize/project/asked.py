"""What the user of `cellsize init` declares."""

from dataclasses import dataclass
from pathlib import Path

from cellsize.errors import InputError


@dataclass(frozen=True)
class Asked:
    """What the user declares; None or empty: it is found out.

    Attributes:
        table: The file.
        targets: Columns to forecast.
        time: Columns with the time.
        time_format: How times are written.
        timezone: Clock of times without an offset, and of the calendar.
        series: Column that tells series apart.
        frequency: The step.
        horizon: Steps predicted.
        lookback: Steps that memory cells see.
        past: The past covariates, numbers or texts; None: all columns that may be.
        future: Covariates known in future.
    """

    table: Path
    targets: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    time_format: str | None = None
    timezone: str | None = None
    series: str | None = None
    frequency: str | None = None
    horizon: int | None = None
    lookback: int | None = None
    past: tuple[str, ...] | None = None
    future: tuple[str, ...] = ()


def refuse_contradictions(asked: Asked) -> None:
    """Refuses columns that are named twice, or for two things."""
    given = {
        "--time": asked.time, "--series": (asked.series,) if asked.series else (), "--target": asked.targets,
        "--past": asked.past or (), "--future": asked.future,
    }  # fmt: skip
    uses = [(name, option) for option, names in given.items() for name in names]
    first = dict[str, str]()
    for name, option in uses:
        if name in first:
            raise InputError(
                f"{asked.table}, column {name!r}: named by {first[name]} and again by {option}; name it once"
            )
        first[name] = option
