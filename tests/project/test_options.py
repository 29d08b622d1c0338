"""Before params.yaml is written, a message names the options of `cellsize init`."""

from pathlib import Path

import pytest

from cellsize.errors import InputError
from cellsize.project import options


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("toy.csv: no column 'x'; fix prepare.targets in params.yaml", "toy.csv: no column 'x'; fix --target"),
        ("toy.csv: the target never changes; remove it from prepare.targets",
         "toy.csv: the target never changes; name another --target"),
        ("toy.csv: never; name another column under prepare.targets in place of 'y'",
         "toy.csv: never; name another --target"),
        ("toy.csv: off; set prepare.frequency: MS, which most rows follow",
         "toy.csv: off; give --frequency MS, which most rows follow"),
        ("toy.csv: off; fix prepare.frequency, or the row", "toy.csv: off; give --frequency its real step, or the row"),
        ("toy.csv: not so; set prepare.time_format: null, since all times are ISO 8601",
         "toy.csv: not so; leave --time-format out, since all times are ISO 8601"),
        ("toy.csv: declare prepare.timezone: Area/City and prepare.ambiguous: infer",
         "toy.csv: declare --timezone Area/City"),
        ("20 rows are too few", "toy.csv: 20 rows are too few"),
    ],
)  # fmt: skip
def test_keys_become_options_and_the_table_is_named(said: str, expected: str) -> None:
    assert str(options.named(InputError(said), Path("toy.csv"))) == expected
