"""The gate for labelled sequences: the rule of `gate`, on normalised log losses, or errors of numbers."""

from cellsize.data.names import BOOSTED_TREES
from cellsize.evaluation.gate import Rival, judge, trees_in_words
from cellsize.params import Register
from cellsize.sizing.class_records import ClassEvaluation
from cellsize.sizing.number_records import NumberEvaluation

OfSequences = ClassEvaluation | NumberEvaluation


def gate(evaluation: OfSequences, register: Register, champion: str | None = None, look: int = 1) -> tuple[bool, str]:
    """Whether a model of labelled sequences is good enough to become champion, and why; see `gate.judge`."""
    rivals = [
        Rival(
            name, evaluation.model.score, evaluation.baselines[name].score,
            evaluation.differences[name].score_se,
        )
        for name in register.beat
    ]  # fmt: skip
    return judge(rivals, evaluation, register, champion, look)


def compared_with_trees(evaluation: OfSequences) -> tuple[bool, str]:
    """Whether boosted trees on the same summaries are better on the holdout, and both errors in words."""
    return trees_in_words(evaluation.baselines[BOOSTED_TREES].score, evaluation.model.score)
