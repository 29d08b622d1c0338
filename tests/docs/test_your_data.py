"""The page "your own data": every table, setting and command on it, tried on longer tables of the same kind."""

import io
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cellsize.cli import app
from cellsize.data import constant_targets, folds, remedies, series, table, times, windows
from cellsize.params import Params
from cellsize.project import folder as project_folder
from tests.project.test_examine_texts import names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/your-data.md").read_text(encoding="utf-8")


def wave(rows: int, season: int, level: float = 50.0, seed: int = 0) -> npt.NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(0, level / 100, rows)
    values: npt.NDArray[np.float64] = (level + level / 10 * np.sin(2 * np.pi * np.arange(rows) / season) + noise).round(
        1
    )
    return values


def stamps(begin: str, rows: int, frequency: str, form: str = "%Y-%m-%d") -> pd.Index:
    return pd.date_range(begin, periods=rows, freq=frequency).strftime(form)


def hourly(**columns: Any) -> pd.DataFrame:
    rows = 1000
    return pd.DataFrame({"when": stamps("2026-01-01", rows, "h", "%Y-%m-%d %H:%M"), "load": wave(rows, 24)} | columns)


def with_offsets() -> pd.DataFrame:
    moments = pd.date_range("2026-03-01", periods=1000, freq="h", tz="Europe/Berlin")
    return hourly(when=[moment.isoformat(timespec="minutes") for moment in moments])


def on_a_clock() -> pd.DataFrame:
    moments = pd.date_range("2026-10-01", periods=1000, freq="h", tz="Europe/Berlin")
    return hourly(when=moments.tz_localize(None).strftime("%Y-%m-%d %H:%M"))


def daily(frequency: str = "D", rows: int = 600, season: int = 7, name: str = "sold") -> pd.DataFrame:
    return pd.DataFrame({"day": stamps("2024-01-01", rows, frequency), name: wave(rows, season)})


def quarterly() -> pd.DataFrame:
    quarters = [f"{1970 + quarter // 4}Q{quarter % 4 + 1}" for quarter in range(200)]
    return pd.DataFrame({"quarter": quarters, "sold": wave(200, 4)})


def less_holidays() -> pd.DataFrame:
    import holidays

    closed = holidays.country_holidays("DE", years=range(2024, 2028))
    days = [day for day in pd.bdate_range("2024-01-02", periods=720) if day.date() not in closed]
    return pd.DataFrame({"day": [f"{day:%Y-%m-%d}" for day in days], "price": wave(len(days), 5)})


def closed_on_sundays() -> pd.DataFrame:
    rows = daily(rows=800)
    return rows[pd.to_datetime(rows["day"]).dt.day_of_week < 6]


SHOPS = (("north", 40, "kiosk"), ("south", 4000, "market"), ("west", 500, "kiosk"))


def shops(**columns: Any) -> pd.DataFrame:
    parts = []
    for number, (shop, level, kind) in enumerate(SHOPS):
        rows = 500 - 60 * number
        part = pd.DataFrame(
            {"day": stamps("2025-01-01", rows, "D"), "shop": shop, "sold": wave(rows, 7, level, number)}
        )
        parts.append(part.assign(kind=kind) if columns else part)
    return pd.concat(parts)


def covariates() -> pd.DataFrame:
    weather = np.where(np.random.default_rng(1).random(1000) < 0.3, "rain", "dry")
    return hourly(wind=wave(1000, 30, 8, 2), weather=weather, price=wave(1000, 17, 2, 3))


def missing() -> pd.DataFrame:
    rows = 1000
    when = stamps("2026-01-01", rows, "h", "%Y-%m-%d %H:%M")
    table = pd.DataFrame({"when": when, "load": wave(rows, 24), "wind": wave(rows, 30, 8, 2)})
    holes = np.random.default_rng(4).random((2, rows)) < 0.03
    holes[:, :3] = [[False, False, False], [False, True, False]]
    table["load"], table["wind"] = table["load"].mask(holes[0]), table["wind"].mask(holes[1])
    return table.drop(index=range(300, 340))


def from_a_spreadsheet() -> pd.DataFrame:
    amounts = [f"{value:.1f}".replace(".", ",") for value in 30 * wave(1000, 24)]
    return pd.DataFrame({"Datum": stamps("2026-01-01", 1000, "h", "%d.%m.%Y %H:%M"), "Umsatz": amounts})


def in_two_columns() -> pd.DataFrame:
    date, clock = (stamps("2026-01-01", 1000, "h", form) for form in ("%Y-%m-%d", "%H:%M"))
    return pd.DataFrame({"Date": date, "Time": clock, "load": wave(1000, 24)})


def in_parts() -> pd.DataFrame:
    moments = pd.date_range("2026-01-01", periods=1000, freq="h")
    parts = {"year": moments.year, "month": moments.month, "day": moments.day, "hour": moments.hour}
    return pd.DataFrame(parts | {"load": wave(1000, 24)})


def in_years_and_quarters() -> pd.DataFrame:
    number = np.arange(200)
    return pd.DataFrame({"Jahr": 1970 + number // 4, "Quartal": 1 + number % 4, "Umsatz": wave(200, 4)})


def waves(**columns: Any) -> pd.DataFrame:
    """120 sequences of 4 to 9 steps, of three frequencies, by thirty persons, of whom seven are for tests."""
    draw, parts = np.random.default_rng(0), []
    for number in range(120):
        steps, code = 4 + number % 6, number % 3
        x = np.sin(np.arange(steps) * (1 + code)) + draw.normal(0, 0.3, steps)
        part = pd.DataFrame({"name": f"s{number}", "step": range(steps), "x": x.round(2)})
        if columns:
            part["pressed"] = np.where(draw.random(steps) < 0.5, "yes", "no")
            part["x"] = part["x"].where(part["step"] != 1)
            part["age"] = 30 + number // 4 % 9
        part["kind"] = ("slow", "middle", "fast")[code]
        if not columns:
            part["person"], part["part"] = f"p{number // 4}", "test" if number >= 92 else "train"
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def runs() -> pd.DataFrame:
    """120 runs of 4 to 9 steps on thirty machines; the wear is what the forces of a run come to."""
    draw, parts = np.random.default_rng(0), []
    for number in range(120):
        force = draw.normal(number % 7 / 3, 1, 4 + number % 6).round(2)
        part = pd.DataFrame({"run": f"r{number}", "step": range(len(force)), "force": force})
        parts.append(part.assign(wear=round(abs(float(force.sum())), 2), machine=f"m{number // 4}"))
    return pd.concat(parts, ignore_index=True)


def write_csv(path: Path, rows: pd.DataFrame) -> None:
    rows.to_csv(path, index=False)


def write_ts(path: Path, rows: pd.DataFrame) -> None:
    head = ["@problemName waves", "@univariate true", "@missing true", "@equalLength false",
            "@classLabel true slow middle fast", "@data"]  # fmt: skip
    lines = [
        ",".join("?" if np.isnan(value) else str(value) for value in each["x"]) + f":{each['kind'].iloc[0]}"
        for _, each in rows.groupby("name", sort=False)
    ]
    path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def write_npz(path: Path, rows: pd.DataFrame) -> None:
    each = rows.groupby("name", sort=False)
    lengths, values = each.size().to_numpy(), np.full((each.ngroups, 9, 1), np.nan)
    values[np.arange(9) < lengths[:, None], 0] = rows["x"]
    first = each.first()
    np.savez(path, X=values, lengths=lengths, y=first["kind"].to_numpy(str), person=first["person"].to_numpy(str))


# Heading on the page → file, its rows, and how they are written.
SEQUENCES: dict[str, tuple[str, Callable[[], pd.DataFrame], Callable[[Path, pd.DataFrame], None]]] = {
    "A row for each step": ("waves.csv", waves, write_csv),
    "Texts, constants, missing values": ("waves.csv", lambda: waves(more=True), write_csv),
    "A number for each sequence": ("runs.csv", runs, write_csv),
    "The format .ts": ("waves.ts", lambda: waves(more=True), write_ts),
    "NumPy arrays": ("waves.npz", waves, write_npz),
    "A text in each row": ("names.csv", names, write_csv),
}
TARGETS = ("load", "sold", "spots", "price", "pressure", "bread", "Umsatz")
# Heading on the page → a longer table of that kind.
TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "Hours with an offset": with_offsets,
    "Hours on the clock of a place": on_a_clock,
    "Hours without daylight saving": hourly,
    "Days": daily,
    "Weeks": lambda: daily("W-MON", 300, 13),
    "Months": lambda: pd.DataFrame({"month": stamps("2005-01-01", 240, "MS", "%Y-%m"), "sold": wave(240, 12)}),
    "Quarters": quarterly,
    "Years": lambda: pd.DataFrame({"year": range(1800, 2020), "spots": wave(220, 11)}),
    "Business days": lambda: daily("B", 700, 5, "price"),
    "Business days less holidays": less_holidays,
    "Closed on Sundays": closed_on_sundays,
    "Steps that are counted": lambda: pd.DataFrame({"cycle": range(1, 601), "pressure": wave(600, 12)}),
    "Rows in order, without a time": lambda: pd.DataFrame({"pressure": wave(600, 12)}),
    "Several series": shops,
    "What tells the series apart": lambda: shops(kind=True),
    "Several targets": lambda: daily(name="bread").assign(milk=wave(600, 7, 30, 1)),
    "Covariates": covariates,
    "A CSV from a spreadsheet": from_a_spreadsheet,
    "Dates in other formats": lambda: hourly(when=stamps("2026-01-01", 1000, "h", "%m/%d/%Y %I:%M %p")),
    "Seconds since 1970": lambda: hourly(when=1_767_225_600_000 + 3_600_000 * np.arange(1000)),
    "Date and time in two columns": in_two_columns,
    "Year, month, day and hour in columns": in_parts,
    "A year and its quarter, and other names of parts": in_years_and_quarters,
    "Parquet": lambda: hourly().assign(when=pd.date_range("2026-01-01", periods=1000, freq="h")).set_index("when"),
    "Missing values": missing,
    "Large numbers": lambda: hourly(load=1_000_000_000 + (10 * wave(1000, 24)).astype(int)),
    "Short tables": lambda: pd.DataFrame({"month": stamps("2018-01-01", 60, "MS", "%Y-%m"), "sold": wave(60, 12)}),
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A section of the page."""

    name: str
    text: str

    def fence(self, language: str) -> str:
        """The first block of a language; empty if there is none."""
        found = re.search(rf"```{language}\n(.*?)```", self.text, re.DOTALL)
        return found[1] if found else ""

    @property
    def settings(self) -> dict[str, Any]:
        """Dotted key of params.yaml → value."""
        content = YAML(typ="safe", pure=True).load(self.fence("yaml")) or {}
        return flat(content)

    def write(self, folder: Path) -> Path:
        """The longer table as a file."""
        if self.name in SEQUENCES:
            name, make, write = SEQUENCES[self.name]
            write(folder / name, make())
            return folder / name
        rows = TABLES[self.name]()
        if "parquet" in self.fence("console"):
            rows.to_parquet(folder / "sales.parquet")
            return folder / "sales.parquet"
        separator = self.settings.get("prepare.csv.separator", ",")
        rows.to_csv(folder / "sales.csv", index=False, sep=separator)
        return folder / "sales.csv"


def flat(content: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        is_section = isinstance(value, dict) and key not in ("holdout_part", "text")
        found |= flat(value, f"{before}{key}.") if is_section else {f"{before}{key}": value}
    return found


KINDS = [
    Kind(*part.split("\n", 1))
    for part in re.split(r"(?m)^### ", PAGE)[1:]
    if part.split("\n", 1)[0] in {*TABLES, *SEQUENCES}
]
FORECASTS = [kind for kind in KINDS if kind.name in TABLES]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def set_keys(content: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    for key, value in settings.items():
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section[name]
        assert last in section, f"{key}: no key of params.yaml"
        section[last] = value
    return content


def test_every_kind_is_on_the_page_and_tried() -> None:
    headings = re.findall(r"(?m)^### (.*)$", PAGE)
    with_a_table = [Kind(*part.split("\n", 1)).name for part in re.split(r"(?m)^### ", PAGE)[1:] if "```yaml" in part]
    assert len(headings) == len(set(headings))
    assert with_a_table == [kind.name for kind in KINDS]
    assert {*TABLES, *SEQUENCES} == set(with_a_table)


@every_kind
def test_the_table_shown_is_the_beginning_of_the_one_tried(kind: Kind, tmp_path: Path) -> None:
    path = kind.write(tmp_path)
    if path.suffix in (".csv", ".ts"):
        shown = kind.fence("text")
        assert len(shown.splitlines()) >= 3
        assert path.read_text(encoding="utf-8").startswith(shown)


@pytest.mark.parametrize("kind", FORECASTS, ids=lambda kind: kind.name)
def test_the_settings_shown_make_windows_and_folds_of_the_table(kind: Kind, tmp_path: Path) -> None:
    path = kind.write(tmp_path)
    content = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    short = {
        "prepare.calendar": [], "prepare.linear_calendar": [], "window.lookback": 8, "window.linear_lookback": None,
        "window.horizon": 4,
    }  # fmt: skip
    target = next(name for name in TABLES[kind.name]() if name in TARGETS)
    params = Params.model_validate(set_keys(content, short | {"prepare.targets": [target]} | kind.settings))
    prepare = params.prepare
    raw = table.read(path, series.texts(prepare), prepare.csv, times.columns_of(prepare))
    schema = series.describe(raw, path, prepare)
    arrays = remedies.build(series.clean(raw, path, schema), schema, params.window, params.split, path)
    made = remedies.split(arrays, params.split, params.window)
    constant_targets.refuse(arrays, made, params.split)
    assert made.holdout.sum() >= 3
    assert isinstance(arrays, windows.Windows)
    assert isinstance(made, folds.Folds)


@every_kind
def test_init_finds_what_the_page_says(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without DVC's own folder, which takes a second and is the same for all.
    monkeypatch.setattr(project_folder, "_begin_dvc", lambda *_: [])
    monkeypatch.chdir(tmp_path)
    kind.write(tmp_path)
    blocks = re.findall(r"```console\n(.*?)```", kind.text, re.DOTALL)
    for block in blocks:
        command, *shown = block.splitlines()
        words = shlex.split(command.removeprefix("$ cellsize "))
        ran = CliRunner().invoke(app, words)
        said = ran.output.splitlines()
        for line in shown:
            assert line in said, ran.output
        assert (ran.exit_code != 0) == any(line.startswith("error: ") for line in said), ran.output
        if ran.exit_code == 0:
            written = flat(YAML(typ="safe", pure=True).load(Path("params.yaml").read_text(encoding="utf-8")))
            by_hand = re.findall(r"(?m)^  (\w+): .*# by hand", kind.fence("yaml"))
            for key, value in kind.settings.items():
                if key.rpartition(".")[2] not in by_hand:
                    assert written[key] == value, key
            Path("params.yaml").unlink()
            Path("dvc.yaml").unlink()


if __name__ == "__main__":  # the tables as the page shows them
    for name, make in TABLES.items():
        text = io.StringIO()
        make().head(3).to_csv(text, index=False)
        print(f"### {name}\n\n```text\n{text.getvalue()}```\n")
