"""How sure means over sequences are: whole groups of them count once, and so do the seeds of the twins."""

import numpy as np

from cellsize.data.windows import Floats, Ints


def standard_error(values: Floats, groups: Ints) -> float:
    """Standard error of the mean over sequences and twins.

    The sequences of a group go up and down together, so that groups are what is drawn: the variance of the sums over
    groups, of the mean over the twins (clustered standard errors: Liang & Zeger, Biometrika 73(1), 1986). A training is
    one draw of a seed: the variance of the twins' means, divided by their number, is added.

    Args:
        values: Losses, or differences of them, shape (twins, n).
        groups: Group of each sequence, shape (n,); equal sequences are one, since a model says the same of them.

    Returns:
        The standard error; 0 where there is only one group and one twin.
    """
    twins, n = values.shape
    mean = values.mean(axis=0)
    codes = np.unique(groups, return_inverse=True)[1]
    sums = np.bincount(codes, weights=mean - mean.mean())
    count = len(sums)
    of_groups = float(np.square(sums).sum()) * count / (count - 1) / n**2 if count > 1 else 0.0
    of_seeds = float(values.mean(axis=1).var(ddof=1)) / twins if twins > 1 else 0.0
    return float(np.sqrt(of_groups + of_seeds))
