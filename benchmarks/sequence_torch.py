"""The same sequence models in PyTorch, with its own recurrent layers and its fused attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.sequence_cases import CHARACTERS, LONGEST, WORDS


class Sentiment(nn.Module):
    """Embedding(10000, 128), LSTM(64), one logit from the state after the last word."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10_000, 128)
        self.lstm = nn.LSTM(128, 64, batch_first=True)
        self.output = nn.Linear(64, 1)

    def forward(self, words: Any) -> Any:
        """Logits (batch,)."""
        states, _ = self.lstm(self.embedding(words))
        return self.output(_last(states, words))[:, 0]


class GruTranslation(nn.Module):
    """GRU(128) encoder and decoder with dot-product attention."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(WORDS, 128) for _ in range(2))
        self.encoder, self.decoder = (nn.GRU(128, 128, batch_first=True) for _ in range(2))
        self.attended, self.output = nn.Linear(256, 128), nn.Linear(128, WORDS)

    def forward(self, source: Any, target: Any) -> Any:
        """Logits (batch, length, words)."""
        states, _ = self.encoder(self.embeddings[0](source))
        decoded, _ = self.decoder(self.embeddings[1](target), _last(states, source)[None].contiguous())
        scores = decoded @ states.transpose(1, 2)
        scores = scores.masked_fill((source == 0)[:, None], float("-inf"))
        context = scores.softmax(-1) @ states
        return self.output(torch.tanh(self.attended(torch.cat([decoded, context], -1))))


class Attention(nn.Module):
    """Multi-head attention of width 128 with 4 heads, through PyTorch's fused kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(128, 128) for _ in range(4))

    def forward(self, x: Any, memory: Any, padding: Any = None, causal: bool = False) -> Any:
        """Context (batch, length, 128)."""
        q, k, v = (
            dense(one).unflatten(-1, (4, 32)).transpose(1, 2)  # (B, 4, T, 32)
            for dense, one in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        seen = None if padding is None else ~padding[:, None, None]
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=causal)
        return self.output(y.transpose(1, 2).flatten(2))


def _feed_forward(activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(128, 512), activation, nn.Linear(512, 128))


class TransformerTranslation(nn.Module):
    """Two encoder and two decoder layers, normalised after each sublayer."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(WORDS, 128) for _ in range(2))
        self.attention = nn.ModuleList(Attention() for _ in range(6))
        self.feed_forward = nn.ModuleList(_feed_forward(nn.ReLU()) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(128) for _ in range(10))
        self.output = nn.Linear(128, WORDS)
        self.register_buffer("positions", _sinusoids(LONGEST))

    def forward(self, source: Any, target: Any) -> Any:
        """Logits (batch, length, words)."""
        x, y = (
            e(one) + self.positions[: one.shape[1]] for e, one in zip(self.embeddings, (source, target), strict=True)
        )
        padding, norms = source == 0, iter(self.norms)
        for k in range(2):
            x = next(norms)(x + self.attention[k](x, x, padding))
            x = next(norms)(x + self.feed_forward[k](x))
        for k in range(2):
            # Padding lies behind, where the causal mask hides it from real words.
            y = next(norms)(y + self.attention[2 + 2 * k](y, y, causal=True))
            y = next(norms)(y + self.attention[3 + 2 * k](y, x, padding))
            y = next(norms)(y + self.feed_forward[2 + k](y))
        return self.output(y)


class Gpt(nn.Module):
    """Four decoder layers, normalised before each sublayer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CHARACTERS, 128)
        self.attention = nn.ModuleList(Attention() for _ in range(4))
        self.feed_forward = nn.ModuleList(_feed_forward(nn.GELU()) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(128) for _ in range(9))
        self.output = nn.Linear(128, CHARACTERS)
        self.register_buffer("positions", _sinusoids(64))

    def forward(self, tokens: Any) -> Any:
        """Logits (batch, length, characters)."""
        x = self.embedding(tokens) + self.positions
        for k in range(4):
            n = self.norms[2 * k](x)
            x = x + self.attention[k](n, n, causal=True)
            x = x + self.feed_forward[k](self.norms[2 * k + 1](x))
        return self.output(self.norms[8](x))


def sentiment() -> nn.Module:
    """Document 000's IMDB network."""
    return Sentiment()


def gru_translation() -> nn.Module:
    """The recurrent translator."""
    return GruTranslation()


def transformer_translation() -> nn.Module:
    """The Transformer that translates."""
    return TransformerTranslation()


def gpt() -> nn.Module:
    """The language model."""
    return Gpt()


def loss_of(logits: Any, targets: Any) -> Any:
    """Cross-entropy: of words, without padding, or of a yes-or-no answer."""
    if targets.ndim == 1:
        return functional.binary_cross_entropy_with_logits(logits, targets)
    ignored = 0 if logits.shape[-1] == WORDS else -100
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten().long(), ignore_index=ignored)


def _last(states: Any, words: Any) -> Any:
    """The state after the last real word."""
    return states[torch.arange(len(words)), (words != 0).sum(1) - 1]


def _sinusoids(length: int) -> Any:
    position, pair = torch.arange(length)[:, None], torch.arange(64)
    angle = position / 10_000 ** (pair / 64)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)
