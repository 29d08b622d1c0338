"""Whether the inputs of sequences have shifted: KS and PSI of their summaries, with p-values by permutation.

Sequences have no order in time, so nothing has to be as long as something else: had nothing changed, the new ones could
be any of all. So as many as are new are drawn from old and new ones together, 999 times, whole groups of them, and both
statistics are computed anew. What is compared is their largest standardised value over all columns: of the drawn ones
and the new ones each is as probable to be the largest, whatever the columns have in common. So the chance of a false
alarm on any column is the level (Westfall & Young, Resampling-Based Multiple Testing, 1993).
"""

import numpy as np

from cellsize.data.windows import Floats, Ints
from cellsize.lifecycle.shift import Shift, bins_of, psi
from cellsize.lifecycle.sketch import CODES, MISSING, Codes

DRAWS = 999
SHOWN = 60  # draws that a chart shows
FEWEST_GROUPS = 8  # on each side


def shifts(
    names: tuple[str, ...], before: Codes, now: Codes, groups_before: Ints, groups_now: Ints
) -> tuple[Shift, ...]:
    """How far each column has shifted; none where there are fewer than `FEWEST_GROUPS` groups on a side.

    Args:
        names: Of the columns.
        before: Codes of what the model has learned from, shape (n, columns).
        now: Codes of the new sequences, shape (m, columns).
        groups_before: Group of each sequence, shape (n,); one of its own where there are none.
        groups_now: Likewise, shape (m,); no group is on both sides.

    Returns:
        The same for the same codes.
    """
    old, new = (np.unique(groups, return_inverse=True)[1] for groups in (groups_before, groups_now))
    counts = int(old.max()) + 1, int(new.max()) + 1
    if min(counts) < FEWEST_GROUPS:
        return ()
    group = np.concatenate([old, new + counts[0]])
    member = _drawn(counts)[:, group].T.copy()
    pooled, measured = np.concatenate([before, now]), list[tuple[Floats, Floats]]()
    for column in range(len(names)):
        codes, below, every = _counts(pooled[:, column], member)
        of_ks = _ks(below[codes != MISSING], every[codes != MISSING])
        bins = bins_of(np.bincount(codes, weights=every, minlength=CODES).astype(np.int64))[codes]
        ends = np.append(np.flatnonzero(np.diff(bins)), len(bins) - 1)
        ours = np.diff(below[ends], axis=0, prepend=0).T
        theirs = np.diff(np.cumsum(every)[ends], prepend=0) - ours
        measured.append((of_ks, np.nan_to_num(psi(ours, theirs, np.arange(len(ends))))))
    least = 1 / len(now)
    standardised = np.stack([[_standardised(np.log(each + least)) for each in both] for both in measured])
    of_column = standardised.max(axis=1)  # shape (columns, 1 + draws), the new ones first
    of_all = of_column.max(axis=0)
    return tuple(
        Shift(
            column=name,
            ks=float(of_ks[0]),
            psi=float(of_psi[0]),
            usual_ks=float(np.median(of_ks[1:])),
            usual_psi=float(np.median(of_psi[1:])),
            windows=tuple(map(float, of_ks[1 : SHOWN + 1])),
            p=_rank(of_column[at], of_column[at][0]),
            adjusted=_rank(of_all, of_column[at][0]),
        )
        for at, (name, (of_ks, of_psi)) in enumerate(zip(names, measured, strict=True))
    )


def _drawn(counts: tuple[int, int]) -> np.ndarray:
    """Which groups are the new ones: as they are, then in each draw, shape (1 + draws, groups)."""
    rng, number = np.random.default_rng(0), sum(counts)
    member = np.zeros((DRAWS + 1, number), np.bool_)
    member[0, counts[0] :] = True
    for row in member[1:]:
        row[rng.permutation(number)[: counts[1]]] = True
    return member


def _counts(codes: Codes, member: np.ndarray) -> tuple[Codes, Ints, Ints]:
    """The codes that are there; of each how many members have it or a lower one, and how many sequences have it.

    Args:
        codes: Of each sequence, shape (n,).
        member: Whether it is a new one in each draw, shape (n, 1 + draws).

    Returns:
        Shapes (codes,), (codes, 1 + draws) and (codes,).
    """
    order = np.argsort(codes, kind="stable")
    there, begins = np.unique(codes[order], return_index=True)
    below = np.add.reduceat(member[order], begins, axis=0, dtype=np.int32).cumsum(axis=0)
    return there, below, np.diff(begins, append=len(codes))


def _ks(below: Ints, every: Ints) -> Floats:
    """KS of each draw, shape (1 + draws,): as `shift.ks`, from sums; without a value all of it has gone."""
    if not len(below):
        return np.zeros(DRAWS + 1)
    theirs = np.cumsum(every)[:, None] - below
    with np.errstate(invalid="ignore"):
        largest = np.abs(below / below[-1] - theirs / theirs[-1]).max(axis=0)
    return np.asarray(np.nan_to_num(largest, nan=1.0))


def _standardised(values: Floats) -> Floats:
    spread = values.std()
    return np.asarray((values - values.mean()) / spread) if spread > 1e-12 else np.zeros_like(values)


def _rank(values: Floats, value: float) -> float:
    """The fraction of the values that are as large; one of them is the value itself."""
    return float((values >= value - 1e-9).mean())
