"""Scores in text, with the digits that their standard errors justify."""

import math

FIGURES = 2  # of a standard error: more are noise, one is too coarse for 0.14 against 0.10
MOST = 6
PLAIN = 4  # decimals of a score whose standard error is not known


def places(standard_error: float | None) -> int | None:
    """Decimals that give a standard error two significant figures; None where it says nothing."""
    if standard_error is None or not math.isfinite(standard_error) or standard_error <= 0:
        return None
    # By its text: 0.0996 is 0.10, which takes one decimal fewer than its first digit says.
    return min(MOST, max(0, FIGURES - 1 - int(f"{standard_error:.{FIGURES - 1}e}".split("e")[1])))


def rounded(score: float, standard_error: float | None) -> str:
    """A score as text: `0.291` for 0.29083 with a standard error of 0.09, `0.29083` with one of 0.00012."""
    decimals = places(standard_error)
    return f"{score:.{PLAIN if decimals is None else decimals}f}"


def apart(first: float, second: float, standard_error: float | None) -> tuple[str, str]:
    """Two scores as text, with the digits that the standard error of their difference justifies.

    With more where they would look alike though they differ: a comparison has to show what it says.
    """
    justified = places(standard_error)
    for decimals in range(PLAIN if justified is None else justified, MOST + 1):
        texts = f"{first:.{decimals}f}", f"{second:.{decimals}f}"
        if texts[0] != texts[1]:
            return texts
    return rounded(first, standard_error), rounded(second, standard_error)


def with_error(score: float, standard_error: float) -> str:
    """A score and its standard error, as `0.291 ± 0.090`."""
    return f"{rounded(score, standard_error)} ± {rounded(standard_error, standard_error)}"
