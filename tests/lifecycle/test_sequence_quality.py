"""Words of how good a model is on new sequences name what its task says."""

from cellsize.lifecycle.sequence_quality import label_word, meaning


def test_an_error_is_divided_by_that_of_the_best_constant() -> None:
    assert "log loss divided by that of the class frequencies" in meaning("log_loss")
    assert meaning("mse").startswith("nmse is the mean squared error divided by that of the mean")
    assert meaning("mae").startswith("nmae is the mean absolute error divided by that of the median")


def test_labels_of_numbers_are_numbers() -> None:
    assert [label_word(metric) for metric in (None, "log_loss", "mse", "mae")] == [
        "labels", "labels", "numbers", "numbers",
    ]  # fmt: skip
