"""Where the fused kernels run, and what is refused where they cannot."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from cellsize.errors import InputError
from cellsize.models import engine
from cellsize.params import Network, Training

MakeNetwork = Callable[..., Network]
MakeTraining = Callable[..., Training]


@pytest.mark.parametrize(
    ("changes", "where", "reason"),
    [
        ({"cell": "gru"}, ("cpu", "32-true"), "propose.network.cell is gru"),
        ({"cell": "rnn"}, ("cpu", "32-true"), "propose.network.cell is rnn"),
        ({"bidirectional": True}, ("cpu", "32-true"), "propose.network.bidirectional is true"),
        ({"projection": 2}, ("cpu", "32-true"), "propose.network.projection is 2"),
        ({"head": ["plain", "encoder_decoder"]}, ("cpu", "32-true"), "propose.network.head names encoder_decoder"),
        ({}, ("gpu", "32-true"), r"the device is gpu \(search.compute.gpus_per_trial\)"),
        ({}, ("cpu", "bf16-mixed"), "search.compute.precision is bf16-mixed"),
    ],
)
def test_fused_where_it_cannot_run_is_refused_in_one_line_with_a_remedy(
    make_network: MakeNetwork,
    make_training: MakeTraining,
    changes: dict[str, object],
    where: tuple[str, str],
    reason: str,
) -> None:
    network = make_network(**changes)
    with pytest.raises(
        InputError, match=rf"^search.training.engine: fused runs .*; but {reason}; set search.training.engine: auto$"
    ):
        engine.check(network, make_training(engine="fused"), *where)
    for other in ("auto", "torch"):
        engine.check(network, make_training(engine=other), *where)


def test_a_plain_lstm_on_a_cpu_has_the_choice(make_network: MakeNetwork, make_training: MakeTraining) -> None:
    for kind in ("auto", "fused", "torch"):
        for summary in ("last", "mean"):
            engine.check(make_network(summary=summary), make_training(engine=kind))


def test_the_check_loads_no_torch() -> None:
    # The driver of a search calls it, and trains nothing itself.
    command = "import sys; import cellsize.models.engine; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)
