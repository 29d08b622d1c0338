"""Rows on a regular clock: a row for each step, with missing values where the table has none."""

from datetime import tzinfo
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from cellsize.data import clock as clocks
from cellsize.data import table as tables
from cellsize.data.clock import Ints, microseconds, zone
from cellsize.data.schema import MISSING, SERIES, TIME, Schema
from cellsize.data.zones import COMMON
from cellsize.errors import InputError

# Where clocks are set back, or were until lately, at another time than in the zones that are common.
PEOPLED = (
    "America/Santiago", "America/Asuncion", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem", "Asia/Tehran",
    "Australia/Lord_Howe",
)  # fmt: skip
MANY = 20  # rows of a series that tell a frequency


def regular_rows(frame: pd.DataFrame, path: Path, schema: Schema, recent: int | None) -> pd.DataFrame:
    """The rows sorted by series and time, with a row of NaN for each missing step; all series at once."""
    codes, names = pd.factorize(frame[SERIES], sort=True)
    stamps = frame[TIME]
    order = np.lexsort((_order(stamps), codes))
    if not (order == np.arange(len(order))).all():
        codes, stamps = codes[order], stamps.iloc[order]
    clock, phases = schema.clock, schema.clock.phases(stamps, codes)  # of all rows, those too that are old
    places = _places(stamps, codes, names, order, path, schema)
    if recent is None:
        _refuse_holes(places, stamps, codes, names, order, path, schema)
    else:
        kept = _recent(places, codes, frame[list(schema.targets)].notna().all(axis=1).to_numpy()[order], recent)
        order, codes, stamps, places = order[kept], codes[kept], stamps[kept], places[kept]
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(begins[1:], len(codes)) - 1
    lengths = places[last] - places[begins] + 1
    offsets = np.cumsum(lengths) - lengths
    rows = offsets[codes] + places - places[begins][codes]
    code = np.repeat(np.arange(len(names)), lengths)
    every = np.arange(lengths.sum()) - offsets[code] + places[begins][code]
    full: dict[str, object] = {
        SERIES: pd.Categorical.from_codes(code, categories=pd.Index(names)),
        TIME: clock.times(every, phases[code], stamps),
    }
    for column in frame.columns.drop([SERIES, TIME]):
        values = np.full(len(code), np.nan)
        values[rows] = frame[column].to_numpy()[order]
        full[column] = values
    for column in schema.flagged:
        full[f"{column}{MISSING}"] = np.isnan(full[column]).astype(np.float64)  # type: ignore[call-overload]
    regular = pd.DataFrame(full, copy=False)
    holes = [column for column in schema.known_future_covariates if regular[column].isna().any()]
    if holes:
        # Beyond the last observed target lies what is to be forecast: nothing is made up there.
        observed = regular[list(schema.targets)].notna().all(axis=1).to_numpy()
        until = np.full(len(names), -1)
        np.maximum.at(until, code[observed], np.flatnonzero(observed))
        past = np.arange(len(code)) <= until[code]
        regular.loc[past, holes] = regular.groupby(SERIES, observed=True)[holes].ffill()[past]
    return regular


def _order(stamps: pd.Series | pd.Index) -> Ints:
    """Numbers in the order of the times, shape (n,)."""
    return np.asarray(stamps) if pd.api.types.is_integer_dtype(stamps.dtype) else microseconds(stamps)


def _places(
    stamps: pd.Series, codes: Ints, names: pd.Index, order: Ints, path: Path, schema: Schema
) -> Ints:  # fmt: skip
    """The step of each row, shape (n,), checked: on the clock, each once, without a gap that is too long.

    Args:
        stamps: Times, sorted by series and time.
        codes: The series of each, as a position in `names`.
        names: Names of the series.
        order: The row of the table that each comes from.
        path: Where they come from, for messages.
        schema: The clock, and the longest gap.
    """
    clock = schema.clock

    def where(position: int) -> str:
        return f"{path}, {tables.line(path, int(order[position]))}"

    def name(position: int) -> str:
        return repr(str(names[codes[position]]))

    inside = np.diff(codes, prepend=-1) == 0
    same = np.flatnonzero(inside & (np.diff(_order(stamps), prepend=0) == 0))
    if same.size:
        at = int(same[0])
        trainer, caller = _twice(stamps, same, schema)
        raise InputError(f"{where(at)}: {stamps.iloc[at]} is duplicated in series {name(at)}; {trainer}", caller)
    misplaced = clock.misplaced(stamps)
    if misplaced is not None:
        at, why = misplaced
        raise InputError(
            f"{where(at)}: {stamps.iloc[at]} {why} (series {name(at)}), as {schema.frequency!r} wants; fix "
            "prepare.frequency, or the row",
            "send rows on the clock of the model",
        )
    places = clock.places(stamps, codes)
    off = np.flatnonzero(
        _order(pd.Series(clock.times(places, clock.phases(stamps, codes)[codes], stamps))) != _order(stamps)
    )
    if off.size:
        at = int(off[0])
        first = stamps.iloc[int(np.flatnonzero(codes == codes[at])[0])]
        raise InputError(
            f"{where(at)}: {stamps.iloc[at]} is not a whole number of steps of {schema.frequency!r} after "
            f"{first} (series {name(at)}); fix prepare.frequency, or resample the table to one frequency",
            "send rows on the clock of the model",
        )
    return places


def _refuse_holes(
    places: Ints, stamps: pd.Series, codes: Ints, names: pd.Index, order: Ints, path: Path, schema: Schema
) -> None:
    """Refuses a gap that is too long, and a frequency that most rows do not have; arguments as for `_places`."""
    jumps = np.where(np.diff(codes, prepend=-1) == 0, np.diff(places, prepend=0), 1)
    rows, skips = np.bincount(codes), np.bincount(codes[jumps > 1], minlength=len(names))
    # A short series may have a hole; a frequency is wrong where many rows say so, and another step is as usual as it:
    # where half of the days are missing at random, a day is still the most usual step.
    inside = np.diff(codes, prepend=-1) == 0
    found = pd.DataFrame({"code": codes[inside], "jump": jumps[inside]}).value_counts().reset_index()
    other = np.zeros(len(names), np.int64)
    np.maximum.at(other, found["code"][found["jump"] > 1], found["count"][found["jump"] > 1])
    wrong = other >= np.bincount(codes[inside & (jumps == 1)], minlength=len(names))
    again = inside & (jumps > 1) & (np.diff(jumps, prepend=0) == 0)  # hourly rows, then rows every two hours
    wrong |= np.bincount(codes[again], minlength=len(names)) > skips / 2
    uneven = np.flatnonzero((skips > rows / 4) & wrong & ((rows >= MANY) | (skips.sum() > rows.sum() / 4)))
    at = int(jumps.argmax())
    if not uneven.size and jumps[at] - 1 <= schema.gap:
        return
    fitting = clocks.fitting(stamps, codes)
    remedy = "set prepare.frequency to its real step, or resample the table to one frequency"
    if fitting is not None and fitting != schema.frequency:
        remedy = f"set prepare.frequency: {fitting}, which most rows follow"
    if uneven.size:
        code = int(uneven[0])
        usual = int(np.median(jumps[(codes == code) & (jumps > 1)]))
        raise InputError(
            f"{path}: series {str(names[code])!r} steps by {usual} × {schema.frequency!r} in {skips[code]} of "
            f"{rows[code]} rows; {remedy}"
        )
    raise InputError(
        f"{path}, {tables.line(path, int(order[at]))}: {int(jumps[at] - 1)} steps are missing before {stamps.iloc[at]} "
        f"(series {str(names[codes[at]])!r}), more than prepare.gap: {schema.gap}; fill the gap, raise prepare.gap, or "
        "give the parts different series names"
    )


def _recent(places: Ints, codes: Ints, observed: npt.NDArray[np.bool_], recent: int) -> npt.NDArray[np.bool_]:
    """Mask of the rows around the last observed target of each series, or around its last row if it has none."""
    last = np.full(codes[-1] + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, codes[observed], places[observed])
    newest = np.full(codes[-1] + 1, np.iinfo(np.int64).min)
    np.maximum.at(newest, codes, places)
    last = np.where(last == np.iinfo(np.int64).min, newest, last)
    return np.asarray((places > last[codes] - recent) & (places <= last[codes] + recent))


def set_back(times: "pd.Series[pd.Timestamp]", name: str | None = None) -> str | None:
    """A zone whose clock shows all of some times twice, since it was set back then; None: there is none.

    Asked of the clocks themselves: in Berlin that is in the night of a Sunday, in Santiago late on a Saturday, in Cairo
    late on a Thursday.

    Args:
        times: Readings of a clock, at least one; of times with an offset their date and time of day counts.
        name: The only zone to look at; None: all, those that are common first.
    """
    some = pd.DatetimeIndex(times).tz_localize(None).unique()
    every = sorted(each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "posix/")))
    names = [name] if name is not None else [*COMMON, *PEOPLED, *every]
    return next((each for each in names if all(_shows_twice(zone(each), moment) for moment in some)), None)


def _shows_twice(place: tzinfo, moment: pd.Timestamp) -> bool:
    early, late = (moment.to_pydatetime(warn=False).replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
    return early is not None and late is not None and early > late  # the other way round it was set forward


def _twice(stamps: pd.Series, same: Ints, schema: Schema) -> tuple[str, str]:
    """What to do where a time is there twice: for who trains, and for who asks a served model."""
    if schema.clock.unit == "fixed" and schema.is_naive and schema.ambiguous != "infer":
        place = set_back(stamps.iloc[same], schema.timezone)
        if place is not None:
            timezone = schema.timezone or f"{place} (or another clock that was)"
            return (
                "if clocks were set back then (daylight saving ends), declare the clock and that both hours are there: "
                f"prepare.timezone: {timezone} and prepare.ambiguous: infer; else keep one row, or name the column "
                "that tells series apart under prepare.series",
                "send times with their offset, or keep one row" if schema.timezone else "keep one row",
            )
    return "keep one row, or name the column that tells series apart under prepare.series", "keep one row"
