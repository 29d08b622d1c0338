"""Whether the holdout is long enough to tell a later version from the champion."""

from cellsize.project.compared import compared


def test_where_there_are_enough_blocks_nothing_is_changed_and_nothing_said() -> None:
    assert compared(20, 20, 10, "groups of sequences") == ({}, [])


def test_with_fewer_groups_a_comparison_needs_fewer_and_it_is_said() -> None:
    changed, said = compared(12, 20, 10, "groups of sequences")
    assert changed == {"register.blocks": 12}
    assert said == [
        "register.blocks: 12, since the holdout has 12 groups of sequences: on these a later version is compared with "
        "the champion"
    ]


def test_with_too_few_it_is_said_what_to_do_by_hand() -> None:
    changed, said = compared(2, 20, 10, "groups of sequences")
    assert changed == {"register.blocks": 10}
    assert said[0].startswith("remark: the holdout has 2 groups of sequences, and a comparison")
    assert "needs 10 (register.blocks)" in said[0]
    assert said[0].endswith("`cellsize promote` decides")
    # Of blocks of time none fewer will do than are asked for.
    changed, said = compared(19, 20, 20, "blocks of 12 steps")
    assert not changed
    assert "needs 20 (register.blocks)" in said[0]
