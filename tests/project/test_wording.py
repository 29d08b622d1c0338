"""What was found, in words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cellsize.project.asked import Asked
from cellsize.project.examine import examine
from tests.project.conftest import params, said


def test_several_series_are_told_apart(write_csv: Callable[..., Path]) -> None:
    rows, parts = np.arange(300), list[pd.DataFrame]()
    for number, place in enumerate(("north", "south")):
        load = (50 + 5 * np.sin(rows / 2) + np.random.default_rng(number).normal(size=300)).round(3)
        when = pd.date_range("2026-01-01", periods=300, freq="D").strftime("%Y-%m-%d")
        parts.append(pd.DataFrame({"when": when, "place": place, "size": 5 + number, "load": load}))
    table = pd.concat(parts)
    path = write_csv(**{str(name): table[name].to_numpy() for name in table})
    found = examine(Asked(path, targets=("load",)))
    made = params(found)
    assert (made.prepare.series, made.prepare.frequency) == ("place", "D")
    assert said(found, "series") == "series: 2, told apart by 'place'"
    assert made.prepare.static_covariates == ("size",)


def test_what_is_decided_about_the_clock_is_said(write_csv: Callable[..., Path]) -> None:
    when = pd.date_range("2025-10-01", "2025-11-10", freq="h", tz="Europe/Berlin")
    load = (50 + 5 * np.sin(2 * np.pi * np.arange(len(when)) / 24)).round(3)
    bare = write_csv(when=when.tz_localize(None).strftime("%Y-%m-%d %H:%M"), load=load)
    found = examine(Asked(bare, timezone="Europe/Berlin"))
    assert "2025-10-01 00:00+02:00 to 2025-11-10 00:00+01:00" in said(found, "time")
    assert said(found, "clock") == "clock: that of Europe/Berlin, as declared"
    assert said(found, "ambiguous").startswith("ambiguous: infer, since")
    assert said(found, "calendar").startswith("calendar: hour, weekday, weekend")
    found = examine(Asked(write_csv(when=[each.isoformat() for each in when], load=load)))
    assert params(found).prepare.timezone is None
    assert "which fits the offsets" in said(found, "clock")
