"""What is run for which verdict; that DVC agrees is held end to end."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellsize import params_file
from cellsize.lifecycle.facts import NOTHING, Facts
from cellsize.project import retrain, runner, template
from cellsize.sizing.evaluation_records import Registration
from tests.report.conftest import choice, evaluation

UNTIL = "2026-05-31T23:00:00"
FRESH: dict[str, Any] = NOTHING | {
    "champion": "3", "known": True, "new_windows": 480, "new_blocks": 20, "now": 0.25, "before": 0.25, "worse": 0.3,
    "searched_until": UNTIL,
}  # fmt: skip
Call = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Retrains a project for which certain facts are found; returns status, commands of DVC and lines."""
    (tmp_path / "params.yaml").write_text(template.params({"prepare.table": "sales.csv"}), encoding="utf-8")
    (tmp_path / "dvc.yaml").write_text(template.stages(), encoding="utf-8")
    (tmp_path / "sales.csv").write_text("time,y\n", encoding="utf-8")

    def made(
        facts: dict[str, Any],
        search: int = 0,
        version: str = "4",
        promoted: bool = True,
        full: bool = False,
        changed: tuple[str, ...] = (),
        champion: str | None = None,
    ) -> tuple[int, list[str], list[str]]:
        commands, said = list[str](), list[str]()

        def look(folder: Path, name: str, *paths: str) -> None:
            if name == "champion":
                now = champion or (version if promoted else "3")
                (folder / paths[0]).write_text(now, encoding="utf-8")
                return
            if name == "reach":
                commands.append("reach")
                return
            if name == "code":
                assert paths == ("build/code",)
                return
            assert name == "look"
            Facts(**FRESH | facts).write(folder / paths[0])

        def dvc(folder: Path, *words: str, may_fail: bool = False, silent: bool = False) -> int:
            commands.append(" ".join(words))
            if words == ("repro", "dvc.yaml"):
                choice().write(folder / "reports/choice.json")
                evaluation().write(folder / "reports/evaluation.json")
                Registration(
                    name="toy", version=version, alias=None, registered=True, promoted=promoted, reason="words"
                ).write(folder / "reports/registration.json")
            if words[0] == "status" and words[2:] != ("dvc.yaml:search",):
                return int(any(f"dvc.yaml:{name}" in words for name in changed))
            return search if may_fail else 0

        monkeypatch.setattr(runner, "stage", look)
        monkeypatch.setattr(runner, "dvc", dvc)
        return retrain.retrain(tmp_path, full=full, say=said.append), commands, said

    return made


def until(folder: Path) -> str | None:
    return params_file.load(folder / "params.yaml").split.searched_until


RUN = [
    "repro dvc.yaml:baseline dvc.yaml:refit", "repro --force --single-item dvc.yaml:evaluate",
    "repro --force --single-item dvc.yaml:register", "repro dvc.yaml",
]  # fmt: skip
BEFORE_THE_SEARCH = ["repro dvc.yaml:code", "repro dvc.yaml:propose", "status --quiet dvc.yaml:search"]


def test_a_refit_keeps_the_rows_of_the_search_and_runs_what_dvc_finds_to_run(call: Call, tmp_path: Path) -> None:
    status, commands, said = call({})
    assert status == 10
    assert commands == [*BEFORE_THE_SEARCH, *RUN]
    assert until(tmp_path) == UNTIL
    assert said[0].startswith("retrain: refit: ")
    assert said[1:] == ["retrain: version 4 is champion, before version 3: words"]
    assert "version 4" not in said[0]
    assert (tmp_path / "reports/retrain.md").read_text(encoding="utf-8").startswith("## bay-area-traffic: promoted\n")
    # Of the whole file one line is another, and its comment stays.
    changed = set((tmp_path / "params.yaml").read_text(encoding="utf-8").splitlines())
    (line,) = changed - set(template.params({"prepare.table": "sales.csv"}).splitlines())
    assert re.match(rf"  searched_until: '{UNTIL}' +# ", line)


def test_where_the_search_would_run_all_the_same_it_sees_all_rows(call: Call, tmp_path: Path) -> None:
    status, commands, said = call({}, search=1, promoted=False)
    assert status == 11
    assert commands == [*BEFORE_THE_SEARCH, *RUN]
    assert until(tmp_path) is None
    assert said[0].startswith("retrain: resize: a whole sizing; version 3 could be refitted, but its search is not")
    assert said[1] == "retrain: version 4 is registered; the champion is version 3: words"


@pytest.mark.parametrize(
    ("was", "why"),
    [
        ("a1", "its search is not the one that DVC has here: that is another cellsize's, or was not pulled"),
        (
            "b2",
            f"the search that DVC has here had other rows until {UNTIL}: some came in later, or it is another "
            "version's",
        ),
    ],
)
def test_why_it_is_searched_again_is_said_as_the_record_of_dvc_has_it(
    call: Call, tmp_path: Path, was: str, why: str
) -> None:
    arrays = "build/searched_windows.npz"
    (tmp_path / "dvc.lock").write_text(
        "stages:\n"
        f"  window: {{outs: [{{path: build/windows.npz, md5: c3}}, {{path: {arrays}, md5: a1}}]}}\n"
        f"  search: {{deps: [{{path: {arrays}, md5: {was}}}, {{path: build/candidates.json, md5: d4}}]}}\n",
        encoding="utf-8",
    )
    assert call({}, search=1)[2][0] == f"retrain: resize: a whole sizing; version 3 could be refitted, but {why}"


def test_a_whole_sizing_sees_all_rows_again(call: Call, tmp_path: Path) -> None:
    call({})
    assert until(tmp_path) == UNTIL
    assert call({"worse": 0.95})[:2] == (10, RUN)
    assert until(tmp_path) is None


def test_before_a_whole_sizing_its_machines_are_asked(call: Call, tmp_path: Path) -> None:
    changes = {"prepare.table": "sales.csv", "search.compute.address": "auto"}
    (tmp_path / "params.yaml").write_text(template.params(changes), encoding="utf-8")
    _, commands, _ = call({"worse": 0.99}, full=True, changed=("split",))
    assert commands[1:] == ["reach", *RUN]
    assert commands[0].startswith("status --quiet dvc.yaml:prepare ")


@pytest.mark.parametrize(
    ("facts", "status"), [({"new_blocks": 2}, 0), ({"refused": "sales.csv: no column 'y'"}, 12), ({"tried": "4"}, 0)]
)
def test_where_nothing_is_to_be_done_nothing_is_touched(
    call: Call, tmp_path: Path, facts: dict[str, Any], status: int
) -> None:
    before = (tmp_path / "params.yaml").read_bytes()
    found, commands, said = call(facts)
    assert (found, commands) == (status, [])
    assert (tmp_path / "params.yaml").read_bytes() == before
    assert said[1] == "retrain: the champion is version 3, as before"
    assert "version 3, as before" in (tmp_path / "reports/retrain.md").read_text(encoding="utf-8")


def test_what_was_up_to_date_is_no_new_champion_after_a_roll_back(call: Call) -> None:
    status, commands, said = call({"tried": "4", "made": "4"}, full=True, promoted=True, champion="3")
    assert (status, commands) == (11, RUN)  # whom it was compared with DVC does not know
    assert said[1].startswith("retrain: version 4 is registered; the champion is version 3: ")


def test_the_champion_of_this_very_table_is_compared_with_nobody(call: Call) -> None:
    assert call({"made": "3"}, full=True, version="3")[:2] == (0, ["repro dvc.yaml"])


@pytest.mark.parametrize("facts", [{"new_windows": 0, "new_blocks": 0}, {"tried": "3"}])
def test_what_an_ended_run_has_left_undone_is_done(call: Call, facts: dict[str, Any]) -> None:
    looks = [
        "status --quiet " + " ".join(f"dvc.yaml:{name}" for name in retrain.TRAINED),
        "status --quiet " + " ".join(f"dvc.yaml:{name}" for name in retrain.AFTERWARDS),
    ]
    made = facts | {"made": "3"}
    status, commands, said = call(made, version="3", changed=("report",))
    assert (status, commands) == (0, [*looks, "repro dvc.yaml"])
    assert said[1] == "retrain: version 3 was made of this table; what its run has left undone is done now"
    assert said[2] == "retrain: the champion is version 3, as before"
    # Done, it is not done again; and nothing is trained.
    status, commands, said = call(made, version="3")
    assert (status, commands, len(said)) == (0, looks, 2)
    status, commands, said = call(made, version="3", changed=("refit", "report"))
    assert (status, commands) == (0, looks[:1])
    assert said[1] == ("retrain: the results of version 3 are not here; dvc pull fetches them, cellsize run makes them")


def test_full_measures_anew_and_the_same_model_is_no_new_champion(call: Call) -> None:
    status, commands, said = call({"new_windows": 0, "new_blocks": 0}, full=True, version="3")
    assert (status, commands) == (0, RUN)
    assert said == [
        "retrain: resize: a whole sizing; --full asks for it",
        "retrain: the champion is version 3, as before",
    ]
