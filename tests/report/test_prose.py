from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cellsize.data.folds import Folds, split
from cellsize.data.windows import Windows
from cellsize.params_data import Split
from cellsize.report import prose
from cellsize.sizing.baseline_records import Baselines
from cellsize.sizing.candidate_records import Candidates, GridBound
from cellsize.sizing.choice_records import Budget, Choice, UndecidedSize
from cellsize.sizing.inspection_records import Inspection

LAST = "2024-05-02T11:00:00"  # row of the toy windows' holdout


def test_the_caption_of_sizes_says_that_mlps_are_among_the_others(
    toy_choice: Callable[..., Choice],
    toy_with_mlp: Callable[..., Choice],
    toy_candidates: Candidates,
    toy_trials: pd.DataFrame,
) -> None:
    caption = prose.captions(toy_with_mlp(toy_choice()), toy_candidates, toy_trials, timed=True)["sizes"]
    assert "of a ridge-linear model of the window; the others are those of multilayer perceptrons" in caption


def test_the_caption_of_curves_says_how_many_trainings_were_prolonged(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates, toy_trials: pd.DataFrame
) -> None:
    caption = prose.captions(toy_choice(), toy_candidates, toy_trials, timed=True)["curves"]
    assert "here 25 % of the trainings of all sizes were, 50 % ended early" in caption
    assert caption.endswith("raise search.training.maximum_steps.")
    cut = toy_choice().model_copy(update={"ended_by_maximum": 0.333})
    caption = prose.captions(cut, toy_candidates, toy_trials, timed=True)["curves"]
    assert "fallen, 33 % were ended by search.training.maximum_steps while it still fell, and half of all" in caption


def test_the_caption_of_sizes_says_what_score_bars_and_bound_are(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates, toy_trials: pd.DataFrame
) -> None:
    caption = prose.captions(toy_choice(), toy_candidates, toy_trials, timed=True)["sizes"]
    assert "the mean nmse over the validation sets of the folds: 0 is perfect" in caption
    assert "of a ridge-linear model of the window" in caption
    # 0.2908 times 0.8 and times 1.8, the first and the last fold.
    assert "(here from 0.233 to 0.523)" in caption
    assert caption.endswith(
        "The bound counts the cells of all layers together, so two layers may have half as many each."
    )
    by_parameters = GridBound(kind="parameters", alpha=2.0, units=54)
    other = toy_candidates.model_copy(update={"bound": by_parameters})
    caption = prose.captions(toy_choice(), other, toy_trials, timed=True)["sizes"]
    assert "The bound counts" not in caption


@pytest.mark.parametrize("timed", [True, False])
def test_the_caption_of_folds_says_what_the_bars_show_where_it_is_not_time(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates, toy_trials: pd.DataFrame, timed: bool
) -> None:
    caption = prose.captions(toy_choice(), toy_candidates, toy_trials, timed=timed)["folds"]
    assert "The early-stopping set decides when training stops." in caption
    assert ("percentages of the windows" in caption) is not timed
    assert caption.endswith("A gap without colour has no usable window.") is timed


def test_how_sure_the_choice_is_is_said_where_the_rule_knows(toy_choice: Callable[..., Choice]) -> None:
    choice = toy_choice().model_copy(update={"rule": "adequate"})
    assert prose.sure(choice).startswith(
        "A size is adequate if it most probably is no more than 0.0029 worse than the best one"
    )
    assert prose.sure(choice).endswith("should say the same.")
    open_one = (UndecidedSize(layers=1, units=16, probability=0.4),)
    assert "may well find one of them" in prose.sure(choice.model_copy(update={"undecided_sizes": open_one}))
    assert prose.sure(toy_choice()) == ""


def test_what_failed_and_what_was_never_tried_is_named(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates, toy_trials: pd.DataFrame
) -> None:
    assert prose.notes(toy_choice(), toy_candidates, toy_trials) == [
        "1 training failed, in: 2 × 64. A size is ranked only if in every fold at least one training succeeded.",
        "In the grid, without a score: 1 × 256, 2 × 64.",
    ]


def test_where_nothing_is_left_out_there_are_no_notes(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates, toy_trials: pd.DataFrame
) -> None:
    tried = toy_candidates.model_copy(update={"candidates": toy_candidates.candidates[:-2]})
    assert prose.notes(toy_choice(), tried, toy_trials.query("status == 'ok'")) == []


def test_the_bound_is_said_with_its_numbers(toy_choice: Callable[..., Choice], toy_candidates: Candidates) -> None:
    text = prose.bound(toy_choice(), toy_candidates)
    assert text.startswith(
        "The training part of the smallest fold has 4,032 target time points (N_s). A step has 6 inputs (N_i), a "
        "forecast 6 outputs (N_o). With α = 2 the rule of thumb allows 168 memory cells in all layers together, "
        "N_s/(α(N_i + N_o)). The chosen size is below the bound. It corresponds to α = 10.5. "
    )
    assert "It corresponds to" not in prose.bound(toy_choice(0, 0), toy_candidates)


def test_the_bound_says_of_a_size_at_it_that_it_is_there(
    toy_choice: Callable[..., Choice], toy_candidates: Candidates
) -> None:
    choice = toy_choice().model_copy(update={"bound_binding": True})
    assert "The chosen size is at the bound or past it. " in prose.bound(choice, toy_candidates)


def test_the_method_says_windows_folds_and_refit(
    toy_windows: Windows, toy_folds: Folds, toy_choice: Callable[..., Choice], toy_trials: pd.DataFrame
) -> None:
    lines = prose.method(toy_windows, toy_folds, toy_choice(), toy_trials, LAST)
    windows, holdout = len(toy_windows.first), int(toy_folds.holdout.sum())
    assert lines[0] == (
        f"A window sees 12 steps and forecasts the next 6. There are {windows:,} windows. The holdout, the last part "
        f"in time, {holdout:,} of them, was not used to choose the size."
    )
    assert lines[1].startswith("Each size was trained on 5 folds. ")
    assert lines[-1] == (
        "The chosen size was trained again for 840 steps on everything but the holdout, and then evaluated once on it. "
        "What is served was trained the same way on all windows."
    )
    two_seeds = toy_trials.assign(seed=toy_trials["fold"] % 2)
    assert "on 5 folds, with 2 seeds each." in prose.method(toy_windows, toy_folds, toy_choice(), two_seeds, LAST)[1]
    zero = prose.method(toy_windows, toy_folds, toy_choice(0, 0), toy_trials, LAST)
    assert zero[-1].startswith("The chosen size was trained again on everything but the holdout")


def test_the_method_says_that_series_were_never_seen(
    make_windows: Callable[..., Windows], make_split: Callable[..., Split], toy_choice: Callable[..., Choice],
    toy_trials: pd.DataFrame,
) -> None:  # fmt: skip
    arrays = make_windows(*[range(40)] * 8)
    for scheme, unseen in (("groups", True), ("contiguous", False)):
        for held, whole in (("whole_series", True), ("table", False)):
            divided = split(arrays, make_split(scheme=scheme, folds=3, holdout_of=held))
            text = " ".join(prose.method(arrays, divided, toy_choice(), toy_trials, LAST))
            assert ("scores are those on series never seen" in text) == unseen
            assert ("The holdout, whole series, never seen in training, " in text) == whole


def test_after_a_refit_the_method_says_on_which_rows_the_size_was_searched(
    toy_windows: Windows, toy_folds: Folds, toy_choice: Callable[..., Choice], toy_trials: pd.DataFrame
) -> None:
    plain = prose.method(toy_windows, toy_folds, toy_choice(), toy_trials, LAST)
    lines = prose.method(toy_windows, toy_folds, toy_choice(), toy_trials, "2027-01-01T00:00:00")
    assert lines[0].startswith(f"The size was searched on rows until {LAST}, and kept while new rows came in")
    assert lines[1:] == plain


def test_a_budget_is_named_with_what_the_choice_costs(
    toy_windows: Windows, toy_folds: Folds, toy_choice: Callable[..., Choice], toy_trials: pd.DataFrame
) -> None:
    budget = {"rule": "budget", "budget": Budget(unit="bytes", limit=50000.0, cost=43128.0)}
    lines = prose.method(toy_windows, toy_folds, toy_choice().model_copy(update=budget), toy_trials, LAST)
    assert "The answer is the best size at no more than 50,000 bytes (rule: budget); it has 43,128." in lines


def test_the_baselines_have_their_mean_over_the_folds(toy_baselines: Baselines) -> None:
    assert prose.baselines_on_folds(toy_baselines) == (
        "On the folds, where the sizes are scored, the baselines have a mean nmse of: naive 1.50, "
        "ridge-linear 0.40. Boosted trees learnt from 48,000 steps to predict, of 7,002 of the 9,050 training "
        "windows (means over the folds); where there are more steps, they are drawn at random."
    )


def test_what_was_inspected_says_on_what_and_what_was_left_out(toy_inspection: Inspection) -> None:
    text = prose.inspected(toy_inspection)
    assert "training set of 5 folds and scored on 400 windows of the early-stopping sets, the same for all" in text
    assert text.endswith("Not tried, since too few windows or too many inputs would be left: lookback 48.")
    assert "Not tried" not in prose.inspected(toy_inspection.model_copy(update={"not_tried": ()}))


def test_the_method_says_what_is_left_out_and_what_each_series_has_of_its_own(
    toy_windows: Windows, toy_folds: Folds, toy_choice: Callable[..., Choice], toy_trials: pd.DataFrame
) -> None:
    target = toy_windows.target.copy()
    target[::4] = np.nan
    own = replace(toy_windows, target=target, n_own=1)
    # The holdout of the south begins a day before that of the north.
    south = own.series[own.first] == 1
    begin = own.start[toy_folds.holdout].min()
    holdout = own.start >= begin - 24 * south
    development = own.start + own.span <= begin - 24 * south
    lines = prose.method(
        own, replace(toy_folds, holdout=holdout, development=development), toy_choice(), toy_trials, LAST
    )
    assert "The holdout, the last part of each series, " in lines[0]
    assert lines[0].endswith("Of the targets to be forecast 25.0% are missing, and left out.")
    assert "Means and standard deviations of each series for scaling come from the training part alone." in lines[2]
    assert lines[2].endswith("Errors of a series are in its own standard deviations.")
    plain = prose.method(toy_windows, toy_folds, toy_choice(), toy_trials, LAST)
    assert "left out" not in plain[0]
    assert "each series" not in " ".join(plain)
