"""Image classifiers made of `layers`: the architectures of document 003, with the names and weights of `keras.applications`.

Each is a function like its namesake there, which returns a functional `keras.Model`:

    >>> model = VGG16(include_top=False, weights="imagenet", input_shape=(150, 150, 3))
    >>> features = model.predict(preprocess("VGG16", images))

`weights` is None, `"imagenet"` (Keras downloads and checks its file, whose weights are then copied by name) or a path.
"""

from recipes.models.alexnet import AlexNet
from recipes.models.densenet import DenseNet121
from recipes.models.efficientnet import EfficientNetB0
from recipes.models.googlenet import GoogLeNet
from recipes.models.inception_v3 import InceptionV3
from recipes.models.lenet import LeNet5
from recipes.models.mobilenet import MobileNet
from recipes.models.outline import outline
from recipes.models.preprocessing import preprocess
from recipes.models.pretrained import copy_weights, load_weights, weights_by_layer
from recipes.models.resnet import ResNet50, ResNet101, ResNet152
from recipes.models.squeezenet import SqueezeNet
from recipes.models.vgg import VGG16, VGG19

__all__ = [
    "VGG16",
    "VGG19",
    "AlexNet",
    "DenseNet121",
    "EfficientNetB0",
    "GoogLeNet",
    "InceptionV3",
    "LeNet5",
    "MobileNet",
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "SqueezeNet",
    "copy_weights",
    "load_weights",
    "outline",
    "preprocess",
    "weights_by_layer",
]
