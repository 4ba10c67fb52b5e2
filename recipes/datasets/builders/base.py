"""What all builders share: metadata from the catalog and the verified file in place of TFDS's download manager."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from recipes.datasets.catalog import describe
from recipes.datasets.files import locate


class FileBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Base of the builders; a subclass defines `features`, `splits` and `_generate_examples`.

    Args:
        source: the dataset's verified file; found (mirror, cache, public address) when not given.
        kwargs: as for any TFDS builder, e.g. `data_dir`.
    """

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, source: Path | None = None, **kwargs: Any):
        self._source = source
        super().__init__(**kwargs)

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return self.name

    @abstractmethod
    def features(self) -> tfds.features.FeaturesDict:
        """The features of one example."""

    @abstractmethod
    def splits(self, path: Any) -> dict[str, Any]:
        """Examples by split."""

    def _info(self) -> tfds.core.DatasetInfo:
        info = describe(self.dataset_name)
        return self.dataset_info_from_configs(
            features=self.features(),
            homepage=info.homepage,
            citation=info.citation,
            license=info.licence,
            description=f"{info.title}: {info.content}.",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        # The file's own search order and hash replace TFDS's manager, whose cache would keep a second copy.
        return self.splits(self._source or locate(self.dataset_name))
