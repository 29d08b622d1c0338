"""What the gate reads of sequences: a challenger and a champion compared on them; the same for every task of theirs."""

from typing import Literal

from cellsize.sizing.artefacts import Artefact


class SequenceComparison(Artefact):
    """Challenger and champion on the same sequences of the holdout, paired by group."""

    version: str
    """The champion's version."""
    how: Literal["served", "same_cut"]
    """served: the champion as it is served, on sequences of groups that it has learned nothing of; same_cut: its recipe
    trained on the sequences that the challenger's twins learned from."""
    sequences: int
    """Sequences compared."""
    blocks: int
    """Groups that they belong to, each sequence its own where none are declared; of very many, neighbours count as
    one."""
    challenger: float
    """The challenger's normalised error that `metric` names on these sequences, mean over its twins."""
    champion: float
    """The champion's; where its recipe was trained again, mean over the twins of it."""
    margin: float
    """What counts as better or worse, in percent of the champion's error."""
    better: float
    """Probability that the challenger is better by more than the margin."""
    not_worse: float
    """Probability that it is worse by no more than the margin."""
    smaller: bool
    """Whether it has fewer recurrent parameters; of as many, fewer hidden units of an MLP, then fewer in all."""
    same_network: bool
    """Whether both have the same size, cells, skip connection and head."""
    newer_rows: bool
    """Whether what would be served has learned from sequences that the champion has not."""
    rerun: bool
    """Whether it is the champion's recipe on the champion's sequences."""

    @property
    def where(self) -> str:
        """What both were measured on, in words."""
        return f"{self.sequences:,} sequences in {self.blocks} groups"

    @property
    def rows(self) -> dict[str, str]:
        """What names the rows compared; sequences have no order in time, so that any two looks may share some."""
        return {}
