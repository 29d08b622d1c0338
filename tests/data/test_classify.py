"""The task `classify`: a loss that is the log loss, and a score of which the best constant has 1."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cellsize.data.classify import Classify


def test_the_best_constant_scores_1_however_many_classes_there_are_and_however_frequent() -> None:
    for counts in ((5, 5), (9, 1), (3, 4, 5)):
        codes = np.repeat(np.arange(len(counts)), counts)
        task = Classify(len(counts))
        outputs = np.tile(np.log(np.array(counts) / len(codes)), (len(codes), 1))[:, None]
        scale = np.array([1 / task.constant_error(codes)])
        assert float(task.error_sum(outputs, task.target(codes), scale)) / len(codes) == pytest.approx(1)


def test_the_error_of_a_sequence_is_the_negative_logarithm_of_the_probability_of_its_class() -> None:
    task, outputs = Classify(2), np.log([[[0.25, 0.75]], [[0.5, 0.5]]])
    total = task.error_sum(outputs, task.target(np.array([1, 0])), np.ones(1))
    assert float(total) == pytest.approx(-np.log(0.75) - np.log(0.5))


def test_a_table_of_one_class_is_divided_by_1() -> None:
    assert Classify.constant_error(np.zeros(4, int)) == 1.0


@given(arrays.arrays(np.float64, (3, 1, 4), elements=st.floats(-500, 500)))
def test_probabilities_add_up_to_1_whatever_the_outputs(outputs: np.ndarray) -> None:
    probabilities = Classify.probabilities(outputs)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1)
    assert (probabilities >= 0).all()


def test_arrays_and_tensors_have_the_same_loss_and_the_loss_is_the_score_of_the_batch() -> None:
    task, draw = Classify(3), np.random.default_rng(0)
    outputs = draw.standard_normal((2, 5, 1, 3)).astype(np.float32)
    target = task.target(np.array([0, 1, 2, 1, 0]))[None].repeat(2, axis=0)
    scale = np.full((2, 5, 1, 1), 0.5, np.float32)
    tensors = [torch.from_numpy(each) for each in (outputs, target, scale)]
    loss = task.loss(tensors[0], tensors[1], tensors[2])
    sums = [float(task.error_sum(outputs[at], target[at], scale[at])) / 5 for at in (0, 1)]
    np.testing.assert_allclose(loss, sums, rtol=1e-6)
    halved = task.loss(tensors[0], tensors[1], tensors[2], torch.tensor([2.0, 1.0]))
    np.testing.assert_allclose(halved, [sums[0] / 2, sums[1]], rtol=1e-6)
