"""What a new version logs; versions of both tasks are registered in `test_versions` and `test_by_task`."""

from importlib.metadata import version

from cellsize.registry import logged


def test_a_served_model_needs_nothing_that_is_not_installed_here() -> None:
    assert all(version(name) for name in logged.REQUIREMENTS)
