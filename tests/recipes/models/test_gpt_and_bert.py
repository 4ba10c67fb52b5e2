"""GPT and BERT against a forward pass in NumPy and PyTorch's blocks; published sizes; cached decoding; faults."""

import math

import keras
import numpy as np
import pytest

import layers
from recipes.models import gpt as gpt_module
from recipes.models.bert import BERT, BERT_SIZES
from recipes.models.gpt import GPT, GPT_SIZES, blocks_of, generate, scale_residuals
from recipes.models.outline import outline
from recipes.models.positions import PositionEmbedding

SMALL = {"vocabulary_size": 13, "context_length": 9, "num_layers": 2, "num_heads": 2, "hidden_dim": 8}
TOKENS = np.random.default_rng(0).integers(1, 13, (3, 9))


def with_weights(model, scale=0.4):
    """The model with large random weights: norms, biases and all."""
    rng = np.random.default_rng(1)
    model.set_weights([w + scale * rng.standard_normal(w.shape) for w in model.get_weights()])
    return model


def named(model):
    return {variable.path: np.asarray(variable) for variable in model.variables}


def softmax(x):
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def gelu_exact(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gelu_of_gpt(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class Numpy:
    """The forward pass, from weights by name."""

    def __init__(self, model, epsilon, norm_first, activation):
        self.w, self.epsilon, self.norm_first, self.activation = named(model), epsilon, norm_first, activation

    def norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.epsilon)
        return scaled * self.w[f"{name}/gamma"] + self.w[f"{name}/beta"]

    def dense(self, x, name, equation="btd,dk->btk"):
        return np.einsum(equation, x, self.w[f"{name}/kernel"]) + self.w.get(f"{name}/bias", 0)

    def attention(self, x, name, visible):
        q, k, v = (self.dense(x, f"{name}/{one}", "btd,dhk->bthk") for one in ("query", "key", "value"))
        scores = np.einsum("bihk,bjhk->bhij", q, k) / math.sqrt(q.shape[-1])
        p = softmax(np.where(visible, scores, -np.inf))
        return self.dense(np.einsum("bhij,bjhk->bihk", p, v), f"{name}/attention_output", "bihk,hkd->bid")

    def feed_forward(self, x, name):
        return self.dense(self.activation(self.dense(x, f"{name}/intermediate")), f"{name}/output")

    def block(self, x, name, visible):
        for part, sublayer in (
            ("attention", lambda y: self.attention(y, f"{name}/attention", visible)),
            ("feed_forward", lambda y: self.feed_forward(y, f"{name}/feed_forward")),
        ):
            if self.norm_first:
                x = x + sublayer(self.norm(x, f"{name}/{part}_norm"))
            else:
                x = self.norm(x + sublayer(x), f"{name}/{part}_norm")
        return x

    def embedded(self, tokens):
        return self.w["token_embedding/embeddings"][tokens] + self.w["position_embedding/embeddings"][: tokens.shape[1]]


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
def test_gpt_is_the_forward_pass_in_numpy(norm_first, use_bias):
    model = with_weights(GPT(**SMALL, norm_first=norm_first, use_bias=use_bias))
    reference = Numpy(model, 1e-5, norm_first, gelu_of_gpt)
    x = reference.embedded(TOKENS)
    for number in range(2):
        x = reference.block(x, f"block_{number}", np.tril(np.ones((9, 9), bool)))
    if norm_first:
        x = reference.norm(x, "final_norm")
    logits = x @ reference.w["token_embedding/embeddings"].T
    np.testing.assert_allclose(np.asarray(model(TOKENS)), logits, rtol=2e-4, atol=2e-4)


def test_bert_is_the_forward_pass_in_numpy():
    segments, lengths = (np.arange(9) > 4).astype(int) * np.ones((3, 1), int), np.array([9, 6, 4])
    tokens = np.where(np.arange(9) < lengths[:, None], TOKENS, 0)
    heads = {head: with_weights(BERT(**SMALL, head=head)) for head in ("pooler", "masked_lm")}
    for head, model in heads.items():
        reference = Numpy(model, 1e-12, False, gelu_exact)
        x = reference.embedded(tokens) + reference.w["segment_embedding/embeddings"][segments]
        x = reference.norm(x, "embedding_norm")
        visible = (tokens > 0)[:, None, None, :]
        for number in range(2):
            x = reference.block(x, f"block_{number}", visible)
        found = model([tokens, segments])
        if head == "pooler":
            real = tokens > 0
            np.testing.assert_allclose(np.asarray(found[0])[real], x[real], rtol=2e-4, atol=2e-4)
            pooled = np.tanh(reference.dense(x[:, :1], "pooler")[:, 0])
            np.testing.assert_allclose(np.asarray(found[1]), pooled, rtol=2e-4, atol=2e-4)
            continue
        x = reference.norm(gelu_exact(reference.dense(x, "masked_lm_transform")), "masked_lm_norm")
        logits = x @ reference.w["token_embedding/embeddings"].T + reference.w["masked_lm_bias/bias"]
        np.testing.assert_allclose(np.asarray(found)[tokens > 0], logits[tokens > 0], rtol=3e-4, atol=3e-4)


@pytest.mark.parametrize("causal", [True, False])
def test_blocks_are_those_of_pytorch(causal):
    torch = pytest.importorskip("torch")
    model = with_weights(
        GPT(**SMALL, activation="gelu") if causal else BERT(**SMALL, segments=0, head="none", pad=None)
    )
    w, epsilon = named(model), 1e-5 if causal else 1e-12
    x = Numpy(model, epsilon, causal, None)
    hidden = x.embedded(TOKENS) if causal else x.norm(x.embedded(TOKENS), "embedding_norm")
    hidden = torch.tensor(hidden)
    for number in range(2):
        name = f"block_{number}"
        layer = torch.nn.TransformerEncoderLayer(
            8, 2, 32, 0.0, "gelu", layer_norm_eps=epsilon, batch_first=True, norm_first=causal
        ).eval()

        def flat(part, name=name):
            kernel, bias = w[f"{name}/attention/{part}/kernel"], w[f"{name}/attention/{part}/bias"]
            return kernel.reshape(8, -1).T, bias.reshape(-1)

        kernels, biases = zip(*(flat(part) for part in ("query", "key", "value")), strict=True)
        ours = {
            "self_attn.in_proj_weight": np.concatenate(kernels),
            "self_attn.in_proj_bias": np.concatenate(biases),
            "self_attn.out_proj.weight": w[f"{name}/attention/attention_output/kernel"].reshape(8, 8).T,
            "self_attn.out_proj.bias": w[f"{name}/attention/attention_output/bias"],
            "linear1.weight": w[f"{name}/feed_forward/intermediate/kernel"].T,
            "linear1.bias": w[f"{name}/feed_forward/intermediate/bias"],
            "linear2.weight": w[f"{name}/feed_forward/output/kernel"].T,
            "linear2.bias": w[f"{name}/feed_forward/output/bias"],
            "norm1.weight": w[f"{name}/attention_norm/gamma"],
            "norm1.bias": w[f"{name}/attention_norm/beta"],
            "norm2.weight": w[f"{name}/feed_forward_norm/gamma"],
            "norm2.bias": w[f"{name}/feed_forward_norm/beta"],
        }
        layer.load_state_dict({key: torch.tensor(np.ascontiguousarray(value)) for key, value in ours.items()})
        mask = torch.triu(torch.full((9, 9), -torch.inf), 1) if causal else None
        hidden = layer(hidden.float(), src_mask=mask)
    found = hidden.detach().numpy()
    if causal:
        found = x.norm(found, "final_norm") @ w["token_embedding/embeddings"].T
    np.testing.assert_allclose(np.asarray(model(TOKENS)), found, rtol=3e-4, atol=3e-4)


def test_a_published_size_of_each_without_allocating():
    """`reproductions.language_model_sizes` counts the others."""
    assert outline(lambda: GPT(**GPT_SIZES["gpt1"])).count_params() == 116_534_784
    assert outline(lambda: BERT(**BERT_SIZES["base"])).count_params() == 109_482_240


def test_tying_saves_one_embedding():
    assert GPT(**SMALL, tie_embeddings=False).count_params() - GPT(**SMALL).count_params() == 13 * 8


@pytest.mark.parametrize(
    "build",
    [
        lambda: GPT(**SMALL, dropout=0.1),
        *(lambda head=head: BERT(**SMALL, head=head) for head in ("none", "pooler", "masked_lm")),
    ],
)
def test_models_come_back_from_a_file(build, tmp_path):
    model = with_weights(build())
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    inputs = TOKENS if len(model.inputs) == 1 else [TOKENS, np.zeros_like(TOKENS)]
    for one, other in zip(keras.tree.flatten(model(inputs)), keras.tree.flatten(again(inputs)), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_start_of_gpt2():
    model = scale_residuals(GPT(500, 8, 4, 2, 64))
    block = blocks_of(model)[1]
    scaled = [block.attention.output_dense.kernel, block.feed_forward.output_dense.kernel]
    others = [block.attention.query_dense.kernel, block.feed_forward.intermediate_dense.kernel]
    assert all(abs(np.std(kernel) * math.sqrt(8) - 0.02) < 0.001 for kernel in scaled)
    assert all(abs(np.std(kernel) - 0.02) < 0.001 for kernel in others)


def test_cached_and_windowed_decoding_write_the_same():
    from recipes import decoding

    model = with_weights(GPT(**SMALL))
    prompt = TOKENS[:, :4].astype("int32")
    for options in ({"temperature": 0.7}, {"top_k": 3}):
        cached = generate(model, prompt, 6, seed=3, **options)
        step, window = gpt_module._windowed(model, prompt, 9)
        windowed = decoding.sample(step, window, prompt[:, -1], None, 6, 3, position=3, **options)
        np.testing.assert_array_equal(cached, windowed)


def test_text_beyond_the_context_follows_the_last_tokens():
    model = with_weights(GPT(**SMALL))
    row = TOKENS[:1].tolist()[0][:3]
    written = generate(model, [row], 15, top_k=1)[0].tolist()  # the most likely token at every step
    for token in written:
        window = np.array([row[-9:]])
        assert token == int(np.asarray(model(window))[0, -1].argmax())
        row.append(token)


def test_padding_is_not_looked_at():
    model = with_weights(BERT(**SMALL, segments=0, head="none"))
    short = TOKENS[:, :5]
    padded = np.pad(short, ((0, 0), (0, 4)))
    np.testing.assert_allclose(np.asarray(model(padded))[:, :5], np.asarray(model(short)), atol=1e-5)


def test_a_position_that_never_moves_is_noticed(monkeypatch):
    """Fault: cached decoding that adds position 0 to every token."""
    model = with_weights(GPT(**SMALL))
    right = generate(model, TOKENS[:, :4], 6, top_k=1)
    call = PositionEmbedding.call
    monkeypatch.setattr(PositionEmbedding, "call", lambda self, inputs, start=0: call(self, inputs, start=0))
    model = with_weights(GPT(**SMALL))  # the other one is compiled already
    assert (generate(model, TOKENS[:, :4], 6, top_k=1) != right).any()


def test_arguments_that_make_no_sense():
    with pytest.raises(ValueError, match="`head` must be one of"):
        BERT(**SMALL, head="classifier")
    with pytest.raises(ValueError, match="knows 9 positions"):
        GPT(**SMALL)(np.ones((1, 10), int))
    with pytest.raises(ValueError, match="`context_length` must be a positive integer"):
        PositionEmbedding(0)
    with pytest.raises(ValueError, match="`prompt` must have shape"):
        generate(GPT(**SMALL), [1, 2], 3)
    with pytest.raises(ValueError, match="num_heads"):
        GPT(13, 9, 1, 3, 8)
    assert not isinstance(blocks_of(GPT(**SMALL))[0], layers.TransformerEncoderBlock)
