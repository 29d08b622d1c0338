import re
from html.parser import HTMLParser

import pytest

from cellsize.errors import InputError
from cellsize.params import Report
from cellsize.report import page

FETCHES = re.compile(r"""(src|href|action|data|srcset)\s*=\s*["']?(?!#)|@import|url\((?!#)|https?:""", re.IGNORECASE)
WORDS = pytest.mark.usefixtures("undrawn")
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Balance(HTMLParser):
    """Notes every element that is closed out of turn, every id, and every reference to one."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids, self.references = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            self.references |= set(re.findall(r"url\(#([^)]+)\)", value or ""))
            if name in ("href", "xlink:href"):
                self.references.add(value.removeprefix("#"))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


def test_the_page_fetches_nothing(toy, report):
    # The page is opened from a mail or a CI artefact, often without a network.
    html = page.render(toy(), report)
    assert FETCHES.findall(html.replace('xlink:href="#', "")) == []
    assert "<script" not in html
    assert html.count("<svg") == 4


def test_elements_close_in_order_and_ids_are_unique_and_found(toy, report):
    # Four SVGs of one program stand in one document: without a prefix their ids would collide.
    balance = Balance()
    balance.feed(page.render(toy(), report))
    assert (balance.open, balance.wrong) == ([], [])
    assert len(balance.ids) == len(set(balance.ids)) > 100
    assert balance.references <= set(balance.ids)
    assert balance.references


@WORDS
@pytest.mark.parametrize(
    ("layers", "units", "sentence"),
    [
        (1, 32, "Your LSTM needs 1 layer of 32 memory cells."),
        (2, 16, "Your LSTM needs 2 layers of 16 memory cells each."),
        (1, 1, "Your LSTM needs 1 layer of 1 memory cell."),
    ],
)
def test_the_answer_is_a_sentence_with_the_size(toy, report, made_choice, layers, units, sentence):
    html = page.render(toy(choice=made_choice(layers, units)), report)
    assert f"<h1>{sentence}</h1>" in html


@WORDS
def test_zero_cells_say_that_no_memory_cells_are_needed_and_draw_no_curves(toy, report, made_choice):
    html = page.render(toy(choice=made_choice(0, 0)), report)
    assert "needs no memory cells: a ridge-linear map of the window is as good" in html
    assert "There is nothing to draw" in html
    assert html.count("<svg") == 3


def test_text_from_outside_is_escaped(toy, made_choice):
    choice = made_choice() | {"reason": "<script>reason</script>"}
    report = Report(title="<script>title</script>", unit="<b>$x$</b>", examples=1)
    html = page.render(toy(choice=choice), report)
    assert "<script>" not in html
    assert "<b>" not in html
    assert html.count("&lt;script&gt;title") == 2
    assert "&lt;b&gt;$x$&lt;/b&gt;" in html


def test_the_same_inputs_give_the_same_bytes(toy, report, tmp_path):
    for name in ("one", "two"):
        page.write(toy(), report, tmp_path / name / "index.html", tmp_path / name / "summary.md")
    for file in ("index.html", "summary.md"):
        one, two = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert one == two
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["index.html", "summary.md"]


@WORDS
def test_a_model_that_loses_to_a_baseline_says_so_at_the_top_and_in_the_summary(toy, report, made_evaluation, tmp_path):
    evaluation = made_evaluation()
    evaluation["model"]["nmse"] = 0.5
    page.write(toy(evaluation=evaluation), report, tmp_path / "index.html", tmp_path / "summary.md")
    html, summary = ((tmp_path / name).read_text() for name in ("index.html", "summary.md"))
    assert 'class="bad"' in html[: html.index("<main>")]
    assert "does not beat the best baseline, ridge-linear" in html
    assert "⚠️ But on the holdout" in summary


@WORDS
def test_the_best_of_each_column_is_bold(toy, report):
    html = page.render(toy(), report)
    assert "<strong>0.3100</strong>" in html
    assert "<strong>0.3958</strong>" not in html


@WORDS
def test_without_subset_champion_or_rules_their_parts_are_left_out(toy, report, made_evaluation):
    evaluation = made_evaluation() | {"subset": None, "champion": None}
    html = page.render(toy(evaluation=evaluation), report)
    assert "classical model" not in html
    assert "champion until now" not in html


@WORDS
def test_a_rule_of_thumb_that_was_not_tried_has_no_score(toy, report):
    html = page.render(toy(), report)
    assert re.search(r"1 × 168</td>\s*<td>120,000</td>\s*<td>not tried</td>\s*<td>–</td>", html)
    assert re.search(r"2 × 32</td>\s*<td>[\d,]+</td>\s*<td>0\.2921</td>\s*<td>0\.0100 ± 0\.0040</td>", html)


def costs_of(html: str) -> str:
    """The fold-out with what every candidate costs."""
    return html[html.index("<details>") : html.index("</details>")]


@WORDS
def test_every_candidate_has_its_costs_whether_it_was_tried_or_not(toy, report):
    costs = costs_of(page.render(toy(), report))
    assert re.search(r"1 × 256</td>\s*<td>270,336</td>\s*<td>1</td>\s*<td>272,316</td>", costs)
    assert costs.count('class="chosen"') == 1


def test_the_steps_of_alpha_have_their_costs_if_it_was_the_procedure(toy, report, made_choice):
    climbed = costs_of(page.render(toy(), report))
    stepped = costs_of(page.render(toy(choice=made_choice() | {"procedure": "alpha"}), report))
    assert (climbed.count("1 × 168"), stepped.count("1 × 168")) == (0, 1)
    # A step that is also in the grid has one line.
    assert stepped.count("<tr") == climbed.count("<tr") + 1


def test_an_answer_that_the_search_cut_short_says_at_least(toy, report, made_choice):
    cut = made_choice() | {"at_least": True}
    assert "<h1>Your LSTM needs at least 1 layer of 32 memory cells.</h1>" in page.render(toy(choice=cut), report)


@WORDS
def test_the_words_are_those_of_the_network(toy, report, made_choice):
    plain = made_choice() | {"cell": "gru"}
    assert "<h1>Your GRU needs 1 layer of 32 memory cells.</h1>" in page.render(toy(choice=plain), report)
    without = page.render(toy(choice=made_choice(0, 0) | {"skip": "none"}), report)
    assert "needs no memory cells: a ridge-linear map of what is known ahead is as good" in without
    assert "a ridge-linear map of the window" not in without


@WORDS
def test_a_budget_is_named_with_what_the_choice_costs(toy, report, made_choice):
    choice = made_choice() | {"rule": "budget", "budget": {"unit": "bytes", "limit": 50000.0, "cost": 43128.0}}
    told = "The answer is the best size at no more than 50,000 bytes (rule: budget); it has 43,128."
    assert told in page.render(toy(choice=choice), report)


@WORDS
def test_the_page_says_how_far_the_choice_moves(toy, report):
    assert "of 10 times: 1 × 32 in 9, 1 × 16 in 1." in page.render(toy(), report)


@WORDS
def test_what_failed_and_what_was_never_tried_is_named(toy, report):
    html = page.render(toy(), report)
    assert "1 training failed, in: 2 × 64." in html
    assert "In the grid, without a score: 1 × 256, 2 × 64." in html


@WORDS
def test_an_unregistered_model_says_why(toy, report):
    record = {"name": "toy", "version": None, "alias": None, "registered": False, "promoted": False, "reason": "Lost."}
    html = page.render(toy(registration=record), report)
    assert re.search(r"not registered</dd><dd class=\"note\">Lost\.", html)


@WORDS
def test_missing_figures_are_dashes_not_crashes(toy, report, made_evaluation, made_choice):
    evaluation, choice = made_evaluation(), made_choice()
    evaluation["model"]["mase"] = evaluation["baselines"]["naive"]["nmse"] = None
    for row in choice["sizes"]:
        row["difference_se"] = None
    html = page.render(toy(evaluation=evaluation, choice=choice | {"zero_cells": None}), report)
    assert "± –" in html
    assert "nan" not in html.lower().replace("nano", "")


@WORDS
def test_the_summary_holds_answer_tables_and_registry(toy, report, tmp_path):
    page.write(toy(), Report(title="a | <b>", unit="MW", examples=1), tmp_path / "index.html", tmp_path / "summary.md")
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("## a \\| \\<b\\>\n\n**Your LSTM needs 1 layer of 32 memory cells.**")
    assert "| ridge-linear |" in summary
    assert "| chosen | 1 × 32 | 5,756 | 0.2908 | 0.0015 ± 0.0070 |" in summary
    assert "Registry: **toy**, version 4, alias champion." in summary
    columns = {line.replace("\\|", "").count("|") for line in summary.splitlines() if line.startswith("|")}
    assert columns == {6}


def test_a_missing_artefact_ends_in_one_line(tmp_path):
    names = ("candidates", "trials", "curves", "timings", "folds", "windows", "schema", "baselines")
    paths = {name: tmp_path / name for name in (*names, "choice", "evaluation", "forecasts", "registration")}
    with pytest.raises(InputError, match=r"candidates: no such file; run `dvc repro`"):
        page.read(**paths)


@WORDS
def test_a_failure_leaves_the_old_page(toy, report, made_choice, tmp_path):
    html, summary = tmp_path / "index.html", tmp_path / "summary.md"
    html.write_text("old")
    broken = made_choice()
    del broken["reason"]
    with pytest.raises(KeyError):
        page.write(toy(choice=broken), report, html, summary)
    assert html.read_text() == "old"
    assert not summary.exists()
