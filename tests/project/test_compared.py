"""Whether the holdout is long enough to tell a later version from the champion."""

from cellsize.project.compared import compared


def test_where_there_are_enough_blocks_nothing_is_changed_and_nothing_said() -> None:
    assert compared(20, 20, 10, "group", " of sequences") == ({}, [])


def test_with_fewer_groups_a_comparison_needs_fewer_and_it_is_said() -> None:
    # Not as many as there are: of equal sequences, which are one, nobody has looked yet.
    changed, said = compared(12, 20, 10, "group", " of sequences")
    assert changed == {"register.blocks": 10}
    assert said == [
        "register.blocks: 10, since the holdout has 12 groups of sequences: a comparison with the champion needs no "
        "more"
    ]


def test_with_too_few_it_is_said_what_to_do_by_hand() -> None:
    changed, said = compared(1, 20, 10, "group", " of sequences")
    assert changed == {"register.blocks": 10}
    assert said[0].startswith("remark: the holdout has 1 group of sequences, and a comparison")
    assert "needs 10 (register.blocks)" in said[0]
    assert said[0].endswith("`cellsize promote` decides")
    # Of blocks of time none fewer will do than are asked for.
    changed, said = compared(19, 20, 20, "block", " of 12 steps")
    assert not changed
    assert said[0].startswith("remark: the holdout has 19 blocks of 12 steps, and a comparison")
    assert "needs 20 (register.blocks)" in said[0]
