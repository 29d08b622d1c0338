"""Normal equations of the ridge-linear model, solved for outputs that lack windows of their own.

Where every target was observed, all outputs share one matrix. Where some were not, each output is fitted to the windows
that have it: by a correction of the shared factorisation, or by a matrix of its own.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from cellsize.data.batches import chunks, design, gather
from cellsize.data.forecast import Forecast
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints, Windows

# Windows that an output may lack, as a fraction of the inputs, for its solution to be corrected: more cost more than
# another factorisation. And what may be left over of it, as a fraction of what is added up in it: rounding.
FEW, REFINEMENTS, ROUNDING = 0.1, 2, 64 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class Rows:
    """The training windows as rows of a least-squares problem, weighted so that errors count as in the score.

    Attributes:
        windows: Base arrays and index.
        scaling: Constants of the training rows.
        train: Training windows, as positions in `windows.first`.
        reads_past: Whether the model reads what the window sees.
    """

    windows: Windows
    scaling: Scaling
    train: Ints
    reads_past: bool

    @property
    def columns(self) -> int:
        """Inputs of the model."""
        return self.windows.n_linear - (not self.reads_past) * self.windows.n_past * self.windows.lookback

    def of(self, chosen: Ints) -> tuple[Floats, Floats]:
        """Inputs (n, columns) and outputs (n, n_outputs) of some windows, float64; NaN where unobserved."""
        batch = gather(self.windows, self.scaling, chosen)
        weight = Forecast.of(self.windows).least_squares_weight(batch.scale)
        inputs = design(self.windows, batch, self.reads_past).astype(np.float64) * weight[:, :, 0]
        return inputs, (batch.target * weight).reshape(len(chosen), -1).astype(np.float64)


class _Lacking(NamedTuple):
    """Outputs that were not observed in the same training windows."""

    outputs: Ints
    windows: npt.NDArray[np.uint8]  # a bit for each training window

    def mask(self, count: int) -> npt.NDArray[np.bool_]:
        """True for the training windows that lack them, shape (count,)."""
        return np.unpackbits(self.windows, count=count).astype(np.bool_)


class Equations(NamedTuple):
    """Normal equations of all outputs, in float64."""

    rows: Rows
    gram: Floats  # of all windows, (inputs, inputs)
    cross: Floats  # of the windows where the output was observed, (inputs, n_outputs)
    lacking: list[_Lacking]


def equations_of(rows: Rows) -> Equations:
    """Adds up the normal equations piece by piece: all rows at once would be the largest array of a fit."""
    gram, cross = np.zeros((rows.columns, rows.columns)), np.zeros((rows.columns, rows.windows.n_outputs))
    lacking = _lacking_the_same(rows.windows, rows.train)
    for piece in chunks(rows.train):
        inputs, outputs = rows.of(piece)
        gram += inputs.T @ inputs
        if lacking:
            outputs[np.isnan(outputs)] = 0.0
        cross += inputs.T @ outputs
    return Equations(rows, gram, cross, lacking)


def _lacking_the_same(windows: Windows, train: Ints) -> list[_Lacking]:
    """The outputs that were not observed in some training windows, those together that lack the same windows."""
    if (windows.observed(train) == windows.n_outputs).all():
        return []
    begin = windows.first[train] + windows.lookback
    together: dict[bytes, list[int]] = {}
    for output in range(windows.n_outputs):
        step, target = divmod(output, windows.n_targets)
        lacks = np.isnan(windows.target[begin + step, target])
        if lacks.any():
            together.setdefault(np.packbits(lacks).tobytes(), []).append(output)
    return [_Lacking(np.array(outputs), np.frombuffer(bits, np.uint8)) for bits, outputs in together.items()]


def solve(equations: Equations, penalties: tuple[float, ...]) -> list[Floats]:
    """Weights of all outputs for each penalty; each output is fitted to the windows where it was observed.

    The outputs that were always observed share one matrix. Others have it less the windows that they lack. Where these
    are few, the shared factorisation is corrected for them, a small fraction of the work of another one; else their
    matrix is made and factorised, one after another. So a few matrices of inputs² · 8 bytes are held, however many
    outputs lack windows of their own.

    Args:
        equations: Of the training windows.
        penalties: Ridge penalties; the bias has none.

    Returns:
        For each penalty float32 weights, shape (inputs, n_outputs).
    """
    rows, gram, cross, lacking = equations
    many = {at for at, each in enumerate(lacking) if each.mask(len(rows.train)).sum() > FEW * len(gram)}
    few = [at for at in range(len(lacking)) if at not in many]
    solutions, unsolved = list[Floats](), list[set[int]]()
    for penalty in penalties:
        matrix = gram + np.diag(_ridge(gram[-1, -1], len(gram), penalty))
        factor = cho_factor(matrix)
        solution = cho_solve(factor, cross)
        unsolved.append(many | _correct(equations, matrix, factor, few, solution))
        solutions.append(solution.astype(np.float32))
        del matrix, factor, solution
    for at in sorted(set().union(*unsolved)):
        outputs, others = lacking[at].outputs, gram.copy()
        for piece in chunks(rows.train[lacking[at].mask(len(rows.train))]):
            inputs = rows.of(piece)[0]
            others -= inputs.T @ inputs
        for solution, penalty, left in zip(solutions, penalties, unsolved, strict=True):
            if at in left:
                matrix = others + np.diag(_ridge(others[-1, -1], len(others), penalty))
                solution[:, outputs] = cho_solve(cho_factor(matrix), cross[:, outputs])
    return solutions


def _ridge(biases: float, columns: int, penalty: float) -> Floats:
    """What is added to the diagonal of normal equations, shape (columns,); their last element is that of the bias."""
    ridge = np.full(columns, penalty)
    ridge[-1] = 1e-6 * max(1.0, biases)
    return ridge


def _correct(
    equations: Equations, matrix: Floats, factor: tuple[Floats, bool], few: list[int], solution: Floats
) -> set[int]:
    """Corrects the solution for outputs that lack few windows; returns those of `few` where rounding does not allow it.

    Outputs are taken together as long as they lack at most as many windows as there are inputs.

    Args:
        equations: Of all windows.
        matrix: With the penalty.
        factor: Of the matrix.
        few: Positions in `equations.lacking`.
        solution: Of the matrix for all outputs; changed in place.
    """
    rows, left, rest = equations.rows, set[int](), list(few)
    while rest:
        group, union = list[int](), np.zeros(len(rows.train), np.bool_)
        while rest:
            more = union | equations.lacking[rest[0]].mask(len(union))
            if group and more.sum() > len(matrix):
                break
            union = more
            group.append(rest.pop(0))
        chosen = rows.train[union]
        inputs = np.concatenate([rows.of(piece)[0] for piece in chunks(chosen)])
        lacking = {at: equations.lacking[at].mask(len(union))[union] for at in group}
        left |= _correct_together(equations, matrix, factor, inputs, lacking, solution)
    return left


def _correct_together(
    equations: Equations,
    matrix: Floats,
    factor: tuple[Floats, bool],
    inputs: Floats,
    lacking: dict[int, npt.NDArray[np.bool_]],
    solution: Floats,
) -> set[int]:
    """Corrects the solution for a group of outputs; returns those where rounding does not allow it.

    Woodbury's identity solves `matrix - inputs[lacks].T @ inputs[lacks]` by the factor of the matrix. Its rounding
    grows with the square of the condition number, so iterative refinement follows, and what is left over is checked.

    Args:
        equations: Of all windows.
        matrix: With the penalty.
        factor: Of the matrix.
        inputs: Of all windows that an output of the group lacks, shape (n, inputs).
        lacking: Position in `equations.lacking` → which of these, shape (n,).
        solution: Of the matrix for all outputs; changed in place.
    """
    solved = cho_solve(factor, inputs.T)
    parts, outputs, left = list[tuple[slice, Any, Any]](), list[int](), set[int]()
    for at, lacks in lacking.items():
        try:
            small = cho_factor(np.eye(int(lacks.sum())) - inputs[lacks] @ solved[:, lacks])
        except np.linalg.LinAlgError:
            left.add(at)
            continue
        mine = equations.lacking[at].outputs.tolist()
        parts.append((slice(len(outputs), len(outputs) + len(mine)), lacks, small))
        outputs += mine
    lacks_by_output = np.zeros((len(inputs), len(outputs)), np.bool_)
    for of_part, lacks, _ in parts:
        lacks_by_output[:, of_part] = lacks[:, None]
    bias = equations.gram[-1, -1]
    # The bias is penalised by the windows that are there.
    without = np.square(inputs[:, -1]) @ lacks_by_output
    lighter = 1e-6 * (np.maximum(1.0, bias) - np.maximum(1.0, bias - without))

    def corrected(values: Floats) -> Floats:
        products, weights = inputs @ values, np.zeros(lacks_by_output.shape)
        for of_part, lacks, small in parts:
            weights[lacks, of_part] = cho_solve(small, products[lacks, of_part])
        return np.asarray(values + solved @ weights)

    def residual(values: Floats) -> Floats:
        found = right - matrix @ values + inputs.T @ np.where(lacks_by_output, inputs @ values, 0.0)
        found[-1] += lighter * values[-1]
        return np.asarray(found)

    right = equations.cross[:, outputs]
    found = corrected(solution[:, outputs])
    for _ in range(REFINEMENTS):
        found += corrected(cho_solve(factor, residual(found)))
    largest = np.abs(matrix).sum(axis=1).max() * np.abs(found).max(axis=0) + np.abs(right).max(axis=0)
    is_exact = np.abs(residual(found)).max(axis=0) <= ROUNDING * largest
    solution[:, outputs] = found
    for at in lacking.keys() - left:
        if not is_exact[np.isin(outputs, equations.lacking[at].outputs)].all():
            left.add(at)
    return left
