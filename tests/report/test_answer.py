"""The answer in a few lines, from what the stages wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from cellsize.errors import InputError
from cellsize.report import answer
from cellsize.sizing.choice_records import Choice, Ladder, LeftOut, UndecidedSize
from cellsize.sizing.evaluation_records import Evaluation, Registration
from cellsize.sizing.inspection_records import Inspection, NeverThere, SeriesLeftOut


def test_the_answer_says_size_scores_holdout_version_and_report(folders: tuple[Path, Path]) -> None:
    assert answer.lines("Toy", *folders).splitlines() == [
        "",
        "Toy: 1 layer of 32 memory cells, beside a linear model of 438 weights.",
        "  parameters    5,756, of them 5,120 recurrent",
        "  score         0.291; best 0.289 with 1 layer of 64 memory cells; without memory cells 0.372",
        "                (cross-validated normalised MSE: MSE / variance of the training targets)",
        "  holdout       0.3100; best baseline ridge-linear 0.3958",
        "                intervals of 90 % held 87.5 % of its targets",
        "  registered    models:/toy/4 (champion)",
        "  note          window.linear_lookback: 24, prepare.linear_calendar: [hour_of_day] would be worth 20 % to the "
        "linear model (stage inspect)",
        f"  report        {folders[1] / 'index.html'}",
    ]


def test_what_limits_the_answer_is_part_of_it(folders: tuple[Path, Path]) -> None:
    _, reports = folders
    choice, record = Choice.read(reports / "choice.json"), Registration.read(reports / "registration.json")
    limited = choice.model_copy(update={"caution": "A larger one may be better still.", "at_least": True})
    limited.write(reports / "choice.json")
    record.model_copy(update={"promoted": False, "reason": "worse"}).write(reports / "registration.json")
    lines = answer.lines("Toy", *folders).splitlines()
    assert lines[1] == "Toy: at least 1 layer of 32 memory cells, beside a linear model of 438 weights."
    assert "  note          A larger one may be better still." in lines
    assert "  registered    models:/toy/4 (not promoted: worse)" in lines


def headline(folders: tuple[Path, Path], choice: Choice | None = None, **changes: object) -> list[str]:
    """The answer's lines for another choice."""
    path = folders[1] / "choice.json"
    (choice or Choice.read(path)).model_copy(update=changes).write(path)
    return answer.lines("Toy", *folders).splitlines()[1:]


@pytest.mark.parametrize(
    ("skip", "beside"),
    [("none", "plain"), ("linear", "beside a fixed linear model of 438 weights"),
     ("joint", "beside a linear model of 438 weights")],
)  # fmt: skip
def test_the_answer_says_what_the_cells_stand_beside(folders: tuple[Path, Path], skip: str, beside: str) -> None:
    assert headline(folders, skip=skip)[0] == f"Toy: 1 layer of 32 memory cells, {beside}."


def test_an_answer_without_memory_cells_stands_beside_nothing(
    folders: tuple[Path, Path], toy_choice: Callable[..., Choice], toy_mlp_choice: Callable[..., Choice]
) -> None:
    assert headline(folders, toy_choice(0, 0))[0] == "Toy: no memory cells."
    assert headline(folders, toy_mlp_choice())[0] == "Toy: no memory cells, an MLP of 64 hidden units."
    assert headline(folders, toy_mlp_choice(), skip="linear", linear=438)[0] == (
        "Toy: no memory cells, an MLP of 64 hidden units, beside a fixed linear model of 438 weights."
    )


def test_an_undecided_answer_names_no_size(folders: tuple[Path, Path], toy_choice: Callable[..., Choice]) -> None:
    lines = headline(folders, toy_choice(0, 0), cells_left_open=True, caution="Memory cells cannot be ruled out.")
    assert lines[0] == (
        "Toy: undecided, memory cells failed in some trainings and not in others. Until more trainings decide it, "
        "a linear model was refitted."
    )
    assert "  note          Memory cells cannot be ruled out." in lines


def test_an_answer_that_leaves_cells_open_says_too_that_larger_sizes_still_helped(
    folders: tuple[Path, Path], toy_choice: Callable[..., Choice]
) -> None:
    assert headline(folders, toy_choice(0, 0), cells_left_open=True, at_least=True)[0] == (
        "Toy: undecided, memory cells failed in some trainings and not in others; larger sizes still helped. Until "
        "more trainings decide it, a linear model was refitted."
    )


def test_models_without_memory_that_are_undecided_are_no_memory_cells(
    folders: tuple[Path, Path], toy_mlp_choice: Callable[..., Choice]
) -> None:
    open_ones = tuple(UndecidedSize(layers=0, units=units, probability=0.4) for units in (0, 16))
    lines = headline(folders, toy_mlp_choice(), undecided_sizes=open_ones, decided=False)
    assert lines[0] == "Toy: no memory cells; undecided between a linear model, an MLP of 16 and an MLP of 64."
    lines = headline(folders, toy_mlp_choice(), undecided_sizes=open_ones, decided=False, skip="joint", linear=4056)
    assert lines[0].endswith("an MLP of 16 and an MLP of 64, beside a linear model of 4,056 weights.")
    assert headline(folders, toy_mlp_choice(), undecided_sizes=open_ones, decided=False, at_least=True)[0] == (
        "Toy: no memory cells so far; undecided between a linear model, an MLP of 16 and an MLP of 64; larger sizes "
        "still helped."
    )


@pytest.mark.parametrize(
    ("size", "words"), [((0, 0), "no memory cells"), ((0, 64), "no memory cells, an MLP of 64 hidden units")]
)
def test_an_answer_without_memory_cells_is_so_far_if_larger_sizes_still_helped(
    folders: tuple[Path, Path], toy_choice: Callable[..., Choice], size: tuple[int, int], words: str
) -> None:
    zero_or_mlp = toy_choice(0, 0).model_copy(update={"layers": size[0], "units": size[1], "at_least": True})
    assert headline(folders, zero_or_mlp)[0] == f"Toy: {words} so far; larger sizes still helped."


def test_an_answer_that_is_undecided_names_both_sizes_and_what_is_refitted(folders: tuple[Path, Path]) -> None:
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    lines = headline(folders, rule="adequate", undecided_sizes=open_one, decided=False, skip="none")
    assert lines[0] == "Toy: undecided between 1 × 16 and 1 × 32, plain."
    assert (
        "  adequate      1 × 16 3 %, 1 × 32 91 % (no more than 0.0029 worse than the best); 1 × 32 is refitted" in lines
    )


@pytest.mark.parametrize("since", get_args(get_args(Choice.model_fields["undecided_since"].annotation)[0]))
def test_an_undecided_answer_says_why_it_is(folders: tuple[Path, Path], since: str) -> None:
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    lines = headline(folders, rule="adequate", undecided_sizes=open_one, decided=False, undecided_since=since)
    said = [line for line in lines if line.startswith("  undecided     ")]
    assert len(said) == 1
    named = {"maximum_seeds": "search.maximum_seeds", "work_limit": "search.work_limit", "folds": "folds"}
    assert named[since] in said[0]


def test_an_answer_names_the_work_limit_if_that_ended_a_ladder_with_patience_left(folders: tuple[Path, Path]) -> None:
    left = LeftOut(layers=1, units=64, minutes=12.0)
    assert headline(folders, not_ruled_out=left, skip="none")[0] == (
        "Toy: 1 layer of 32 memory cells, plain; search.work_limit ended the search before larger sizes were ruled out."
    )
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    assert headline(folders, not_ruled_out=left, undecided_sizes=open_one, decided=False, skip="none")[0] == (
        "Toy: undecided between 1 × 16 and 1 × 32, plain; search.work_limit ended the search before larger sizes were "
        "ruled out."
    )


def test_a_decided_answer_says_how_sure_it_is(folders: tuple[Path, Path]) -> None:
    line = "  adequate      1 × 32 91 % (no more than 0.0029 worse than the best)"
    assert line in headline(folders, rule="adequate")
    assert line not in headline(folders, rule="one_standard_error")


def test_every_other_size_is_listed_with_its_probability(folders: tuple[Path, Path]) -> None:
    line = (
        "  other sizes   no memory cells 3 %, 1 × 1 3 %, 1 × 2 3 %, 1 × 4 3 %, 1 × 8 3 %, 1 × 16 3 %, 1 × 64 the best, "
        "1 × 128 3 %, 2 × 16 3 %, 2 × 32 3 %"
    )
    assert line in headline(folders, rule="adequate")
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    assert line.replace(" 1 × 16 3 %,", "") in headline(folders, rule="adequate", undecided_sizes=open_one)
    assert not any("other sizes" in other for other in headline(folders, rule="one_standard_error"))


def test_an_answer_at_the_bound_says_so(folders: tuple[Path, Path]) -> None:
    line = "  bound         the size is at or past the bound of 168 cells"
    assert line in headline(folders, bound_binding=True)
    assert line not in headline(folders, bound_binding=False)


def test_the_best_mlp_is_named_beside_zero_cells(
    folders: tuple[Path, Path], toy_choice: Callable[..., Choice], toy_with_mlp: Callable[..., Choice]
) -> None:
    assert headline(folders, toy_with_mlp(toy_choice()))[2].endswith("without memory cells 0.372, MLP 0.310")


def test_what_either_kind_of_network_needs_is_a_line_where_both_were_trained(
    folders: tuple[Path, Path], toy_ladders: tuple[Ladder, ...]
) -> None:
    # Plain 64 cells are the best and the largest tried: more may be better. Beside a linear model 32 are not the best.
    line = "  with cells    plain at least 1 × 64 (0.299); beside a linear model 1 × 32 (0.291)"
    assert line in headline(folders, ladders=toy_ladders)
    assert not any("with cells" in other for other in headline(folders, ladders=toy_ladders[:1]))


def test_a_ladder_whose_best_size_is_not_its_largest_needs_no_at_least(
    folders: tuple[Path, Path], toy_ladders: tuple[Ladder, ...]
) -> None:
    plain, linear = toy_ladders
    worse = plain.steps[-1].model_copy(update={"units": 128, "score": 0.31})
    longer = plain.model_copy(update={"steps": (*plain.steps, worse)})
    assert any("plain 1 × 64 (0.299);" in line for line in headline(folders, ladders=(longer, linear)))
    # A deeper size of fewer cells that is the largest of its depth is the end of its ladder.
    deeper = plain.steps[-1].model_copy(update={"layers": 2, "units": 16, "score": 0.2})
    deep = plain.model_copy(update={"layers": 2, "units": 16, "steps": (*plain.steps, deeper)})
    assert any("plain at least 2 × 16 (0.200);" in line for line in headline(folders, ladders=(deep, linear)))


def test_without_advice_there_is_no_note(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "inspection.json"
    Inspection.read(path).model_copy(update={"advice": (), "gain": 0.0}).write(path)
    assert "note" not in answer.lines("Toy", *folders)


def test_what_is_odd_about_the_data_is_a_note(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "inspection.json"
    found = Inspection.read(path)
    out = (SeriesLeftOut(series="b", reason="too short (12 rows, 30 needed)"),)
    late = (NeverThere(covariate="late", known_future=False, steps=24),)
    changes = {"left_out": 1, "series_left_out": out, "never_there": late, "unscored": {"c": (2,)}}
    odd = found.remarks.model_copy(update=changes)
    found.model_copy(update={"remarks": odd}).write(path)
    line = "  note          1 of 2 series is left out: b too short (12 rows, 30 needed)"
    said = answer.lines("Toy", *folders).splitlines()
    assert line in said
    notes = [other.removeprefix("  note          ") for other in said if other.startswith("  note          ")]
    assert any(note.startswith("the covariate 'late' is missing in the last 24 rows") for note in notes)
    assert any(note.startswith("folds without") and note.endswith(": c in fold 2") for note in notes)


def test_a_result_that_is_missing_is_named(folders: tuple[Path, Path]) -> None:
    (folders[1] / "evaluation.json").unlink()
    with pytest.raises(InputError, match=r"evaluation\.json: no such file; run `cellsize run`"):
        answer.lines("Toy", *folders)


def test_the_answer_says_which_error_it_is_in(folders: tuple[Path, Path]) -> None:
    reports = folders[1]
    for kind, name in ((Choice, "choice.json"), (Evaluation, "evaluation.json")):
        kind.read(reports / name).model_copy(update={"metric": "mae"}).write(reports / name)
    lines = answer.lines("Toy", *folders).splitlines()
    assert (
        "                (cross-validated normalised MAE: MAE / mean absolute deviation of the training targets from "
        "their median)"
    ) in lines
    assert "  holdout       0.4800; best baseline ridge-linear 0.5424" in lines


def test_boosted_trees_that_are_better_are_the_third_line_with_errors_and_times(
    folders: tuple[Path, Path], toy_evaluation: Callable[..., Evaluation]
) -> None:
    toy_evaluation(trees=0.9).write(folders[1] / "evaluation.json")
    assert answer.lines("Toy", *folders).splitlines()[3] == (
        "  boosted trees are better on the holdout: 0.2511 against 0.3100; trained on the folds in 6 s against 35 s"
    )


def test_boosted_trees_are_compared_by_the_metric(
    folders: tuple[Path, Path], toy_evaluation: Callable[..., Evaluation]
) -> None:
    # Better by absolute errors alone: 0.48 · 0.9 = 0.432.
    toy_evaluation(metric="mae", trees=0.9).write(folders[1] / "evaluation.json")
    assert (
        answer.lines("Toy", *folders)
        .splitlines()[3]
        .startswith("  boosted trees are better on the holdout: 0.4320 against 0.4800; ")
    )


def test_times_that_are_missing_are_named(
    folders: tuple[Path, Path], toy_evaluation: Callable[..., Evaluation]
) -> None:
    toy_evaluation(trees=0.9).write(folders[1] / "evaluation.json")
    (folders[0] / "baseline_timings.csv").unlink()
    with pytest.raises(InputError, match=r"baseline_timings\.csv: no such file; run `cellsize run`"):
        answer.lines("Toy", *folders)
