"""The shipped forecasts follow the advice of their own inspection: nothing that was tried is worth a change."""

from pathlib import Path

import pytest

from cellsize import params_file
from cellsize.sizing.inspection_records import Inspection
from cellsize.stages import inspect, prepare, split, window
from tests.end_to_end.conftest import ROOT

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.mark.parametrize("place", [".", *(f"examples/{name}" for name in
                                          ("new-york-weather", "beijing-air", "santa-fe-laser"))])  # fmt: skip
def test_a_shipped_example_follows_the_advice(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / place)  # its table is named as seen from there
    params = params_file.load(Path("params.yaml"))
    clean, schema = tmp_path / "series.parquet", tmp_path / "schema.json"
    windows, folds = tmp_path / "windows.npz", tmp_path / "folds.parquet"
    searched, searched_folds = tmp_path / "searched.npz", tmp_path / "searched.parquet"
    prepare.main(params, clean, schema)
    window.main(params, clean, schema, windows, searched)
    split.main(params, searched, windows, searched_folds, folds)
    inspect.main(params, clean, schema, folds, tmp_path / "inspection.json")
    assert Inspection.read(tmp_path / "inspection.json").advice == ()
