"""Models made of `layers`: the documents' image classifiers, translators, language models and generators.

Image classifiers are functions like their namesakes in `keras.applications`, with their names and weights, and return a
functional `keras.Model`:

    >>> model = VGG16(include_top=False, weights="imagenet", input_shape=(150, 150, 3))
    >>> features = model.predict(preprocess("VGG16", images))

`weights` is None, `"imagenet"` (Keras downloads and checks its file, whose weights are then copied by name) or a path.

`Seq2Seq` and `Transformer` are models with a `step`, which `recipes.decoding` calls once a token; `GPT` and `BERT` are functions
that return a functional model, `recipes.models.gpt.generate` writes with a GPT; `VAE` and `GAN` train with `fit` like any other.
"""

from recipes.models.alexnet import AlexNet
from recipes.models.bert import BERT
from recipes.models.densenet import DenseNet121
from recipes.models.efficientnet import EfficientNetB0
from recipes.models.gan import GAN
from recipes.models.googlenet import GoogLeNet
from recipes.models.gpt import GPT
from recipes.models.inception_v3 import InceptionV3
from recipes.models.lenet import LeNet5
from recipes.models.mobilenet import MobileNet
from recipes.models.one_to_many import OneToMany
from recipes.models.outline import outline
from recipes.models.preprocessing import preprocess
from recipes.models.pretrained import copy_weights, load_weights, weights_by_layer
from recipes.models.resnet import ResNet50, ResNet101, ResNet152
from recipes.models.seq2seq import Seq2Seq
from recipes.models.squeezenet import SqueezeNet
from recipes.models.transformer import Transformer
from recipes.models.vae import VAE
from recipes.models.vgg import VGG16, VGG19

__all__ = [
    "BERT",
    "GAN",
    "GPT",
    "VAE",
    "VGG16",
    "VGG19",
    "AlexNet",
    "DenseNet121",
    "EfficientNetB0",
    "GoogLeNet",
    "InceptionV3",
    "LeNet5",
    "MobileNet",
    "OneToMany",
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "Seq2Seq",
    "SqueezeNet",
    "Transformer",
    "copy_weights",
    "load_weights",
    "outline",
    "preprocess",
    "weights_by_layer",
]
