"""Sequences that are there more than once, and what stays together because of them."""

import hashlib

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cellsize.data.sequences import Sequences
from cellsize.data.windows import Ints


def contents(sequences: Sequences) -> Ints:
    """A code for what each sequence consists of, step by step, shape (n,): equal ones have the same."""
    inputs, seen, codes = sequences.inputs, dict[bytes, int](), np.empty(len(sequences.first), np.int64)
    for at, (first, length) in enumerate(zip(sequences.first, sequences.length, strict=True)):
        codes[at] = seen.setdefault(inputs[first : first + length].tobytes(), len(seen))
    return codes


def digests(sequences: Sequences) -> npt.NDArray[np.uint64]:
    """The same as numbers that other arrays give too, shape (n,): for texts, from which no offset is subtracted."""
    inputs, found = sequences.inputs, np.empty(len(sequences.first), np.uint64)
    for at, (first, length) in enumerate(zip(sequences.first, sequences.length, strict=True)):
        steps = inputs[first : first + length].astype("<f4").tobytes()
        found[at] = int.from_bytes(hashlib.sha256(steps).digest()[:8], "little")
    return found


def together(sequences: Sequences) -> Ints:
    """A code for what each sequence belongs to, shape (n,): equal ones, and those of one group, have the same.

    Where two groups share a sequence, all of both belongs together.
    """
    content, group = contents(sequences), np.unique(sequences.group, return_inverse=True)[1]
    edges = np.ones(len(group)), (group, content + len(group))
    bipartite = coo_array(edges, shape=(2 * len(group), 2 * len(group)))
    found = connected_components(bipartite, directed=False)[1][group]
    codes: Ints = np.unique(found, return_inverse=True)[1].astype(np.int64)
    return codes
