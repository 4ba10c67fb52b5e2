"""What is known of every dataset before its file is opened: names, hashes, addresses, terms."""

from __future__ import annotations

from recipes.datasets.info import DatasetInfo, Part
from recipes.datasets.text_catalog import TEXTS

__all__ = ["DATASETS", "DatasetError", "DatasetInfo", "DatasetUnavailable", "Part", "describe"]


SERIES_FOLDER = "https://raw.githubusercontent.com/jbrownlee/Datasets/d20fcb6402ae34e653d4513b00f39257bb37ed7f"

DATASETS = {
    info.name: info
    for info in (
        DatasetInfo(
            name="digits",
            title="Handwritten digits shipped with scikit-learn",
            file="",
            sha256="f6d9e39f37dc45d327f6db33428ee58970ccceabb2535a5c179de35886b70443",
            url=None,
            homepage="https://archive.ics.uci.edu/dataset/80",
            how_to_get="It comes with scikit-learn.",
            licence="CC BY 4.0 (UCI Machine Learning Repository)",
            citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI, 1998.",
            content="1,797 images of 8 x 8, values 0-16, ten classes",
            bytes=934_440,
        ),
        DatasetInfo(
            name="churn_modelling",
            title="Bank customers who left or stayed",
            file="churn/Churn_Modelling.csv",
            sha256="ee2a5c9d8daf3aed0d91c4d883a84ebb77d271447bebc0f0c80aafb0f288ceab",
            # Nobody publishes a hash of this file; the address is one of two repositories with identical content.
            url="https://raw.githubusercontent.com/Vamc-24/ANN-Classification/"
            "91efaff80bf4252e8bac8e4edeb650219faadae4/Churn_Modelling.csv",
            homepage="https://www.kaggle.com/datasets/shrutimechlearn/churn-modelling",
            how_to_get="Download Churn_Modelling.csv from its Kaggle page.",
            licence="circulated by SuperDataScience and on Kaggle; terms not stated",
            citation="SuperDataScience: Churn_Modelling.csv, a bank's 10,000 customers.",
            content="10,000 rows, 14 columns, 20.37% churned",
            bytes=674_857,
            version="1.0.1",
            also_accepted={
                "3996cd1fa372e0db0cd9c0ebac35bbd4e8e3c65fb942bb010c826e7b1eeef0a0": "the same text with CRLF line ends"
            },
        ),
        DatasetInfo(
            name="graduate_admissions",
            title="Graduate applicants and their chance of admission",
            file="graduate_admissions/Admission_Predict_Ver1.1.csv",
            sha256="e63e513d60a97b33f22e1326b86a230a4610d746c72da7d6f9caabf130b8d92d",
            url=None,
            homepage="https://www.kaggle.com/datasets/mohansacharya/graduate-admissions",
            how_to_get="Download Admission_Predict_Ver1.1.csv from its Kaggle page (a login is needed).",
            licence="CC0 on its Kaggle page, not verified here",
            citation="M. S. Acharya, A. Armaan, A. S. Antony: A Comparison of Regression Models for Prediction of "
            "Graduate Admissions. IEEE ICCIDS, 2019.",
            content="500 rows, 9 columns",
            bytes=16_178,
            version="1.0.1",
            also_accepted={
                "97638dd677d8f7ecbc208bd0c46de5250f4657ec04f36c37ac7be5e2ac09c8da": "the same text with LF line ends",
                # Two headers end in a blank, which many copies have lost; the reader puts it back.
                "1036ff04d202c84135330f09a6dbf2daa56e4055d1bad04bed5c1ace5d0084f1": "header LOR without its blank",
                "d1b1a330602eec1bed2b01629c0709edb87b601d0d9a0cca03d7314689fe5a7d": "header LOR without its blank, LF",
                "982fc44f96b587272ba1b0d5b6a9022fd45241fbe7b7e7486dbdf3c5fb76ea2d": "header Chance without its blank",
                "af1e7ed7f0698f9f699f189ab53f8a57160198937d49ef7d640385f530b04031": "header Chance without its blank, LF",
                "a6ca6906347cf1c025914be549a11d3433ac164e651484a1b1dddaf0ad651d08": "both headers without blanks",
                "7e5417d5dda3c7ea5e0e74788d69c11fa04152bd3652aea6a415d3a1dc8926d0": "both headers without blanks, LF",
            },
        ),
        DatasetInfo(
            name="airline_passengers",
            title="Passengers of international airlines by month, 1949 to 1960",
            file="timeseries/airline-passengers.csv",
            sha256="8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
            url=f"{SERIES_FOLDER}/airline-passengers.csv",
            homepage="https://github.com/jbrownlee/Datasets",
            how_to_get="Download airline-passengers.csv from its repository.",
            licence="no licence stated; from the Time Series Data Library",
            citation="G. E. P. Box, G. M. Jenkins: Time Series Analysis: Forecasting and Control. Holden-Day, 1976.",
            content="144 months, passengers in thousands",
            bytes=2_180,
            version="1.0.1",
        ),
        DatasetInfo(
            name="daily_min_temperatures",
            title="Lowest temperature of each day in Melbourne, 1981 to 1990",
            file="timeseries/daily-min-temperatures.csv",
            sha256="8b9de63ed6789492bf497625e7f9beb96a63d367b4b0a21754006f749fa5e5da",
            url=f"{SERIES_FOLDER}/daily-min-temperatures.csv",
            homepage="https://github.com/jbrownlee/Datasets",
            how_to_get="Download daily-min-temperatures.csv from its repository.",
            licence="no licence stated; from the Time Series Data Library",
            citation="Australian Bureau of Meteorology: daily minimum temperatures in Melbourne, Australia, 1981-1990.",
            content="3,650 days in degrees Celsius; 31 December is missing in the leap years 1984 and 1988",
            bytes=67_921,
            version="1.0.1",
        ),
        DatasetInfo(
            name="mnist",
            title="MNIST handwritten digits, as keras.datasets gives them",
            file="mnist/mnist.npz",
            sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            homepage="http://yann.lecun.com/exdb/mnist/",
            how_to_get="Download mnist.npz.",
            licence="CC BY-SA 3.0 (LeCun and Cortes, as stated by Keras)",
            citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document "
            "Recognition. Proceedings of the IEEE 86(11), 1998.",
            content="60,000 training and 10,000 test images of 28 x 28, values 0-255, ten classes",
            bytes=11_490_434,
        ),
        DatasetInfo(
            name="cifar10",
            title="The first images of CIFAR-10",
            file="cifar10/cifar10_lossless_first4000.npz",
            sha256="5e81f99fe5af185b32d0cb5efbf72c956a858f8e684fdfba6995f9e197878f5c",
            # The pixels and labels are those of keras.datasets.cifar10, but only all 60,000 have a public address.
            url=None,
            homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
            how_to_get="No public address gives this file: it holds, exactly, the first 4,000 training and the first "
            "1,000 test images of CIFAR-10, taken from the lossless PNG sheets in the history of karpathy/convnetjs "
            "(demo/cifar10/cifar10_batch_0.png to _3.png and _50.png, with cifar10_labels.js).",
            licence="no formal licence; the authors ask to be cited",
            citation="A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images. University of Toronto, 2009.",
            content="4,000 training and 1,000 test images of 32 x 32 x 3, values 0-255, ten classes",
            bytes=14_163_561,
        ),
        DatasetInfo(
            name="imdb",
            title="Film reviews with their sentiment, as keras.datasets gives them",
            file="imdb/imdb.npz",
            sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
            url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
            homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
            how_to_get="Download imdb.npz.",
            licence="no formal licence; the authors ask to be cited",
            citation="A. L. Maas et al.: Learning Word Vectors for Sentiment Analysis. ACL, 2011.",
            content="25,000 training and 25,000 test reviews, half of them positive: word ranks (the first 256 of each)",
            bytes=17_464_789,
        ),
        DatasetInfo(
            name="cats_vs_dogs",
            title="Cats and dogs of Kaggle's training set, at 150 x 150",
            file="cats_vs_dogs/cats_vs_dogs_150.tar",
            sha256="1d86fedfe68885814c40aa37971410fecd257d2e85f794a11504c0edaea75f60",
            # Made from 200 x 200 copies; all pictures in their own size are TFDS's `cats_vs_dogs`, a split "full" here.
            url=None,
            homepage="https://www.kaggle.com/c/dogs-vs-cats",
            how_to_get="No public address gives this file: a tar archive of cat.N.jpg and dog.N.jpg of Kaggle's training "
            "set, N = 0 to 5000, resized (bilinear, JPEG quality 90) from the 200 x 200 copies in train/ of "
            "4GeeksAcademy/Deep-Learning-CarlosFS (commit d771ae194ca9a8fe14e746dca60af5361d57a5e1). "
            'With a network, cats_and_dogs("full") downloads all 23,262 pictures in their own size.',
            licence="Kaggle Dogs vs. Cats / Microsoft Asirra; research and education use, see the competition's rules",
            citation="J. Elson, J. R. Douceur, J. Howell, J. Saul: Asirra: A CAPTCHA that Exploits Interest-Aligned "
            "Manual Image Categorization. ACM CCS, 2007.",
            content="10,002 pictures of 150 x 150 x 3, as many cats as dogs; splits 2,000/1,000 and 8,000/2,000",
            bytes=80_168_960,
            kind="pictures",
        ),
        DatasetInfo(
            name="squeezenet_weights",
            title="SqueezeNet 1.1 trained on ImageNet, without top",
            file="weights/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
            sha256="17154246284f555591549ac2c83e127abfbf4307dc4b0060fdaa2931d0fa38da",
            url="https://raw.githubusercontent.com/DeepCognition/keras-squeezenet/"
            "a73d4339aa4d37c51a0b3ba044bed55477abec73/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
            homepage="https://github.com/DeepCognition/keras-squeezenet",
            how_to_get="Download squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5 from its repository.",
            licence="MIT (repository licence)",
            citation="F. N. Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB "
            "model size. arXiv:1602.07360, 2016.",
            content="722,496 weights by layer; input BGR minus [103.939, 116.779, 123.68]",
            bytes=3_002_560,
            kind="weights",
        ),
        DatasetInfo(
            name="mobilenet_weights",
            title="MobileNet 1.0 (224) trained on ImageNet, from conv1 to conv_dw_13",
            file="weights/mobilenet_1_0_224_through_conv_dw_13.npz",
            sha256="bf6f834a16505dd34a3165ba3033607788894d841ccfa75e3598f30d5a252595",
            # Taken from a model whose last layers were trained further: keras.applications's own file has them all.
            url=None,
            homepage="https://keras.io/api/applications/mobilenet/",
            how_to_get="No public address gives this file: arrays named layer/weight of keras.applications.MobileNet, "
            "taken from the TensorFlow.js export in Samlarn/ImageSorting (commit "
            "27557a94d221a2fe4109bf0e693a887629a0940b). With a network, "
            'keras.applications.MobileNet(include_top=False, weights="imagenet") downloads all layers.',
            licence="keras-applications port of Google's MobileNet checkpoints (Apache 2.0)",
            citation="A. G. Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
            "Applications. arXiv:1704.04861, 2017.",
            content="arrays named layer/weight up to conv_dw_13_bn, without conv_pw_13; input x / 127.5 - 1",
            bytes=8_740_596,
            kind="weights",
        ),
        DatasetInfo(
            name="vgg16_weights",
            title="VGG16 trained on ImageNet, without top",
            file="weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            sha256="",
            md5="6d6bbae143d832006294945121d1f1fc",
            url="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            homepage="https://keras.io/api/applications/vgg/",
            how_to_get="Download vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5.",
            licence="Creative Commons Attribution (Visual Geometry Group, University of Oxford, as stated by Keras)",
            citation="K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. "
            "ICLR, 2015.",
            content="14,714,688 weights by layer; input BGR minus [103.939, 116.779, 123.68]",
            bytes=58_889_256,
            kind="weights",
        ),
        *TEXTS,
    )
}
"""Every dataset and file of weights by name; `digits` needs no file."""


class DatasetError(ValueError):
    """A dataset's file is not what it should be, or its place can't be written; the message names it and the mend."""


class DatasetUnavailable(RuntimeError):
    """A dataset is not here and can't be fetched; the message says where to get it and where to put it."""


def describe(name: str) -> DatasetInfo:
    """What is known of a dataset.

    Raises:
        DatasetError: there is no dataset of that name.
    """
    if name not in DATASETS:
        raise DatasetError(f"There is no dataset {name!r}; known are {', '.join(DATASETS)}.")
    return DATASETS[name]
