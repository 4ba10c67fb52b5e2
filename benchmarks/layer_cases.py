"""What `reproduce bench layers` measures: our layers, their Keras namesakes and, where there is one, PyTorch's module.

Every case has one set of random weights for all sides. Shapes are those of use: small enough for overhead to show, large
enough for arithmetic to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One layer at one size.

    Args:
        layer: name of our class and of its Keras namesake.
        size: the size in words.
        shape: of the input, with the batch.
        arguments: constructor arguments.
        torch: builds PyTorch's module from our weights and gives its forward function and parameters, None where
            PyTorch has no counterpart.
        self_attention: whether the input goes in as query and as value.
        wrapped: name of the recurrent layer inside Bidirectional.
    """

    layer: str
    size: str
    shape: tuple[int, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    torch: Callable[[Any, Case], tuple[Callable[[Any], Any], list[Any]]] | None = None
    self_attention: bool = False
    wrapped: str = ""

    @property
    def name(self) -> str:
        """Layer and size."""
        return f"{self.layer} {self.size}"

    def build(self, package: Any) -> Any:
        """The layer of `layers` or `keras.layers`, built on the case's shape."""
        if self.wrapped:
            layer = package.Bidirectional(getattr(package, self.wrapped)(**self.arguments))
        else:
            layer = getattr(package, self.layer)(**self.arguments)
        layer.build(*(self.shape,) * (2 if self.self_attention else 1))
        return layer


def recurrent_module(layer: Any, case: Case) -> tuple[Callable[[Any], Any], list[Any]]:
    """torch.nn.RNN, LSTM or GRU with the layer's weights; gives the last hidden state as our layer does."""
    import torch

    kernel, recurrent_kernel, bias = (np.array(weight) for weight in layer.get_weights())
    units = recurrent_kernel.shape[0]
    bias, recurrent_bias = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
    if case.layer == "GRU":
        # PyTorch orders the gates r, z, n; Keras z, r, h.
        order = np.concatenate([np.arange(units, 2 * units), np.arange(units), np.arange(2 * units, 3 * units)])
        kernel, recurrent_kernel = kernel[:, order], recurrent_kernel[:, order]
        bias, recurrent_bias = bias[order], recurrent_bias[order]
    module = {"SimpleRNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}[case.layer](
        case.shape[-1], units, batch_first=True
    )
    with torch.no_grad():
        for parameter, value in zip(
            module.parameters(), (kernel.T, recurrent_kernel.T, bias, recurrent_bias), strict=True
        ):
            parameter.copy_(torch.tensor(value))
    return lambda x: module(x)[0][:, -1], list(module.parameters())


def attention_module(layer: Any, case: Case) -> tuple[Callable[[Any], Any], list[Any]]:
    """torch.nn.MultiheadAttention with the layer's weights, as self-attention without returned weights."""
    import torch

    width = case.shape[-1]
    weights = [np.array(weight) for weight in layer.get_weights()]
    kernels, biases = weights[0:6:2], weights[1:6:2]
    module = torch.nn.MultiheadAttention(width, case.arguments["num_heads"], batch_first=True)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.tensor(np.concatenate([one.reshape(width, width).T for one in kernels])))
        module.in_proj_bias.copy_(torch.tensor(np.concatenate([one.reshape(width) for one in biases])))
        module.out_proj.weight.copy_(torch.tensor(weights[6].reshape(width, width).T))
        module.out_proj.bias.copy_(torch.tensor(weights[7]))
    return lambda x: module(x, x, x, need_weights=False)[0], list(module.parameters())


RECURRENT = (
    ("small", (32, 20, 32), 32),
    ("medium", (32, 100, 128), 64),
    ("large", (64, 200, 256), 256),
)

CASES = (
    *(
        Case(layer, f"{size} {'x'.join(map(str, shape))} to {units}", shape, {"units": units}, recurrent_module)
        for layer in ("SimpleRNN", "LSTM", "GRU")
        for size, shape, units in RECURRENT
    ),
    Case("Bidirectional", "LSTM 32x100x128 to 2x64", (32, 100, 128), {"units": 64}, wrapped="LSTM"),
    *(
        Case(
            "MultiHeadAttention",
            f"{batch}x{tokens}x{width}, {heads} heads",
            (batch, tokens, width),
            {"num_heads": heads, "key_dim": width // heads},
            attention_module,
            self_attention=True,
        )
        for batch, tokens, width, heads in ((8, 64, 128, 4), (8, 128, 512, 8), (8, 512, 512, 8))
    ),
    *(Case("Dense", f"{n}x{n} to {n}", (n, n), {"units": n}) for n in (64, 512, 1024)),
    Case("BatchNormalization", "256x512", (256, 512)),
    Case("BatchNormalization", "32x28x28x64", (32, 28, 28, 64)),
    Case("LayerNormalization", "256x512", (256, 512)),
    Case("LayerNormalization", "32x128x512", (32, 128, 512)),
    Case("Dropout", "32x128x512", (32, 128, 512), {"rate": 0.5, "seed": 1}),
    Case("AlphaDropout", "32x128x512", (32, 128, 512), {"rate": 0.1, "seed": 1}),
    Case("ELU", "32x128x512", (32, 128, 512)),
    Case("LeakyReLU", "32x128x512", (32, 128, 512)),
    Case("PReLU", "32x128x512", (32, 128, 512), {"shared_axes": [1]}),
    Case("Conv2D", "3x3, 32x28x28x1 to 32", (32, 28, 28, 1), {"filters": 32, "kernel_size": 3}),
    Case("Conv2D", "3x3, 32x28x28x32 to 64", (32, 28, 28, 32), {"filters": 64, "kernel_size": 3}),
    Case("Conv2D", "1x1, 32x28x28x64 to 64", (32, 28, 28, 64), {"filters": 64, "kernel_size": 1}),
    Case("MaxPooling2D", "2x2, 32x28x28x64", (32, 28, 28, 64)),
    Case("AveragePooling2D", "2x2, 32x28x28x64", (32, 28, 28, 64), {"pool_size": 2}),
    Case("GlobalAveragePooling2D", "32x28x28x64", (32, 28, 28, 64)),
)
