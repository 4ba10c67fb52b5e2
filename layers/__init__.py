"""Hand-built Keras layers, one family a file; imports Keras alone, so that any file can be copied out and used."""

from keras.layers import RNN, Bidirectional, StackedRNNCells

from layers.gru import GRU, GRUCell
from layers.lstm import LSTM, LSTMCell
from layers.simple_rnn import SimpleRNN, SimpleRNNCell
