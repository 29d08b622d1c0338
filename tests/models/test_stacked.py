"""Networks together: the same forecasts and the same gradients as one network after another, with either engine."""

from collections.abc import Iterable, Sequence

import pytest
import torch
from torch import Tensor

from cellsize.models import stacked
from cellsize.models.engine import Engine
from cellsize.models.network import Net
from cellsize.params import Network
from cellsize.sizing.sizes import Architecture, Shape, Size

SHAPE = Shape(
    n_inputs=3, n_known_future=1, lookback=5, cell_lookback=5, horizon=2, n_targets=2, n_origin=0, n_linear=18
)
PLAIN = Network(cell="lstm", projection=0, bidirectional=False, summary="last", skip=("none",), head=("plain",))
NONE, DECODER = Architecture("none", "plain"), Architecture("none", "encoder_decoder")
MIXTURE = [Architecture("joint", "mixed"), NONE, Architecture("none", "mixed"), Architecture("joint", "plain"),
           Architecture("linear", "plain"), NONE]  # fmt: skip
NOT_FUSED = [{"cell": "gru"}, {"cell": "rnn"}, {"bidirectional": True}, {"projection": 2}]
ENGINES: list[Engine] = ["auto", "torch"]


def nets(
    count: int, size: Size, network: Network = PLAIN, architectures: Sequence[Architecture] = (NONE,)
) -> list[Net]:
    """Different networks, whose heads are not zero; architectures in turn."""
    torch.manual_seed(0)
    networks = [Net(size, network, SHAPE, architectures[index % len(architectures)]) for index in range(count)]
    for weight in (weight for net in networks for weight in net.parameters()):
        torch.nn.init.normal_(weight, std=0.5)
    return networks


def windows(*counts: int) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """For each network its own windows."""
    torch.manual_seed(1)
    steps = [torch.randn(n, SHAPE.lookback, SHAPE.n_inputs) for n in counts]
    known = [torch.randn(n, SHAPE.horizon, SHAPE.n_known_future) for n in counts]
    return steps, known, [torch.randn(n, SHAPE.n_linear) for n in counts]


def one_by_one(networks: Sequence[Net], *batches: list[Tensor]) -> list[Tensor]:
    return [net(*batch) for net, *batch in zip(networks, *batches, strict=True)]


def gradients(networks: list[Net], outputs: Iterable[Tensor]) -> list[Tensor]:
    """Of a loss in which every output counts differently."""
    for net in networks:
        net.zero_grad()
    sum((output.sin() * (torch.arange(output.numel()).view_as(output) + 1)).sum() for output in outputs).backward()  # type: ignore[union-attr]
    slopes = [weight.grad for net in networks for weight in net.parameters()]
    assert all(slope is not None for slope in slopes)
    return [slope for slope in slopes if slope is not None]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("units", [1, 3, 32])
def test_networks_together_forecast_and_learn_as_they_would_alone(
    layers: int, units: int, summary: str, engine: Engine
) -> None:
    networks = nets(3, Size(layers, units), PLAIN.model_copy(update={"summary": summary}))
    batches = windows(4, 4, 4)
    together = stacked.forward(networks, *batches, engine=engine)
    alone = one_by_one(networks, *batches)
    for output, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(output, expected, rtol=1e-5, atol=1e-5)
    slopes = gradients(networks, alone)
    for slope, expected in zip(gradients(networks, together), slopes, strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, *NOT_FUSED], ids=str)
def test_the_kernels_of_pytorch_run_networks_one_by_one_to_the_same_bits(changes: dict[str, object]) -> None:
    networks = nets(2, Size(2, 3), PLAIN.model_copy(update=changes))
    batches = windows(4, 4)
    for engine in ENGINES if changes else ENGINES[1:]:
        assert stacked.groups(networks, [0, 1], engine=engine) == [[0], [1]]
        outputs = stacked.forward(networks, *batches, engine=engine)
        for output, expected in zip(outputs, one_by_one(networks, *batches), strict=True):
            assert torch.equal(output, expected)


def test_fused_kernels_run_networks_together() -> None:
    networks = nets(3, Size(1, 3))
    assert stacked.groups(networks, [5, 6, 8]) == stacked.groups(networks, [5, 6, 8], engine="fused") == [[5, 6, 8]]


def test_only_networks_with_equally_many_windows_run_together() -> None:
    assert stacked.groups(nets(4, Size(1, 3)), [0, 1, 4, 6], [4, 2, 2, 4]) == [[0], [1, 4], [6]]


def assert_rows_take_the_place_of_weights(
    networks: list[Net], others: list[Net], batches: tuple[list[Tensor], ...], rows: Tensor, engine: Engine
) -> None:
    """Given rows forecast as the networks they were taken from, and get these networks' gradients."""
    steps, known, linear = batches
    together = stacked.forward(networks, steps, known, linear, rows, engine)
    alone = one_by_one(others, *batches)
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-5, atol=1e-5)
    together.sin().sum().backward()
    assert rows.grad is not None
    for row, net, output in zip(rows.grad, others, alone, strict=True):
        slopes = torch.autograd.grad(output.sin().sum(), list(net.parameters()))
        expected = torch.cat([slope.flatten() for slope in slopes])
        torch.testing.assert_close(row[: len(expected)], expected, rtol=1e-4, atol=1e-4)
        assert not row[len(expected) :].any()


@pytest.mark.parametrize("changes", [{}, *NOT_FUSED], ids=str)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layers", [1, 2])
def test_given_parameters_take_the_place_of_the_networks_own_and_get_the_gradient(
    layers: int, engine: Engine, changes: dict[str, object]
) -> None:
    network = PLAIN.model_copy(update=changes)
    networks, others = nets(3, Size(layers, 3), network), nets(6, Size(layers, 3), network)[3:]
    batches = windows(4, 4, 4)
    rows = torch.stack([torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in others])
    rows.requires_grad_()
    assert_rows_take_the_place_of_weights(networks, others, batches, rows, engine)
    assert all(weight.grad is None for net in networks for weight in net.parameters())


def test_networks_with_a_decoder_run_one_by_one_beside_others_that_run_together() -> None:
    architectures = [NONE, NONE, DECODER, DECODER, NONE]
    networks = nets(5, Size(1, 3), architectures=architectures)
    assert stacked.groups(networks, [0, 1, 4, 6, 7]) == [[0, 1], [4], [6], [7]]
    assert stacked.groups(networks, [0, 1, 4, 6, 7], engine="torch") == [[0], [1], [4], [6], [7]]


@pytest.mark.parametrize("layers", [1, 2])
def test_given_rows_take_the_place_of_an_encoders_and_a_decoders_weights(layers: int) -> None:
    for skip in ("none", "joint"):
        architectures = [Architecture(skip, "encoder_decoder")]
        networks, others = (nets(count, Size(layers, 3), architectures=architectures) for count in (2, 4))
        vectors = [torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in others[2:]]
        rows = stacked.padded([*vectors, torch.zeros(200)])[:2].requires_grad_()
        rows.retain_grad()
        assert_rows_take_the_place_of_weights(networks, others[2:], windows(4, 4), rows, "auto")


def test_large_networks_run_in_smaller_groups() -> None:
    units = stacked.UNITS_TOGETHER // 2
    assert stacked.groups(nets(5, Size(1, units)), [0, 1, 4, 7, 9]) == [[0, 1], [4, 7], [9]]
    assert stacked.groups(nets(2, Size(1, 2 * stacked.UNITS_TOGETHER)), [3, 4]) == [[3], [4]]


def test_no_networks_are_no_groups() -> None:
    assert stacked.groups([], []) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("poisoned", [0, 1, 2])
def test_a_network_that_diverged_does_not_change_the_others(poisoned: int, engine: Engine) -> None:
    networks = nets(3, Size(1, 3))
    batches = windows(4, 4, 4)
    expected = [output.detach().clone() for output in stacked.forward(networks, *batches, engine=engine)]
    networks[poisoned].head.weight.data[:] = float("nan")
    next(iter(networks[poisoned].layers[0].parameters())).data[:] = float("inf")
    outputs = stacked.forward(networks, *batches, engine=engine)
    torch.stack([output.square().mean() for output in outputs]).sum().backward()
    for index, net in enumerate(networks):
        healthy = index != poisoned
        assert torch.equal(outputs[index], expected[index]) == healthy
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in net.parameters()) == healthy


@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_keeps_the_mean_and_follows_each_networks_fraction(engine: Engine) -> None:
    networks = nets(2, Size(1, 4))
    networks[0].dropout, networks[1].dropout = 0.0, 0.5
    torch.manual_seed(0)
    batches = windows(400, 400)
    first, second = stacked.forward(networks, *batches, engine=engine)
    assert torch.equal(first, stacked.forward(networks, *batches, engine=engine)[0])
    assert not torch.equal(second, stacked.forward(networks, *batches, engine=engine)[1])
    alone = networks[1].eval()(*(tensors[1] for tensors in batches))
    torch.testing.assert_close(second.mean(dim=0), alone.mean(dim=0), rtol=0, atol=0.1)
    for net in networks:
        net.eval()
    again = [stacked.forward(networks, *batches, engine=engine)[1] for _ in range(2)]
    assert torch.equal(*again)


@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("layers", [1, 3])
def test_both_engines_drop_the_same_values(layers: int, summary: str) -> None:
    # Else a training with dropout would be another training with another engine.
    networks = nets(3, Size(layers, 4), PLAIN.model_copy(update={"summary": summary}))
    batches = windows(40, 40, 40)
    outputs = []
    for engine in ENGINES:
        for index, net in enumerate(networks):
            net.dropout, net.generator = 0.5, torch.Generator().manual_seed(index)
        outputs.append(stacked.forward(networks, *batches, engine=engine))
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"cell": "gru"}, {"summary": "mean"}], ids=str)
def test_a_networks_dropout_does_not_depend_on_the_others(changes: dict[str, object]) -> None:
    networks = nets(3, Size(2, 4), PLAIN.model_copy(update=changes))
    batches = windows(4, 4, 4)

    def of_the_last(first: int) -> Tensor:
        for index, net in enumerate(networks):
            net.dropout, net.generator = 0.5, torch.Generator().manual_seed(index)
        steps, known, linear = (tensors[first:] for tensors in batches)
        return stacked.forward(networks[first:], steps, known, linear)[-1]

    torch.testing.assert_close(of_the_last(0), of_the_last(2))


@pytest.mark.parametrize("architecture", MIXTURE[:4], ids=str)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_known_future_covariates_may_be_none(cell: str, architecture: Architecture) -> None:
    shape = Shape(
        n_inputs=1, n_known_future=0, lookback=3, cell_lookback=3, horizon=2, n_targets=1, n_origin=0, n_linear=4
    )
    networks = [Net(Size(1, 2), PLAIN.model_copy(update={"cell": cell}), shape, architecture) for _ in range(3)]
    for net in networks:
        torch.nn.init.normal_(net.head.weight)
    batches = [torch.randn(4, 3, 1)] * 3, [torch.empty(4, 2, 0)] * 3, [torch.randn(4, 4)] * 3
    together = stacked.forward(networks, *batches)
    torch.testing.assert_close(together, torch.stack(one_by_one(networks, *batches)), rtol=1e-5, atol=1e-5)
    together.sum().backward()
    assert all(net.head.weight.grad is not None for net in networks)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_constant_in_each_series_enters_a_mixed_head_once(engine: Engine) -> None:
    shape = Shape(
        n_inputs=4, n_known_future=3, lookback=3, cell_lookback=3, horizon=2, n_targets=1, n_origin=0, n_linear=8,
        n_static=2,
    )  # fmt: skip
    networks = [Net(Size(1, 2), PLAIN, shape, Architecture("none", "mixed")) for _ in range(3)]
    assert [net.mixing.in_features for net in networks] == [2 + 2 + 1 * 2] * 3
    for net in networks:
        torch.nn.init.normal_(net.mixed_head.weight)
    batches = [torch.randn(4, 3, 4)] * 3, [torch.randn(4, 2, 3)] * 3, [torch.randn(4, 8)] * 3
    together = stacked.forward(networks, *batches, engine=engine)
    torch.testing.assert_close(together, torch.stack(one_by_one(networks, *batches)), rtol=1e-5, atol=1e-5)


# --- networks of several architectures ------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("summary", ["last", "mean"])
@pytest.mark.parametrize("size", [Size(1, 3), Size(2, 5), Size(0, 4)], ids=str)
def test_mixed_architectures_together_forecast_and_learn_as_they_would_alone(
    size: Size, summary: str, engine: Engine
) -> None:
    architectures = MIXTURE if size.layers else [MIXTURE[1], MIXTURE[3]]
    networks = nets(6, size, PLAIN.model_copy(update={"summary": summary}), architectures)
    batches = windows(4, 4, 4, 4, 4, 4)
    together = stacked.forward(networks, *batches, engine=engine)
    alone = one_by_one(networks, *batches)
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-5, atol=1e-5)
    slopes = gradients(networks, alone)
    for slope, expected in zip(gradients(networks, together), slopes, strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [Size(1, 3), Size(2, 5), Size(0, 4)], ids=str)
def test_given_rows_of_mixed_architectures_get_their_gradients_and_none_behind_their_parameters(
    size: Size, engine: Engine
) -> None:
    architectures = MIXTURE if size.layers else [MIXTURE[1], MIXTURE[3]]
    networks, others = nets(6, size, PLAIN, architectures), nets(12, size, PLAIN, architectures)[6:]
    batches = windows(4, 4, 4, 4, 4, 4)
    vectors = [torch.nn.utils.parameters_to_vector(net.parameters()).detach() for net in others]
    rows = stacked.padded(vectors).requires_grad_()
    assert_rows_take_the_place_of_weights(networks, others, batches, rows, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_mlps_run_together_whatever_the_engine(engine: Engine) -> None:
    assert stacked.groups(nets(3, Size(0, 4)), [0, 1, 2], engine=engine) == [[0, 1, 2]]


def test_vectors_are_padded_with_zeros_behind() -> None:
    assert stacked.padded([torch.ones(2), torch.ones(3)]).tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
