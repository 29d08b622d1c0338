"""Texts as sequences of characters: which are known, their indicators, and how often n-grams of them occur.

Both vocabularies are constants of the training sequences, as means are of numbers: `fit` makes them anew for each fold
and each refit. How many columns there are is declared, so that not even their number is learnt from other texts.
"""

import unicodedata

import numpy as np

from cellsize.data.scaling import Scaling
from cellsize.data.sequences import NGRAMS, Sequences
from cellsize.data.windows import Floats, Ints
from cellsize.params_data import Text

# Training texts that have a character before it is known. What stands in one alone is unknown there already: so a
# network learns what an unknown character is worth.
SHOWN = 2
ENDS = 4  # characters at each end of a text that trees read
LONGEST_NGRAM = 4  # characters, the marks of begin and end included


def normalised(text: str, how: Text) -> str:
    """A text as it is read: composed (NFC), so that é is one character; without space around it; in declared case."""
    composed = unicodedata.normalize("NFC", text).strip()
    # In lower case a composed character may be decomposed again: İ becomes i and a dot.
    return unicodedata.normalize("NFC", composed.lower()) if how.case == "lower" else composed


def fit(sequences: Sequences, train: Ints, deviation: Floats) -> Scaling:
    """The characters and n-grams that are known, from the training texts and from no other.

    Known are the most frequent characters, at most `Sequences.characters`, each in at least `SHOWN` texts; all others
    are one. An indicator that no training text has shown stays 0: its weights have learnt nothing.

    Args:
        sequences: Texts.
        train: Positions of the training texts.
        deviation: The error of the best constant on them; see `Scaling.deviation`.
    """
    points = _points(sequences, sequences.rows(train))
    of_text = np.repeat(np.arange(len(train)), sequences.length[train])
    of_each = np.unique(np.stack([points, of_text]), axis=1)[0]
    found, texts = np.unique(of_each, return_counts=True)
    order = np.lexsort((found, -texts))
    known = found[order][texts[order] >= SHOWN][: sequences.characters]
    width = sequences.n_inputs
    upper = np.zeros(width, np.float32)
    upper[: len(known)] = 1
    upper[-1] = not np.isin(found, known).all()
    scaling = Scaling(
        mean=np.zeros(width),
        std=np.ones(width, np.float32),
        deviation=deviation,
        lower=np.zeros(width, np.float32),
        upper=upper,
        characters=known.astype(np.int64),
    )
    ngrams, counts = np.unique(_ngrams(sequences, scaling, train)[0], return_counts=True)
    most = np.lexsort((ngrams, -counts))[:NGRAMS]
    return Scaling(**vars(scaling) | {"ngrams": np.sort(ngrams[most])})


def one_hot(sequences: Sequences, scaling: Scaling, rows: Ints) -> Floats:
    """Some characters as indicators, float32, shape (rows, n_inputs): of what is known, and last of the unknown."""
    assert scaling.upper is not None
    indicators = np.zeros((len(rows), sequences.n_inputs), np.float32)
    indicators[np.arange(len(rows)), _codes(sequences, scaling, rows)] = 1
    indicators *= scaling.upper
    return indicators


def counts(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """How often each known n-gram is in some texts, and a 1 last: float32, shape (n, NGRAMS + 1).

    An n-gram is one to four characters in a row; the begin and the end of a text are characters too.
    """
    assert scaling.ngrams is not None
    found, of_text = _ngrams(sequences, scaling, chosen)
    column = np.searchsorted(scaling.ngrams, found)
    known = column < len(scaling.ngrams)
    known[known] = scaling.ngrams[column[known]] == found[known]
    cells = of_text[known] * (NGRAMS + 1) + column[known]
    table = np.bincount(cells, minlength=len(chosen) * (NGRAMS + 1)).astype(np.float32).reshape(len(chosen), -1)
    table[:, -1] = 1
    return table


def ends(sequences: Sequences, scaling: Scaling, chosen: Ints) -> Floats:
    """The first and the last characters of some texts as numbers, and the length, float32, shape (n, 2 · ENDS + 1).

    The number of a character is its rank by frequency, of an unknown one the next; −1 where a text is shorter.
    """
    first, length = sequences.first[chosen][:, None], sequences.length[chosen][:, None]
    step = np.arange(ENDS)
    rows = np.concatenate([first + step, first + length - 1 - step], axis=1)
    there = np.tile(step < length, 2)
    codes = _codes(sequences, scaling, np.where(there, rows, first).ravel()).reshape(rows.shape)
    return np.concatenate([np.where(there, codes, -1), length], axis=1).astype(np.float32)


def unknown(sequences: Sequences, scaling: Scaling, chosen: Ints) -> float:
    """The fraction of the characters of some texts that are unknown."""
    return float((_codes(sequences, scaling, sequences.rows(chosen)) == sequences.characters).mean())


def ngram_base(known: int) -> int:
    """The base in which an n-gram is a number, for so many characters that may be known: larger than every digit.

    Digits are 1 for begin and end, and 2 and more for characters in the order of their columns, the unknown one last.
    """
    return known + 3


def _points(sequences: Sequences, rows: Ints) -> Ints:
    points: Ints = sequences.inputs[rows, 0].astype(np.int64)
    return points


def _codes(sequences: Sequences, scaling: Scaling, rows: Ints) -> Ints:
    """The column of each character: its place among the known ones, or the last one."""
    assert scaling.characters is not None
    points, known = _points(sequences, rows), scaling.characters
    if not len(known):
        return np.full(len(rows), sequences.characters)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known, points, sorter=order), len(known) - 1)
    codes: Ints = np.where(known[order[at]] == points, order[at], sequences.characters)
    return codes


def _ngrams(sequences: Sequences, scaling: Scaling, chosen: Ints) -> tuple[Ints, Ints]:
    """All n-grams of some texts, as numbers in a base that is larger than every code; and the text of each."""
    base, length = ngram_base(sequences.characters), sequences.length[chosen]
    # 1 marks begin and end, so that a shorter n-gram is never the same number as a longer one.
    marked, of_text = np.full((length + 2).sum(), 1, np.int64), np.repeat(np.arange(len(chosen)), length + 2)
    begin = np.cumsum(length + 2) - length - 2
    inside = np.ones(len(marked), np.bool_)
    inside[begin] = inside[begin + length + 1] = False
    marked[inside] = _codes(sequences, scaling, sequences.rows(chosen)) + 2
    found, texts, number = [marked[inside]], [of_text[inside]], marked
    for more in range(1, LONGEST_NGRAM):
        number = number[:-1] * base + marked[more:]
        whole = of_text[more:] == of_text[: len(number)]
        found.append(number[whole])
        texts.append(of_text[: len(number)][whole])
    return np.concatenate(found), np.concatenate(texts)
