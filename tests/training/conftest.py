"""What the tests of trainings share."""

from typing import Any

# Rungs, dropout, several architectures, spares, and second seeds that begin late: everything that a state has to hold.
MANY: dict[str, Any] = {
    "network": {"skip": ["none", "joint"], "head": ["plain", "mixed"]},
    "learning_rates": [1e-3, 1e-2],
    "dropouts": [0.0, 0.3],
    "check_every": 2,
    "rungs": [2, 4],
    "seeds": 2,
    "steps": 8,
    "patience": 8,
    "batch_size": 16,
}
