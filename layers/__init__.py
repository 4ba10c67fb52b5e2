"""Hand-built Keras layers, one family a file; imports Keras alone, so that any file can be copied out and used.

Where Keras has a layer of the same name, ours inherits its constructor, weights and configuration, so that the two are
interchangeable, and replaces its arithmetic, which is written out in `keras.ops`. RNN, Bidirectional and StackedRNNCells
hold no arithmetic of their own and are Keras's.
"""

from keras.layers import RNN, Bidirectional, StackedRNNCells

from layers.activations import ELU, SELU, LeakyReLU, PReLU
from layers.attention import BahdanauAttention, LuongAttention, ScaledDotProductAttention
from layers.blocks import InceptionBlock, ResidualBlock
from layers.convolution import Conv2D
from layers.dense import Dense
from layers.dropout import AlphaDropout, Dropout
from layers.gru import GRU, GRUCell
from layers.lstm import LSTM, LSTMCell
from layers.multi_head_attention import MultiHeadAttention
from layers.normalization import BatchNormalization, LayerNormalization
from layers.perceptron import Perceptron
from layers.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D
from layers.positional_encoding import SinusoidalPositionalEncoding
from layers.simple_rnn import SimpleRNN, SimpleRNNCell
from layers.transformer import FeedForward, TransformerDecoderBlock, TransformerEncoderBlock

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AlphaDropout",
    "AveragePooling2D",
    "BahdanauAttention",
    "BatchNormalization",
    "Bidirectional",
    "Conv2D",
    "Dense",
    "Dropout",
    "FeedForward",
    "GRUCell",
    "GlobalAveragePooling2D",
    "InceptionBlock",
    "LSTMCell",
    "LayerNormalization",
    "LeakyReLU",
    "LuongAttention",
    "MaxPooling2D",
    "MultiHeadAttention",
    "PReLU",
    "Perceptron",
    "ResidualBlock",
    "ScaledDotProductAttention",
    "SimpleRNN",
    "SimpleRNNCell",
    "SinusoidalPositionalEncoding",
    "StackedRNNCells",
    "TransformerDecoderBlock",
    "TransformerEncoderBlock",
]
