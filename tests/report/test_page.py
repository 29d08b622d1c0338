import json
import re
import runpy
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pandas as pd
import pytest

from cellsize.errors import InputError
from cellsize.params import Report
from cellsize.report import charts, page, size_chart, summaries
from cellsize.report.page import Inputs
from cellsize.sizing.choice_records import Choice, Ladder
from cellsize.sizing.evaluation_records import Evaluation
from cellsize.sizing.inspection_records import SeriesLeftOut

FETCHES = re.compile(r"""(src|href|action|data|srcset)\s*=\s*["']?(?!#)|@import|url\((?!#)|https?:""", re.IGNORECASE)
WORDS = pytest.mark.usefixtures("undrawn")
VOID = {"meta", "br", "link", "img", "hr", "input"}
FILES = ["curves.csv", "index.html", "metrics.json", "sizes.csv", "summary.md"]


class Balance(HTMLParser):
    """Notes every element that is closed out of turn, every id, and every reference to one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str | None] = []
        self.references: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            self.references |= set(re.findall(r"url\(#([^)]+)\)", value or ""))
            if name in ("href", "xlink:href"):
                self.references.add(cast(str, value).removeprefix("#"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


def test_the_page_fetches_nothing(toy: Callable[..., Inputs], report: Report) -> None:
    # The page is opened from a mail or a CI artefact, often without a network.
    html = page.render(toy(), report)
    assert FETCHES.findall(html.replace('xlink:href="#', "")) == []
    assert "<script" not in html
    assert html.count("<svg") == 4


def test_elements_close_in_order_and_ids_are_unique_and_found(toy: Callable[..., Inputs], report: Report) -> None:
    # Four SVGs of one program are in one document: without a prefix their ids would collide.
    balance = Balance()
    balance.feed(page.render(toy(), report))
    assert (balance.open, balance.wrong) == ([], [])
    assert len(balance.ids) == len(set(balance.ids)) > 100
    assert balance.references <= set(balance.ids)
    assert balance.references


@WORDS
def test_the_answer_is_the_heading(toy: Callable[..., Inputs], report: Report) -> None:
    assert "<h1>Your LSTM needs 1 layer of 32 memory cells, beside a linear model of 438 weights.</h1>" in page.render(
        toy(), report
    )


@WORDS
def test_nmse_is_explained_once_before_the_figures(toy: Callable[..., Inputs], report: Report) -> None:
    html = page.render(toy(), report)
    assert html.count("divided by the variance of the training targets") == 1
    assert html.index("divided by the variance") < html.index('class="tiles"')


@WORDS
def test_where_absolute_errors_count_nothing_is_called_nmse(
    toy: Callable[..., Inputs],
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_evaluation: Callable[..., Evaluation],
) -> None:
    plain = toy()
    inputs = toy(
        choice=toy_choice().model_copy(update={"metric": "mae"}),
        evaluation=toy_evaluation(metric="mae"),
        baselines=plain.baselines.model_copy(update={"metric": "mae"}),
        inspection=plain.inspection.model_copy(update={"metric": "mae"}),
    )
    html, summary = (
        page.render(inputs, report),
        summaries.markdown(inputs.choice, inputs.evaluation, inputs.registration, report),
    )
    for text in (html, summary):
        assert not re.search("nmse|normalised MSE|variance of the training", text)
        assert text.count("mean absolute deviation of the training targets from their median") == 1
        assert "Score (nmae)" in text
    assert "no better than always forecasting the median" in html
    assert "The ridge-linear model is fitted by least squares" in html
    assert not re.search("nmae|normalised MAE|fitted by least squares", page.render(plain, report))


@WORDS
def test_zero_cells_draw_no_learning_curves(
    toy: Callable[..., Inputs], report: Report, toy_choice: Callable[..., Choice]
) -> None:
    found = toy_choice(0, 0).model_copy(update={"prolonged": 0.22, "median_steps": 300})
    html = page.render(toy(choice=found), report)
    assert "There are no learning curves" in html
    assert "here 22 % of the trainings of all sizes were, " in html
    assert html.count("<svg") == 3


@WORDS
def test_both_ladders_are_a_table_only_where_both_kinds_were_trained(
    toy: Callable[..., Inputs],
    report: Report,
    toy_choice: Callable[..., Choice],
    toy_ladders: tuple[Ladder, ...],
) -> None:
    heading = "Plain, or beside a linear model?"
    assert heading not in page.render(toy(), report)
    html = page.render(toy(choice=toy_choice().model_copy(update={"ladders": toy_ladders})), report)
    section = html[html.index(heading) : html.index("How good is it on data it never saw?")]
    assert "<strong>0.299</strong>" in section
    assert "<strong>0.291</strong>" in section
    assert "<strong>0.289</strong>" not in section


@WORDS
def test_a_choice_of_an_mlp_has_its_page(
    toy: Callable[..., Inputs], report: Report, toy_mlp_choice: Callable[..., Choice]
) -> None:
    html = page.render(toy(choice=toy_mlp_choice()), report)
    assert "<h1>This forecast needs no memory cells: an MLP of 64 hidden units will do.</h1>" in html
    assert '<tr class="chosen"><td class="text">MLP of 64</td>' in re.sub(r">\s+<", "><", html)


@WORDS
def test_an_undecided_choice_says_so_at_the_top(
    toy: Callable[..., Inputs], report: Report, toy_choice: Callable[..., Choice]
) -> None:
    html = page.render(toy(choice=toy_choice(0, 0).model_copy(update={"cells_left_open": True})), report)
    assert "<h1>Undecided: memory cells failed in some trainings and not in others" in html


@WORDS
def test_boosted_trees_that_are_better_say_so_at_the_top(
    toy: Callable[..., Inputs], report: Report, toy_evaluation: Callable[..., Evaluation]
) -> None:
    html = page.render(toy(evaluation=toy_evaluation(trees=0.9)), report)
    top = html[: html.index("<main>")]
    assert 'class="bad"' in top
    assert "Boosted trees on the same inputs are better by 19 % there: 0.2511 compared with 0.3100." in top
    assert "<strong>0.2511</strong>" in html


def test_text_from_outside_is_escaped(toy: Callable[..., Inputs], toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice().model_copy(update={"reason": "<script>reason</script>"})
    report = Report(title="<script>title</script>", unit="<b>$x$</b>", examples=1)
    html = page.render(toy(choice=choice), report)
    assert "<script>" not in html
    assert "<b>" not in html
    assert html.count("&lt;script&gt;title") == 2
    assert "&lt;b&gt;$x$&lt;/b&gt;" in html


@WORDS
def test_a_model_that_loses_to_a_baseline_says_so_at_the_top(
    toy: Callable[..., Inputs], report: Report, toy_evaluation: Callable[..., Evaluation]
) -> None:
    html = page.render(toy(evaluation=toy_evaluation(nmse=0.5)), report)
    assert 'class="bad"' in html[: html.index("<main>")]
    assert "does not beat the best baseline, ridge-linear" in html
    assert 'class="bad"' not in page.render(toy(), report)


@WORDS
def test_stressed_cells_and_the_chosen_row_are_marked(toy: Callable[..., Inputs], report: Report) -> None:
    html = page.render(toy(), report)
    assert "<strong>0.3100</strong>" in html
    assert "<strong>0.3958</strong>" not in html
    costs = html[html.index("<details>") : html.index("</details>")]
    assert costs.count('class="chosen"') == 1


@WORDS
def test_every_series_that_is_left_out_is_on_the_page(toy: Callable[..., Inputs], report: Report) -> None:
    # The page named three, and no other place more than twenty.
    inputs = toy()
    for count in (3, 40):
        out = tuple(SeriesLeftOut(series=f"shop {at}", reason="too short <4 rows>") for at in range(count))
        odd = inputs.inspection.remarks.model_copy(update={"left_out": count, "series": 50, "series_left_out": out})
        html = page.render(toy(inspection=inputs.inspection.model_copy(update={"remarks": odd})), report)
        assert ("All series that are left out, and why" in html) == (count > 3)
        listed = re.findall(r'<td class="text">(shop \d+)</td>\n<td class="text">too short &lt;4 rows&gt;</td>', html)
        assert listed == [each.series for each in out] * (count > 3)
        assert f"{count} of 50 series are left out: shop 0 too short" in html


@WORDS
def test_without_subset_or_champion_their_parts_are_left_out(
    toy: Callable[..., Inputs], report: Report, toy_evaluation: Callable[..., Evaluation]
) -> None:
    evaluation = toy_evaluation().model_copy(update={"subset": None, "champion": None})
    html = page.render(toy(evaluation=evaluation), report)
    assert "classical model" not in html
    assert "champion before this run" not in html


@WORDS
def test_missing_figures_are_dashes_not_crashes(
    toy: Callable[..., Inputs], report: Report, toy_evaluation: Callable[..., Evaluation], toy_timings: pd.DataFrame
) -> None:
    evaluation = toy_evaluation()
    undefined = evaluation.model.model_copy(update={"mase": None})
    changed = {"evaluation": evaluation.model_copy(update={"model": undefined}), "timings": toy_timings.iloc[1:]}
    html = page.render(toy(**changed), report)
    assert "<td>–</td>" in html
    assert "nan" not in html.lower().replace("nano", "")


def test_the_best_sizes_point_has_no_error_bar(
    toy: Callable[..., Inputs], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    points: list[size_chart.Point] = []

    def sizes(drawn: Sequence[size_chart.Point], *_: object) -> str:
        points.extend(drawn)
        return "<svg></svg>"

    for name in ("folds", "curves", "forecasts"):
        monkeypatch.setattr(charts, name, lambda *_: "<svg></svg>")
    monkeypatch.setattr(size_chart, "sizes", sizes)
    page.render(toy(), report)
    by_size = {(point.layers, point.units): point for point in points}
    assert (by_size[1, 64].error, by_size[1, 64].chosen) == (0.0, False)
    assert (by_size[1, 32].error, by_size[1, 32].chosen) == (0.007, True)


def test_the_same_inputs_give_the_same_bytes(toy: Callable[..., Inputs], report: Report, tmp_path: Path) -> None:
    for name in ("first", "second"):
        page.write(toy(), report, tmp_path / name)
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == FILES
    for file in FILES:
        first, second = ((tmp_path / name / file).read_bytes() for name in ("first", "second"))
        assert first == second


@WORDS
def test_metrics_and_plots_are_written_as_they_are(
    toy: Callable[..., Inputs], report: Report, toy_choice: Callable[..., Choice], tmp_path: Path
) -> None:
    page.write(toy(), report, tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["units"], metrics["score"], metrics["holdout_nmse"]) == (32, 0.2908, 0.31)
    sizes = (tmp_path / "sizes.csv").read_text().splitlines()
    assert sizes[0] == "layers,units,parameters,score,difference,difference_se,chosen"
    assert sizes[7] == f"1,32,5756,0.2908,{0.2908 - 0.2893!r},0.007,True"
    curves = (tmp_path / "curves.csv").read_text().splitlines()
    assert curves[0] == "fold,seed,step,early_stopping_score"
    assert len(curves) == 1 + 85
    page.write(toy(choice=toy_choice(0, 0)), report, tmp_path)
    assert (tmp_path / "curves.csv").read_text() == "fold,seed,step,early_stopping_score\n"


@WORDS
def test_a_failure_leaves_the_old_files(
    toy: Callable[..., Inputs], report: Report, toy_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("old")
    lacking = toy_evaluation().model_copy(update={"baselines": {"naive": toy_evaluation().baselines["naive"]}})
    with pytest.raises(KeyError, match="boosted_trees"):
        page.write(toy(evaluation=lacking), report, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


@WORDS
def test_what_the_stages_wrote_is_read_as_it_was(
    folders: tuple[Path, Path], toy: Callable[..., Inputs], report: Report
) -> None:
    read = page.read_folders(*folders)
    assert (read.choice, read.evaluation, read.candidates) == (toy().choice, toy().evaluation, toy().candidates)
    assert (read.curves["early_stopping_score"] == toy().curves["early_stopping_score"]).all()
    assert page.render(read, report) == page.render(toy(), report)


@pytest.mark.parametrize("name", ["trials.csv", "candidates.json", "searched_windows.npz", "forecasts.parquet"])
def test_a_missing_artefact_ends_in_one_line(folders: tuple[Path, Path], name: str) -> None:
    build, reports = folders
    (build / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: no such file; run `cellsize run`"):
        page.read_folders(build, reports)


def test_the_readmes_figure_can_be_made_from_the_page(toy: Callable[..., Inputs], report: Report) -> None:
    # docs/figure.py finds the chart by its section, and its colours by the names of the page's variables.
    figure = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "figure.py"))["figure"]
    svg = ElementTree.fromstring(figure(page.render(toy(), report)))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in ElementTree.tostring(svg, encoding="unicode")


@WORDS
def test_the_page_says_what_to_change_of_the_window(toy: Callable[..., Inputs], report: Report) -> None:
    html = page.render(toy(), report)
    assert "lookback 24 is worth 18 % to the linear model" in html
    assert (
        "<pre>window.linear_lookback: 24\nprepare.linear_calendar: [hour_of_day]\nbaseline.seasons: [6, 24]</pre>"
        in html
    )
    found = toy().inspection.model_copy(update={"advice": (), "seasons": ()})
    plain = page.render(toy(inspection=found), report)
    assert "no option that was tried is worth 2 %" in plain
    assert "<pre>" not in plain
