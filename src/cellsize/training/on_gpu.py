"""How torch computes on GPUs, which last digits depend on."""

import torch


def kernels() -> str:
    """Versions of CUDA and cuDNN, and whether products and convolutions are rounded to TF32 where a GPU has it."""
    cuda, cudnn = torch.version.cuda, torch.backends.cudnn.version()
    products, convolutions = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    return f"CUDA {cuda}, cuDNN {cudnn}, TF32 {products:d}{convolutions:d}"
