"""Recurrent layers of every network; test_network.py counts them and runs them."""

from cellsize.models.recurrent_layers import open_forget_gates, recurrent_layers
from cellsize.params import Network
from cellsize.sizing.sizes import Size

NETWORK = Network(cell="lstm", projection=2, bidirectional=False, summary="last", skip=("none",), head=("plain",))


def test_a_layer_reads_what_the_one_before_it_gives() -> None:
    layers = recurrent_layers(Size(2, 4), NETWORK, 5)
    assert [layer.input_size for layer in layers] == [5, 2]
    assert [layer.proj_size for layer in layers] == [2, 2]
    # No narrower than the layer: none.
    assert [layer.proj_size for layer in recurrent_layers(Size(1, 2), NETWORK, 5)] == [0]
    assert len(recurrent_layers(Size(0, 4), NETWORK, 5)) == 0


def test_forget_gates_begin_open_with_the_bias_of_one_of_two() -> None:
    layers = recurrent_layers(Size(1, 2), NETWORK, 1)
    open_forget_gates(layers, 2)
    biases = [weight for name, weight in layers.named_parameters() if "bias" in name]
    assert [bias[2:4].tolist() for bias in biases] == [[1.0, 1.0], [0.0, 0.0]]
