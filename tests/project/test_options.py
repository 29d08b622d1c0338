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
        # What init does not find out about the file could not be followed: there was no key to set.
        ("toy.csv: not UTF-8: the file is in UTF-16; set prepare.csv.encoding: utf-16-le, or save it in UTF-8",
         "toy.csv: not UTF-8: the file is in UTF-16; save it as UTF-8"),
        ("toy.csv, line 3: not UTF-8; save the file as UTF-8, or set prepare.csv.encoding to its own, such as latin-1 "
         "(Western Europe)", "toy.csv, line 3: not UTF-8; save the file as UTF-8"),
        ("toy.csv: not cp1252; fix prepare.csv.encoding", "toy.csv: not cp1252; save it as UTF-8"),
        ('toy.csv: lines begin with \'!\'; set prepare.csv.comment: "!", if they are comments',
         "toy.csv: lines begin with '!'; remove these lines, if they are comments"),
        ('toy.csv: \'1,5\' is not a number; set prepare.csv.decimal: ","; else fix it',
         "toy.csv: '1,5' is not a number; write numbers with a decimal point and no sign between thousands; else fix "
         "it"),
        ("toy.csv: 'mm' is not a number; set prepare.csv.units_row: true, if this line holds units; else fix it",
         "toy.csv: 'mm' is not a number; remove this line, if it holds units; else fix it"),
        ("20 rows are too few", "toy.csv: 20 rows are too few"),
    ],
)  # fmt: skip
def test_keys_become_options_and_the_table_is_named(said: str, expected: str) -> None:
    assert str(options.named(InputError(said), Path("toy.csv"))) == expected
