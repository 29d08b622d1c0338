"""Problems whose law is known: what is drawn from a seed, and what can be known of it."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from benchmarks import problems
from benchmarks.data import ROOT
from benchmarks.problems import KNOWN, MAKERS, Sample
from cellsize.data import folds
from cellsize.data.folds import EARLY_STOPPING
from cellsize.params_file import load

ALL = pytest.mark.parametrize("name", list(MAKERS))


def seen(sample: Sample) -> npt.NDArray[np.float32]:
    """Inputs of the steps that each window sees, shape (windows, lookback, n_inputs)."""
    windows = sample.windows
    found: npt.NDArray[np.float32] = windows.inputs[windows.first[:, None] + np.arange(windows.lookback)]
    return found


def to_be_predicted(sample: Sample) -> npt.NDArray[np.float32]:
    windows = sample.windows
    rows = windows.first[:, None] + windows.lookback + np.arange(windows.horizon)
    found: npt.NDArray[np.float32] = windows.target[rows]
    return found


@ALL
def test_a_problem_is_made_from_its_seed_alone(name: str) -> None:
    first, again, other = MAKERS[name](3), MAKERS[name](3), MAKERS[name](4)
    np.testing.assert_array_equal(first.work.windows.inputs, again.work.windows.inputs)
    np.testing.assert_array_equal(first.fresh(300).windows.inputs, again.fresh(300).windows.inputs)
    np.testing.assert_array_equal(first.fresh(300).expected, first.fresh(300).expected)
    assert not np.array_equal(first.work.windows.target[:300], other.work.windows.target[:300])
    assert not np.array_equal(first.fresh(300).windows.target[:300], other.fresh(300).windows.target[:300])
    assert first.name == name
    assert first.work.folds.labels.shape == (5, len(first.work.windows.first))


@ALL
def test_fresh_rows_are_not_those_of_the_development_set(name: str) -> None:
    problem = MAKERS[name](3)
    fresh, development = problem.fresh(3000).windows, problem.work.windows
    count = min(len(fresh.target), len(development.target), 3000)
    one, other = fresh.target[:count, 0], development.target[:count, 0]
    # What both have in common is a delay with zeros, in some.
    is_drawn = (one != 0) | (other != 0)
    assert (one[is_drawn] == other[is_drawn]).mean() < 0.6  # bits are equal half of the time
    assert fresh.inputs.shape[1:] == development.inputs.shape[1:]
    assert (fresh.lookback, fresh.horizon) == (development.lookback, development.horizon)


@ALL
def test_there_are_as_many_fresh_values_as_asked_for(name: str) -> None:
    sample = MAKERS[name](3).fresh(1000)
    assert 1000 <= sample.expected.size <= 1000 + 24
    assert sample.expected.shape == (len(sample.windows.first), sample.windows.horizon, 1)


@ALL
def test_what_cannot_be_known_is_noise_of_the_stated_size(name: str) -> None:
    problem = MAKERS[name](3)
    sample = problem.fresh(20_000)
    errors = to_be_predicted(sample) - sample.expected
    # A variance that wanders and heavy tails are known less well from so many rows.
    assert np.mean(errors**2) == pytest.approx(problem.noise, rel=0.2 if problem.noise == 0.09 else 0.05)
    assert np.corrcoef(errors.ravel(), sample.expected.ravel())[0, 1] == pytest.approx(0, abs=0.03)


@ALL
def test_a_problem_is_trained_with_the_shipped_defaults(name: str) -> None:
    # What is promised of the known problems is promised of the params.yaml that users begin with.
    shipped, made = load(ROOT / "params.yaml"), MAKERS[name](0)
    assert made.work.training == shipped.search.training
    assert made.work.network == shipped.propose.network
    assert made.work.metric == shipped.choose.metric
    assert made.work.penalties == shipped.baseline.penalties
    assert made.mlp_units == shipped.propose.mlp_units
    scheme = "contiguous" if len(made.work.windows.names) == 1 else "shuffled"
    changes = {"holdout": 0.1, "folds": 5, "scheme": scheme}
    expected = folds.split(made.work.windows, shipped.split.model_copy(update=changes))
    early_stopping = (made.work.folds.labels == EARLY_STOPPING).sum(axis=1)
    assert early_stopping.tolist() == (expected.labels == EARLY_STOPPING).sum(axis=1).tolist()


def test_every_problem_says_what_is_known_of_its_size() -> None:
    assert set(KNOWN) == set(MAKERS)


def test_an_autoregression_is_forecast_with_its_own_weights() -> None:
    sample = problems.linear(5).fresh(3000)
    last = seen(sample)[:, -3:, 0][:, ::-1].astype(np.float64)  # from the newest
    weights = np.linalg.lstsq(last, sample.expected[:, 0, 0], rcond=None)[0]
    np.testing.assert_allclose(last @ weights, sample.expected[:, 0, 0], atol=1e-5)
    second = np.column_stack([sample.expected[:, 0, 0], last[:, :2]]) @ weights
    np.testing.assert_allclose(second, sample.expected[:, 1, 0], atol=1e-5)


def test_a_wave_is_known_without_its_noise_and_obeys_a_linear_recurrence() -> None:
    expected = problems.sinusoids(5, 1).fresh(3000).expected[:, :, 0]
    assert np.abs(expected).max() <= 1
    factors = (expected[:, 0] + expected[:, 2]) / expected[:, 1]
    assert np.ptp(factors[np.abs(expected[:, 1]) > 0.1]) < 1e-9


def test_bits_come_back_in_their_order() -> None:
    sample = problems.recall(5, 4).fresh(400)
    np.testing.assert_array_equal(seen(sample)[:, :4, 0], sample.expected[:, :, 0])
    assert not seen(sample)[:, 4:].any()


def test_a_parity_is_the_product_of_the_marked_bits() -> None:
    sample = problems.parity(5, 5).fresh(400)
    bits, marks = seen(sample)[:, :, 0], seen(sample)[:, :, 1] > 0
    assert (marks.sum(axis=1) == 5).all()
    products = [of_one[marked].prod() for of_one, marked in zip(bits, marks, strict=True)]
    np.testing.assert_array_equal(products, sample.expected[:, 0, 0])


def test_the_last_bit_written_to_a_register_is_held_and_nothing_before() -> None:
    bits = np.array([[1.0, -1.0, 1.0]])
    marks = np.array([[[1, 0, 0], [1, 0, 1], [0, 0, 1]]], np.float64)  # steps × registers
    np.testing.assert_array_equal(problems._last_written(bits, marks), [[-1.0, 0.0, 1.0]])


@pytest.mark.parametrize("steps", [48, 96])
def test_of_the_marked_bits_the_last_one_is_wanted_after_the_delay(steps: int) -> None:
    sample = problems.delay(5, steps).fresh(400)
    bits, marks = seen(sample)[:, :, 0], seen(sample)[:, :, 1]
    assert marks[:, 0].all()
    assert not marks[:, -steps:].any()
    assert np.abs(bits[:, -steps:]).min() == 1
    last = marks.shape[1] - 1 - marks[:, ::-1].argmax(axis=1)
    np.testing.assert_array_equal(bits[np.arange(len(bits)), last], sample.expected[:, 0, 0])


def register_cells(n_registers: int) -> torch.nn.LSTM:
    """An LSTM of one cell for each register: a mark opens the input gate and closes the forget gate."""
    cells = torch.nn.LSTM(1 + n_registers, n_registers, batch_first=True)
    marks = 30 * torch.eye(n_registers)
    with torch.no_grad():
        for parameter in cells.parameters():
            parameter.zero_()
        weights, _, biases, _ = cells.parameters()
        # PyTorch's order of the gates: input, forget, cell, output.
        weights[:n_registers, 1:] = marks
        biases[:n_registers] = -15
        weights[n_registers : 2 * n_registers, 1:] = -marks
        biases[n_registers : 2 * n_registers] = 15
        weights[2 * n_registers : 3 * n_registers, 0] = 10
        biases[3 * n_registers :] = 15
    return cells


@pytest.mark.parametrize(("name", "units"), [("delay-48", 1), ("delay-96", 1), ("hold-24", 24)])
def test_as_many_cells_as_stated_know_all_that_can_be_known(name: str, units: int) -> None:
    sample = MAKERS[name](5).fresh(2400)
    with torch.no_grad():
        held = register_cells(units)(torch.from_numpy(seen(sample)))[0][:, -1].numpy() / np.tanh(1)
    np.testing.assert_allclose(held, sample.expected[:, :, 0], atol=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_few_windows_are_three_to_six_hundred(seed: int) -> None:
    assert 300 <= len(problems.few(seed).work.windows.first) <= 600


def test_the_level_drifts_in_the_last_fifth_before_the_holdout_and_fresh_rows_are_where_it_ends() -> None:
    drifting, steady = problems.drifting(5), problems.teacher(5, 4)
    change = (drifting.work.windows.target - steady.work.windows.target)[:, 0]
    assert np.abs(change[:2160]).max() < 1e-6
    np.testing.assert_allclose(change[[2160, 2430, 2700, 2999]], [0, 1, 2, 2], atol=0.01)
    np.testing.assert_allclose(drifting.fresh(1000).expected - steady.fresh(1000).expected, 2, atol=1e-5)


def test_noise_of_changing_variance_comes_in_quiet_and_in_loud_stretches() -> None:
    sample = problems.changing_variance(5).fresh(50_000)
    errors = (to_be_predicted(sample) - sample.expected)[:, 0, 0]
    loudness = (errors[: len(errors) // 20 * 20].reshape(-1, 20) ** 2).mean(axis=1) ** 0.5
    quiet, loud = np.quantile(loudness, [0.05, 0.95])
    assert loud > 4 * quiet


def test_noise_with_heavy_tails_has_outliers() -> None:
    sample = problems.heavy_tails(5).fresh(50_000)
    errors = (to_be_predicted(sample) - sample.expected)[:, 0, 0]
    # Of normal noise not one in fifty thousand is beyond six standard deviations.
    assert (np.abs(errors) > 6 * problems.NOISE).sum() > 20
