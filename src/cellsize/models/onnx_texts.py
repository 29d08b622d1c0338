"""Texts inside an ONNX graph: from code points to the characters and n-grams that a model knows.

What `data.characters` does of arrays, this does of names: indicators of characters for cells, and for a linear model
the sum of the weights of those n-grams that a text has. A table of 2,048 counts a text would cost more than all else.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cellsize.data.characters import LONGEST_NGRAM, ngram_base
from cellsize.data.scaling import Scaling
from cellsize.data.windows import Floats, Ints
from cellsize.models.onnx_nodes import LOOK_UP, Graph


@dataclass(frozen=True)
class Texts:
    """What the linear part and the cells read; see `onnx_network.Reads`.

    Attributes:
        graph: Where the nodes go.
        scaling: Knows the characters and n-grams.
        longest: Characters of a batch.
        points: Name of the code points, anything behind the ends, int64, (n, longest).
        there: Name of what is true for the characters that a text has, (n, longest).
        lengths: Name of how many it has, int64, (n,).
    """

    graph: Graph
    scaling: Scaling
    longest: int
    points: str
    there: str
    lengths: str

    def cells(self) -> str:
        """Indicators of each character, (n, longest, width): of what training has shown, zeros behind the ends."""
        graph, upper = self.graph, self._upper
        nowhere = graph.whole(len(upper))  # beyond the last column: no indicator
        place = graph.add("Where", self.there, self._codes, nowhere)
        indicators = graph.add("OneHot", place, graph.whole(len(upper)), graph.constant([0.0, 1.0]))
        return graph.add("Mul", indicators, graph.constant(upper))

    def ahead(self) -> str:
        """Never asked for: nothing is known in future, as `known_flat` says."""
        raise NotImplementedError

    def known_flat(self) -> list[str]:
        """Nothing is."""
        return []

    def changing(self) -> list[str]:
        """Nothing is."""
        return []

    def product(self, weights: Floats) -> str:
        """The counts of `characters.counts` times weights (NGRAMS + 1, width), the bias last: (n, width).

        Each n-gram of a text brings its row of the weights; one that is unknown brings zeros.
        """
        graph = self.graph
        known = weights[: len(self._known_ngrams)]
        rows = graph.constant(np.concatenate([known, np.zeros_like(weights[:1])]))
        brought = graph.add("Gather", rows, self._ngrams, axis=0)
        return graph.add(
            "Add", graph.add("ReduceSum", brought, graph.whole(1), keepdims=0), graph.constant(weights[-1])
        )

    @property
    def _upper(self) -> Floats:
        assert self.scaling.upper is not None
        return self.scaling.upper

    @property
    def _known_ngrams(self) -> Ints:
        assert self.scaling.ngrams is not None
        return self.scaling.ngrams

    @cached_property
    def _codes(self) -> str:
        """The column of each character, or the last one, int64, (n, longest)."""
        assert self.scaling.characters is not None
        return self._looked_up(self.points, self.scaling.characters, len(self._upper) - 1)

    @cached_property
    def _ngrams(self) -> str:
        """The place of each n-gram among the known ones, or their number, int64, (n, n-grams of the longest text)."""
        graph, base = self.graph, ngram_base(len(self._upper) - 1)
        inside = graph.add("Where", self.there, graph.add("Add", self._codes, graph.whole(2)), graph.whole(0))
        widened = graph.add("Pad", inside, graph.whole(0, 1, 0, 1), graph.whole(0))
        # 1 marks begin and end, as in `data.characters`. Behind the end is 0, which no known n-gram has in it.
        place = graph.constant(np.arange(self.longest + 2)[None], np.int64)
        end = graph.add("Unsqueeze", graph.add("Add", self.lengths, graph.whole(1)), graph.whole(1))
        is_mark = graph.add("Or", graph.add("Equal", place, graph.whole(0)), graph.add("Equal", place, end))
        marked = graph.add("Where", is_mark, graph.whole(1), widened)
        number, found = marked, [marked]
        for more in range(1, LONGEST_NGRAM):
            width = self.longest + 2 - more
            if not width:  # one character and its two marks
                break
            shifted = graph.add("Mul", graph.part(number, 1, 0, width), graph.whole(base))
            number = graph.add("Add", shifted, graph.part(marked, 1, more, self.longest + 2))
            found.append(number)
        return self._looked_up(graph.joined(*found, axis=1), self._known_ngrams, len(self._known_ngrams))

    def _looked_up(self, values: str, known: Ints, otherwise: int) -> str:
        """The place of each value among the known ones; of an unknown one something else."""
        if not len(known):
            return self.graph.add(
                "Add", self.graph.add("Mul", values, self.graph.whole(0)), self.graph.whole(otherwise)
            )
        return self.graph.add(
            "LabelEncoder", values, domain=LOOK_UP, keys_int64s=known, values_int64s=range(len(known)),
            default_int64=otherwise,
        )  # fmt: skip
