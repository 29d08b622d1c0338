"""How the report speaks of a task."""

from cellsize.report.words import OF_CLASSES, of_forecast


def test_the_model_without_memory_cells_is_called_what_it_is() -> None:
    assert OF_CLASSES.zero_cells == "a logistic regression of each sequence as a whole"
    assert of_forecast("window").zero_cells == "a ridge-linear model of the window"
    assert of_forecast("known_future").zero_cells == "a ridge-linear model of what is known of the future"


def test_sequences_are_counted_as_sequences_and_by_what_belongs_together() -> None:
    assert OF_CLASSES.samples is not None
    groups = "groups of sequences, equal ones as one"
    assert OF_CLASSES.samples("windows") == {"windows": "sequences", "effective": groups}
    assert OF_CLASSES.samples("effective") == {"sequences": "sequences", "effective": groups}
