"""The model of labelled sequences as files, and its probabilities."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cellsize.data.sequence_schema import SequenceSchema
from cellsize.data.sequences import Sequences
from cellsize.errors import InputError
from cellsize.models.classifier import Classifier
from cellsize.models.sequence_files import MODEL
from cellsize.params_data import Window
from cellsize.sizing.sizes import ZERO, Size
from cellsize.training.records import Setting, Work
from cellsize.training.refit import refit_size

MakeWork = Callable[..., Work]


@pytest.fixture
def make_classifier(
    make_class_work: MakeWork, sequence_schema: SequenceSchema, make_window: Callable[..., Window]
) -> Callable[..., tuple[Classifier, Sequences]]:
    def make(size: Size, skip: str = "none") -> tuple[Classifier, Sequences]:
        work = make_class_work(network={"bidirectional": True, "summary": "mean", "skip": [skip]})
        setting = Setting(0.05, 0.0, 0.0, skip, "plain")  # type: ignore[arg-type]
        fitted, net = refit_size(work, size, setting, 1.0, 6 if size != ZERO else 0)
        assert isinstance(work.samples, Sequences)
        window = make_window(horizon=1)
        longest, learned_from = work.samples.longest, ("s1", "s2")
        found = Classifier(size, sequence_schema, window, work.network, fitted, net, longest, learned_from)
        return found, work.samples

    return make


@pytest.mark.parametrize(("size", "skip"), [(ZERO, "none"), (Size(1, 3), "none"), (Size(1, 3), "joint")])
def test_a_model_that_was_read_says_what_the_written_one_says(
    make_classifier: Callable[..., tuple[Classifier, Sequences]], size: Size, skip: str, tmp_path: Path
) -> None:
    model, sequences = make_classifier(size, skip)
    model.save(tmp_path)
    read, chosen = Classifier.load(tmp_path), np.arange(9)
    probabilities = model.probabilities(sequences, chosen)
    np.testing.assert_array_equal(read.probabilities(sequences, chosen), probabilities)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (read.schema, read.window, read.network) == (model.schema, model.window, model.network)
    assert read.learned_from == ("s1", "s2")


def test_a_model_of_another_version_is_refused(
    make_classifier: Callable[..., tuple[Classifier, Sequences]], tmp_path: Path
) -> None:
    make_classifier(ZERO)[0].save(tmp_path)
    path = tmp_path / MODEL
    path.write_text(path.read_text().replace('"version": 1', '"version": 99'))
    with pytest.raises(InputError, match="version 99 of the format, but this cellsize reads 1"):
        Classifier.load(tmp_path)
