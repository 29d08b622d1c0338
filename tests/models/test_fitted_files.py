"""What models of all tasks have in their files."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from cellsize.models import fitted_files
from cellsize.models.forecaster import Forecaster
from cellsize.sizing.sizes import Size


def test_what_is_written_is_read_again(draw_model: Callable[..., tuple[Forecaster, Any]]) -> None:
    model, _ = draw_model(Size(1, 3), "joint")
    found = fitted_files.tensors(model.fitted, model.net, residuals__ranks=np.arange(3))
    assert found["residuals.ranks"].tolist() == [0, 1, 2]
    net = fitted_files.read_net(fitted_files.form(model.net), found, model.size, model.network)
    assert net is not None
    assert model.net is not None
    assert all(torch.equal(one, other) for one, other in zip(net.parameters(), model.net.parameters(), strict=True))
    fitted = fitted_files.read_fitted(found, 1.0, True, ())
    assert fitted.linear is not None
    assert model.fitted.linear is not None
    np.testing.assert_array_equal(fitted.linear.weights, model.fitted.linear.weights)
    np.testing.assert_array_equal(fitted.scaling.mean, model.fitted.scaling.mean)


def test_a_model_without_memory_cells_has_no_network() -> None:
    assert fitted_files.read_net(fitted_files.form(None), {}, Size(0, 0), None) is None  # type: ignore[arg-type]
