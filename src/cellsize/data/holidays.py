"""Public holidays of a country, from the package holidays."""

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

from cellsize.errors import InputError

FIRST_YEAR, LAST_YEAR = 1950, 2100  # of the holidays that business days leave out


def holidays(country: str, years: range, key: str = "prepare.holidays") -> list[date]:
    """The public holidays of a country, or of a part of it (`US-CA`), as dates.

    Args:
        country: Its code.
        years: Those asked for.
        key: Where the country is named: `prepare.holidays`, or `prepare.frequency` with `C-` before it.

    Raises:
        InputError: The country is unknown.
    """
    from holidays import country_holidays  # few projects need it, and every stage imports this module

    name, _, part = country.partition("-")
    try:
        return list(country_holidays(name, subdiv=part or None, years=years))
    except NotImplementedError:
        before, without = ("C-", "B") if key == "prepare.frequency" else ("", "null")
        raise InputError(
            f"{key}: {before + country!r} is unknown to the package holidays; give the code of a country, such "
            f"as {before}DE, or of a part of one, such as {before}US-CA, or {without}"
        ) from None


def country_of(timezone: str | None) -> str | None:
    """The country that a timezone lies in, as the time zone database says, if its holidays are known.

    Args:
        timezone: Such as America/New_York. None, or one of no single country, such as UTC: nothing tells the country.
    """
    if timezone is None:
        return None
    for line in _zone_table().splitlines():
        country, _, name, *_ = [*line.split("\t"), "", ""]
        if name == timezone and not line.startswith("#"):
            try:
                holidays(country, range(2020, 2021))
            except InputError:
                return None
            return country
    return None


@cache
def _zone_table() -> str:
    """The table of timezones by country: the system's, else that of the package tzdata; empty if there is neither."""
    for folder in map(Path, TZPATH):
        if (folder / "zone.tab").is_file():
            return (folder / "zone.tab").read_text(encoding="utf-8")
    try:
        return files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""
