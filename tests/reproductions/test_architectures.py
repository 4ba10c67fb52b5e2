"""Verdicts on architectures and transfer learning; faulty networks change them."""

import pytest

import layers
import recipes.models
from recipes.models import googlenet, vgg
from reproductions import architectures as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "lenet-original-c3",
    "arch-vgg-138m",
    "arch-googlenet-params",
    "arch-resnet-residual-formula",
    "transfer-imagenet-size",
}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def test_depths_are_those_of_the_names(facts):
    depths = {name: depth for name, _, _, depth in facts["timeline"]}
    assert [depths[f"ResNet{number}"] for number in (50, 152)] == [50, 152]
    assert (depths["DenseNet121"], depths["GoogLeNet"], depths["InceptionV3"]) == (121, 22, 48)


def test_the_figures_facts_are_small(facts):
    assert {name for figure in module.FIGURES for name in figure.facts} <= set(facts)
    assert facts["application_million_products"]["MobileNet"] == 569  # table 4 of its paper


def verdict(found, name):
    (claim,) = (claim for claim in module.CLAIMS if claim.id == name)
    return judge_claim(claim, found, {})["verdict"]


def test_a_missing_convolution_is_noticed(monkeypatch):
    monkeypatch.setattr(vgg, "VGG16_BLOCKS", ((2, 64), (2, 128), (3, 256), (3, 512), (2, 512)))
    found = finite(module.vgg())
    assert "keras.applications: 16" in found["vgg_depths"][0]
    assert verdict(found, "arch-vgg-depth") == "not reproduced"
    assert verdict(found, "arch-vgg-138m") == "not reproduced"


def test_a_wrong_row_of_googlenets_table_is_noticed(monkeypatch):
    monkeypatch.setitem(googlenet.INCEPTIONS, "4c", (128, 128, 256, 24, 64, 46))
    assert verdict(finite(module.googlenet()), "arch-googlenet-params") == "not reproduced"


def test_a_residual_block_without_its_last_relu_is_noticed(monkeypatch):
    class Open(layers.ResidualBlock):
        def call(self, inputs, training=None):
            kept, self.activation = self.activation, lambda x: x
            outputs = super().call(inputs, training)
            self.activation = kept
            return outputs

    monkeypatch.setattr(layers, "ResidualBlock", Open)
    assert verdict(finite(module.residual_block()), "arch-resnet-residual-formula") == "not reproduced"


def test_a_normalization_that_learns_although_frozen_is_noticed(monkeypatch):
    class Thawed(layers.BatchNormalization):
        def call(self, inputs, training=None, mask=None):
            self.moving_mean.assign(self.moving_mean + 1)
            return super().call(inputs, training=training, mask=mask)

    monkeypatch.setattr(layers, "BatchNormalization", Thawed)
    assert verdict(finite(module.frozen_base()), "transfer-frozen-base-unchanged") == "not reproduced"


def test_a_network_of_another_size_is_noticed(monkeypatch):
    narrow = recipes.models.MobileNet
    monkeypatch.setattr(recipes.models, "MobileNet", lambda **arguments: narrow(**arguments, alpha=0.75))
    text = module.agreed("MobileNet", lambda model: model.count_params())
    assert text == "recipes.models: 2601976; keras.applications: 4253864"
