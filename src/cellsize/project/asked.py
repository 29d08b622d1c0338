"""What the user of `cellsize init` declares."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from cellsize.errors import InputError
from cellsize.params import Task


@dataclass(frozen=True)
class Asked:
    """What the user declares; None or empty: it is found out.

    Attributes:
        table: The file.
        targets: Columns to forecast.
        time: Columns with the time.
        time_format: How times are written.
        timezone: Clock of times without an offset, and of the calendar.
        series: Column that tells series apart.
        frequency: The step.
        horizon: Steps predicted.
        lookback: Steps that memory cells see.
        past: The past covariates, numbers or texts; None: all columns that may be.
        future: Covariates known in future.
        task: What is to be learnt.
        group: Column whose sequences stay together in a fold.
    """

    table: Path
    targets: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    time_format: str | None = None
    timezone: str | None = None
    series: str | None = None
    frequency: str | None = None
    horizon: int | None = None
    lookback: int | None = None
    past: tuple[str, ...] | None = None
    future: tuple[str, ...] = ()
    task: Task | None = None
    group: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether the label of a sequence is a number to be estimated, and no class."""
        return self.task == "regress"


def task_of(name: str | None) -> Task | None:
    """A task by its name.

    Raises:
        InputError: There is none of this name.
    """
    tasks: tuple[Task, ...] = get_args(Task)
    for task in tasks:
        if task == name:
            return task
    if name is not None:
        raise InputError(f"--task {name}: no task; give one of {', '.join(tasks)}")
    return None


def refuse_contradictions(asked: Asked) -> None:
    """Refuses columns that are named twice, or for two things."""
    given = {
        "--time": asked.time, "--series": (asked.series,) if asked.series else (), "--target": asked.targets,
        "--past": asked.past or (), "--future": asked.future, "--group": (asked.group,) if asked.group else (),
    }  # fmt: skip
    uses = [(name, option) for option, names in given.items() for name in names]
    first = dict[str, str]()
    for name, option in uses:
        if name in first:
            raise InputError(
                f"{asked.table}, column {name!r}: named by {first[name]} and again by {option}; name it once"
            )
        first[name] = option
