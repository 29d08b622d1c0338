"""How torch computes on GPUs."""

import re

import pytest
import torch

from cellsize.training import on_gpu


def test_what_last_digits_depend_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"CUDA \S+, cuDNN \S+, TF32 [01]{2}", on_gpu.kernels())
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    products = int(torch.backends.cuda.matmul.allow_tf32)
    assert on_gpu.kernels() == f"CUDA 12.6, cuDNN 91002, TF32 {products}1"
