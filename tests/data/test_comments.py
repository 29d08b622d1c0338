"""Lines of comment are told from values that begin as one."""

import pytest

from cellsize.data import comments


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# a\nx,y\n 	# b\n1,2\n", "\nx,y\n\n1,2\n"),
        ('x\n"a\n# no comment\nb"\n# one\n', 'x\n"a\n# no comment\nb"\n\n'),  # 9 rows of 59 were lost so
        ('1,"say ""x""\n# no"\n#c\n', '1,"say ""x""\n# no"\n\n'),
        ('5" pipe,1\n# one\n2" pipe,1\n# two\n', '5" pipe,1\n\n2" pipe,1\n\n'),  # a quote inside of a value opens none
        ('1, "a\n#b",""\n#c\n', '1, "a\n#b",""\n\n'),
        ('"a"b"\n#c\n', '"a"b"\n\n'),
        ("x # y\n", "x # y\n"),
    ],
)
def test_a_comment_begins_a_line_outside_of_a_quoted_value(text: str, left: str) -> None:
    assert "".join(comments.left_out(text.splitlines(keepends=True), "#", ",")) == left
