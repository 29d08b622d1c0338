"""The rule of thumb N_h = N_s / (α (N_i + N_o)), and what a sample is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellsize.data import folds, stratified
from cellsize.data.sequences import Sequences
from cellsize.data.windows import Windows
from cellsize.params import Network
from cellsize.params_data import Split
from cellsize.sizing import bound
from cellsize.sizing.sizes import Size, recurrent_parameters

Make = Callable[..., Windows]
MakeSplit = Callable[..., Split]
MakeSequences = Callable[..., Sequences]
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, summary="last", skip=("linear",), head=("plain",))


@pytest.mark.parametrize(
    ("samples", "alpha", "n_inputs", "n_outputs", "expected"),
    [
        (7352, 2, 9, 6, 245),  # UCI HAR, as the design works it out.
        (7352, 10, 9, 6, 49),
        (1000, 5, 4, 16, 10),
        (999, 5, 4, 16, 9),
        (10, 10, 20, 20, 1),
    ],
)
def test_hidden_units_worked_out_by_hand(
    samples: int, alpha: float, n_inputs: int, n_outputs: int, expected: int
) -> None:
    assert bound.neurons(samples, alpha, n_inputs, n_outputs) == expected


# --- labelled sequences -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "fewest", "most"), [(2, 1944, 2105), (5, 4860, 5264), (10, 9720, 10_529)])
def test_the_textbook_layer_of_12_units_on_80_inputs_is_what_so_many_samples_allow(
    alpha: float, fewest: int, most: int
) -> None:
    # The textbook case of test_sizes.py says nothing of samples or α. N_i is 80 in it: inputs of one step, whatever the
    # number of steps. With one output the rule allows its 12 units from so many samples on.
    assert [bound.neurons(samples, alpha, 80, 1) for samples in (fewest - 1, fewest, most, most + 1)] == [
        11,
        12,
        12,
        13,
    ]


def test_80_steps_of_one_input_are_one_input_or_80_as_they_are_counted(make_sequences: MakeSequences) -> None:
    signal = make_sequences(labels=[0, 1] * 50)
    signal = replace(signal, inputs=signal.inputs[:, :1], offset=signal.offset[:1], features=("x",), longest=80)
    counts = bound.count_inputs(signal)
    assert (counts.step, counts.window) == (1, 80)


@pytest.mark.parametrize(
    ("labelled", "n_inputs", "classes", "expected"),
    [
        # The nationality of a name by its characters: 20,074 names, 57 letters one-hot, 18 languages.
        (20_074, 57, 18, 133),
        # The sentiment of a sentence as one label: 25,000 reviews, words in 128 dimensions, good or bad: N_o = 1.
        (25_000, 128, 2, 96),
    ],
)
def test_one_label_is_one_sample_and_its_inputs_are_those_of_one_step(
    make_sequences: MakeSequences, labelled: int, n_inputs: int, classes: int, expected: int
) -> None:
    few = make_sequences(labels=[0, 1] * 8)
    rows = len(few.inputs)
    names = tuple(f"class {code}" for code in range(classes))
    sequences = replace(few, inputs=np.zeros((rows, n_inputs), np.float32), classes=names)
    n_steps_fed = bound.count_inputs(sequences)
    assert n_steps_fed.step == n_inputs
    assert n_steps_fed.window == n_inputs * sequences.longest  # the longest, as all are filled up to it
    assert bound.neurons(labelled, 2, n_steps_fed.step, bound.count_outputs(sequences)) == expected


@pytest.mark.parametrize(("classes", "expected"), [(2, 1), (3, 3), (8, 8)])
def test_two_classes_are_one_output_and_more_are_as_many(
    make_sequences: MakeSequences, classes: int, expected: int
) -> None:
    assert bound.count_outputs(make_sequences(labels=np.arange(16) % classes)) == expected


def test_outputs_of_a_forecast_are_all_steps_of_all_targets(make_windows: Make) -> None:
    assert bound.count_outputs(make_windows(range(40), lookback=5, horizon=3, second=True)) == 6


def test_a_labelled_sequence_is_one_sample_whatever_its_length_and_effective_are_groups(
    make_sequences: MakeSequences, make_split: MakeSplit
) -> None:
    sequences = make_sequences(labels=(0, 1) * 40, groups=np.arange(80) // 2 % 20)
    divided = stratified.split(sequences, make_split(scheme="stratified", holdout=0.25, fraction=0.25))
    train = min((fold.train for fold in divided.all()), key=len)
    counted = bound.count_samples(sequences, divided)
    assert counted.targets == counted.windows == counted.sequences == len(train)
    assert counted.effective == len(np.unique(sequences.group[train])) < len(train)


def test_a_name_that_is_there_again_and_again_is_effective_once(
    make_sequences: MakeSequences, make_split: MakeSplit
) -> None:
    sequences = make_sequences(labels=(0, 1) * 40)
    row = np.arange(len(sequences.inputs)) - np.repeat(sequences.first, sequences.length)
    equal = replace(sequences, inputs=row[:, None].astype(np.float32), offset=np.zeros(1), features=("x",))
    divided = stratified.split(sequences, make_split(scheme="stratified", holdout=0.25, fraction=0.25))
    counted = bound.count_samples(equal, divided)
    assert counted.effective == 5  # of 2 to 6 steps: so many different ones
    assert counted.sequences > 20


# --- windows ----------------------------------------------------------------------------------------------------------


def test_inputs_of_a_step_and_of_a_window_worked_out_by_hand(make_windows: Make) -> None:
    # y and x over five steps seen; k, known for the future too, over the two steps ahead.
    counts = bound.count_inputs(make_windows(range(40), lookback=5, horizon=2))
    assert (counts.step, counts.window) == (3, 2 * 5 + 1 * 2)


def test_what_the_linear_part_alone_sees_is_no_input_of_a_cell(make_windows: Make) -> None:
    plain = bound.count_inputs(make_windows(range(40), lookback=5, horizon=2))
    longer = make_windows(range(40), lookback=5, linear_lookback=20, horizon=2, linear_calendar=("hour_of_day",))
    assert bound.count_inputs(longer) == plain


def test_parameters_within_samples_over_alpha_are_far_fewer_units() -> None:
    # UCI HAR again: 245 units have 250,880 parameters, while 7,352 / 2 parameters are 25 units of 9 inputs.
    assert recurrent_parameters(Size(1, 245), PLAIN, 9) == 4 * 245 * (9 + 245 + 2)
    assert bound.units_within(7352 / 2, PLAIN, 9) == 25
    assert recurrent_parameters(Size(1, 25), PLAIN, 9) == 3600


@settings(deadline=None)
@given(parameters=st.integers(1, 40_000), n_inputs=st.integers(1, 50), cell=st.sampled_from(["lstm", "gru", "rnn"]))
def test_one_unit_more_would_be_too_many(parameters: int, n_inputs: int, cell: str) -> None:
    network = PLAIN.model_copy(update={"cell": cell})
    units = bound.units_within(parameters, network, n_inputs)
    assert recurrent_parameters(Size(1, units + 1), network, n_inputs) > parameters
    if units > 1:
        assert recurrent_parameters(Size(1, units), network, n_inputs) <= parameters


def test_samples_worked_out_by_hand(make_windows: Make, make_split: MakeSplit) -> None:
    # The folds of test_folds.py: fold 1 trains on the windows 16, 17, 25, 26, 27, fold 2 on 0, 1, 9, 10, 11. With two
    # steps seen and one predicted, fold 1 predicts the rows 18, 19, 27, 28, 29.
    made = make_windows(range(40), lookback=2, horizon=1)
    samples = bound.count_samples(made, folds.split(made, make_split(holdout=0.25, fraction=0.25)))
    assert (samples.targets, samples.windows, samples.sequences) == (5, 5, 1)


def test_a_moment_that_many_windows_predict_is_one_target(make_windows: Make, make_split: MakeSplit) -> None:
    made = make_windows(range(60), lookback=2, horizon=4)
    split = folds.split(made, make_split())
    train = min((fold.train for fold in split.all()), key=len)
    predicted = {int(first) + 2 + ahead for first in made.first[train] for ahead in range(4)}
    samples = bound.count_samples(made, split)
    assert samples.targets == len(predicted)
    assert samples.windows == len(train)


def test_targets_of_all_series_count(make_windows: Make, make_split: MakeSplit) -> None:
    one, two = make_windows(range(60)), make_windows(range(60), range(60))
    single, both = (bound.count_samples(made, folds.split(made, make_split())) for made in (one, two))
    assert (both.targets, both.windows, both.sequences) == (2 * single.targets, 2 * single.windows, 2)


def test_white_noise_is_worth_as_much_as_it_is_long() -> None:
    values = np.random.default_rng(0).standard_normal(20_000)
    assert bound.autocorrelation_time(values) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("phi", [0.5, 0.9])
def test_an_autoregression_is_worth_one_minus_phi_over_one_plus_phi(phi: float) -> None:
    noise = np.random.default_rng(1).standard_normal(100_000)
    values = np.empty_like(noise)
    values[0] = noise[0]
    for row in range(1, len(noise)):
        values[row] = phi * values[row - 1] + noise[row]
    assert bound.autocorrelation_time(values) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [3.0] * 50, [0.0] * 3])
def test_what_cannot_be_measured_counts_as_independent(values: list[float]) -> None:
    assert bound.autocorrelation_time(np.array(values)) == 1.0


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60))
def test_a_value_is_never_worth_more_than_itself(values: list[float]) -> None:
    time = bound.autocorrelation_time(np.array(values))
    assert 1 <= time <= max(1, len(values))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), phi=st.floats(-0.9, 0.99), several=st.integers(1, 2))
def test_effective_samples_are_at_least_one_and_at_most_the_targets(
    make_windows: Make, make_split: MakeSplit, seed: int, phi: float, several: int
) -> None:
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(several):
        y = rng.standard_normal(70)
        for row in range(1, 70):
            y[row] += phi * y[row - 1]
        values.append(y)
    made = make_windows(*values)
    samples = bound.count_samples(made, folds.split(made, make_split()))
    assert 1 <= samples.effective <= samples.targets


def test_the_series_and_target_that_changes_most_slowly_decides_what_targets_are_worth(
    make_windows: Make, make_split: MakeSplit
) -> None:
    noise, slow = np.random.default_rng(0).standard_normal(400), np.arange(400.0)
    both, alone = make_windows(noise, slow), make_windows(noise, noise[::-1])
    split = make_split(folds=2)
    slowed, plain = (bound.count_samples(made, folds.split(made, split)) for made in (both, alone))
    assert slowed.targets == plain.targets
    assert slowed.effective < plain.effective / 5


def test_the_sum_takes_no_value_from_beyond_the_ends() -> None:
    ramp = np.arange(12.0)
    centred = ramp - ramp.mean()
    lags = np.correlate(centred, centred, "full")[11:]
    times = 2 * np.cumsum(lags / lags[0]) - 1
    right = times[np.flatnonzero(np.arange(12) >= 2 * times)[0]]
    assert bound.autocorrelation_time(ramp, window=2.0) == pytest.approx(right)


def test_a_target_that_was_not_observed_is_no_sample(make_windows: Make, make_split: MakeSplit) -> None:
    values = np.random.default_rng(0).standard_normal(100)
    whole = make_windows(values, observed=0.5, fill=2)
    gappy = values.copy()
    gappy[np.arange(100) % 7 > 4] = np.nan
    divided = folds.split(whole, make_split())
    target = np.where(np.isnan(gappy)[:, None], np.nan, whole.target)
    counts, fewer = (bound.count_samples(replace(whole, target=each), divided) for each in (whole.target, target))
    train = min((fold.train for fold in divided.all()), key=len)
    rows = np.unique(whole.first[train][:, None] + whole.lookback + np.arange(2))
    assert (counts.targets, fewer.targets) == (len(rows), int(np.isfinite(gappy[rows]).sum()))
    assert fewer.windows == counts.windows


def test_of_two_targets_each_counts_for_half(make_windows: Make, make_split: MakeSplit) -> None:
    arrays = make_windows(np.random.default_rng(0).standard_normal(100), second=True)
    divided, target = folds.split(arrays, make_split()), arrays.target.copy()
    target[:, 1] = np.nan
    whole, half = (
        bound.count_samples(replace(arrays, target=each), divided).targets for each in (arrays.target, target)
    )
    assert half == whole // 2
