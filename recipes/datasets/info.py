"""What a catalog entry says: a dataset's files with their hashes and addresses, its terms, and how it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """One file of a dataset.

    Args:
        file: name below the dataset's folder; empty for the only file of a dataset. The same name with `.gz` behind
            it is found as well, if its hash is accepted.
        bytes: its size.
        sha256: its hash, empty where only an MD5 is published.
        url: where the exact bytes can be downloaded, None where no public address gives them.
        also_accepted: further hashes of the same content, with what differs.
        md5: hash where the source publishes no SHA-256.
    """

    file: str
    bytes: int
    sha256: str
    url: str | None
    also_accepted: dict[str, str] = field(default_factory=dict)
    md5: str = ""

    @property
    def checksum(self) -> tuple[str, str]:
        """Algorithm and digest that the file is held against."""
        return ("sha256", self.sha256) if self.sha256 or not self.md5 else ("md5", self.md5)

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the file may lie in its folder, the first one for downloads."""
        return (self.file, f"{self.file}.gz") if self.file and not self.file.endswith(".gz") else (self.file,)


@dataclass(frozen=True)
class DatasetInfo:
    """One dataset.

    Args:
        name: its name here, in the ledger and on the command line.
        title: one line.
        file: path below a mirror or the cache, of the folder if it has `parts`; empty for data that a dependency ships.
        sha256: hash of the file, or `combined` of the parts; of the arrays for embedded data; empty where only an MD5
            is published.
        url: where the exact bytes can be downloaded, None where no public address gives them; a page for several parts.
        homepage: where it comes from.
        how_to_get: what to do when it is not here and can't be downloaded.
        licence: terms as the source states them.
        citation: whom to cite.
        content: what it holds and its shape, in a few words.
        bytes: size of the file or of all parts; of the arrays for embedded data.
        also_accepted: further hashes of the same content, with what differs.
        version: version of the TFDS builder.
        md5: hash of the file where its source publishes no SHA-256; held against the file if `sha256` is empty.
        kind: how it is read: `arrays`; `pairs`, `text`, `names`, `tagged`, `word_index` (text, each with a loader of
            that name); `pictures` (decoded from the file on every load); `weights` (a file of trained weights, which a
            model reads itself).
        parts: its files, if there are several.
    """

    name: str
    title: str
    file: str
    sha256: str
    url: str | None
    homepage: str
    how_to_get: str
    licence: str
    citation: str
    content: str
    bytes: int
    also_accepted: dict[str, str] = field(default_factory=dict)
    version: str = "1.0.0"
    md5: str = ""
    kind: str = "arrays"
    parts: tuple[Part, ...] = ()

    @property
    def checksum(self) -> tuple[str, str]:
        """Algorithm and digest that name the content."""
        return ("sha256", self.sha256) if self.sha256 or not self.md5 else ("md5", self.md5)

    @property
    def files(self) -> tuple[Part, ...]:
        """All files; a dataset of one file has one part without a name."""
        return self.parts or (Part("", self.bytes, self.sha256, self.url, self.also_accepted, self.md5),)

    @property
    def is_text(self) -> bool:
        """Whether it is text, which is checked line by line."""
        return self.kind in ("pairs", "text", "names", "tagged", "word_index")

    @property
    def is_prepared(self) -> bool:
        """Whether it is prepared once and then read from a fast copy."""
        return self.kind == "arrays" or self.is_text


def combined(parts: tuple[Part, ...]) -> str:
    """One hash of several files: SHA-256 over their hashes, in their order."""
    return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
