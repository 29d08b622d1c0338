"""Every task answers the same questions; one contract test for all of them."""

import inspect

import numpy as np
import pytest

from cellsize.sizing.sizes import shape
from cellsize.tasks.classification import Classification
from cellsize.tasks.forecasting import Forecasting
from cellsize.tasks.regression import Regression
from cellsize.tasks.task import Task
from cellsize.training.records import Work

QUESTIONS = sorted(name for name in vars(Task) if not name.startswith("_"))


@pytest.fixture(params=["forecast", "classify", "regress"])
def work(request: pytest.FixtureRequest) -> Work:
    make = {"forecast": "make_work", "classify": "make_class_work", "regress": "make_number_work"}[request.param]
    made: Work = request.getfixturevalue(make)()
    return made


@pytest.mark.parametrize("kind", [Forecasting, Classification, Regression])
def test_a_task_answers_every_question_with_the_same_arguments(kind: type) -> None:
    assert len(QUESTIONS) > 8
    for name in QUESTIONS:
        asked, answered = getattr(Task, name), getattr(kind, name)
        if not isinstance(asked, property):
            assert list(inspect.signature(answered).parameters) == list(inspect.signature(asked).parameters), name


def test_what_is_read_has_the_shape_of_the_networks(work: Work) -> None:
    task, form, chosen = work.task, shape(work.samples), np.array([0, 3, 4])
    read = task.read(task.fit_scaling(np.arange(8)), chosen)
    assert read.steps.shape == (3, form.cell_lookback, form.n_inputs)
    assert read.known_future.shape == (3, form.horizon, form.n_known_future)
    assert read.linear_inputs.shape == (3, form.n_linear)
    assert read.target.shape == (3, form.horizon, form.n_targets)
    assert {array.dtype for array in read[:6]} == {np.dtype(np.float32)}
    assert (read.linear_inputs[:, -1] == 1).all()


def test_reading_some_samples_is_reading_each(work: Work) -> None:
    task, scaling = work.task, work.task.fit_scaling(np.arange(8))
    together, alone = task.read(scaling, np.array([5, 1])), task.read(scaling, np.array([1]))
    for several, one in zip(together, alone, strict=True):
        if several is not None:
            assert one is not None
            np.testing.assert_array_equal(several[1:], one)


def test_the_loss_of_a_batch_is_its_score(work: Work) -> None:
    import torch

    task, chosen = work.task, np.arange(6)
    scaling = task.fit_scaling(np.arange(12))
    read, truth = task.read(scaling, chosen), task.truth(scaling, chosen)
    outputs = np.random.default_rng(0).standard_normal(read.target.shape).astype(np.float32)
    scale = read.scale * scaling.error_scale(work.metric)
    tensors = [torch.from_numpy(each[None]) for each in (outputs, read.target, scale)]
    loss = task.loss(tensors[0], tensors[1], tensors[2], work.metric)
    in_units = outputs * read.scale + read.location
    total = float(task.error_sum(in_units, truth, scaling.error_scale(work.metric), work.metric))
    assert float(loss[0]) == pytest.approx(task.score(total, int(task.observed(chosen).sum())), rel=1e-4)
    assert task.residuals(in_units, truth).shape == truth.shape


def test_counts_are_those_of_the_samples(work: Work) -> None:
    assert work.task.count == len(work.samples.first)
    assert (work.task.observed(np.arange(4)) == work.task.scored).all()
