"""The catalog's texts: translated sentences, names, tagged sentences, one long text, the words of the film reviews."""

from __future__ import annotations

from recipes.datasets.info import DatasetInfo, Part, combined

FLICKR_FOLDER = (
    "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw"
)
NAMES_FOLDER = (
    "https://raw.githubusercontent.com/spro/practical-pytorch/c520c52e68e945d88fff563dba1c028b6ec0197b/data/names"
)
TREEBANK_FOLDER = "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.16"

MULTI30K = tuple(
    Part(file, size, sha256, f"{FLICKR_FOLDER}/{file}")
    for file, size, sha256 in (
        ("train.en.gz", 568_929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
        ("train.de.gz", 637_044, "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6"),
        ("val.en.gz", 21_650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
        ("val.de.gz", 24_681, "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a"),
        ("test_2016_flickr.en.gz", 21_077, "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
        ("test_2016_flickr.de.gz", 22_890, "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8"),
    )
)

NAMES = tuple(
    Part(f"{nationality}.txt", size, sha256, f"{NAMES_FOLDER}/{nationality}.txt")
    for nationality, size, sha256 in (
        ("Arabic", 13_190, "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc"),
        ("Chinese", 1_246, "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465"),
        ("Czech", 3_916, "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7"),
        ("Dutch", 2_351, "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3"),
        ("English", 27_125, "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2"),
        ("French", 2_178, "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95"),
        ("German", 5_610, "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db"),
        ("Greek", 1_981, "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6"),
        ("Irish", 1_858, "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058"),
        ("Italian", 5_657, "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4"),
        ("Japanese", 7_622, "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f"),
        ("Korean", 423, "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136"),
        ("Polish", 1_165, "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826"),
        ("Portuguese", 554, "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53"),
        ("Russian", 85_168, "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c"),
        ("Scottish", 752, "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd"),
        ("Spanish", 2_284, "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7"),
        ("Vietnamese", 339, "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d"),
    )
)

# The repository serves plain text; mirrors may keep it compressed (gzip -9 -n), which has a hash of its own.
TREEBANK = tuple(
    Part(file, size, sha256, f"{TREEBANK_FOLDER}/{file}", {compressed: "the same text, compressed by gzip -9 -n"})
    for file, size, sha256, compressed in (
        (
            "en_ewt-ud-train.conllu", 14_203_025,
            "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
            "bd47e08c9e18ec12d319e84df2ccdb272ff6de1d0dba5761117d3caf8b358f7b",
        ),
        (
            "en_ewt-ud-dev.conllu", 1_805_545,
            "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
            "41086e3afc9ae572f899c9123f874d6d04a52e374a3d2ac7a6667ce48e3bf3e3",
        ),
        (
            "en_ewt-ud-test.conllu", 1_804_515,
            "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            "29c151eee8846d3f3ef7806c126ecac9932af2317c008c6d6b076c5e14950dbe",
        ),
    )
)  # fmt: skip

TEXTS = (
    DatasetInfo(
        name="tatoeba_en_hi",
        title="English sentences with their Hindi translation",
        file="tatoeba/hin.txt",
        sha256="79e103bdc5abba20ae8b0e1b2c60cbc918cb47e2126dbbcebcfb4162c901a07b",
        # manythings.org publishes a new edition every few months under the same address.
        url=None,
        homepage="https://www.manythings.org/anki/",
        how_to_get="No public address gives this edition: hin.txt of hin-eng.zip from manythings.org, as kept in the "
        "repository sudhirtakke/Translatiing-English-to-Hindi- (commit 1d13ce353d9aef0d98cc9738a55b8205230aa0af). "
        "Later editions hold other sentences.",
        licence="CC BY 2.0 FR (tatoeba.org); the file's third column names the authors",
        citation="Tatoeba Project, tatoeba.org; selected by manythings.org/anki.",
        content="2,948 different pairs of 2,713 different English sentences, shortest first",
        bytes=576_511,
        kind="pairs",
    ),
    DatasetInfo(
        name="tatoeba_en_es",
        title="English sentences with their Spanish translation",
        file="tatoeba/spa-eng.zip",
        sha256="f80e581ae291aa34dd3aba7bd98b5e9505234da4318e2f3295df70a1520c7f61",
        # download.tensorflow.org/data/spa-eng.zip holds as many pairs in an archive packed differently.
        url=None,
        homepage="https://www.manythings.org/anki/",
        how_to_get="No public address gives this archive: spa-eng.zip of manythings.org, edition of 13 May 2018, as "
        "kept in the repository Hoangduc212001/hoang (commit 2cfd26f9551f5c2d614e8000500891801840a438).",
        licence="CC BY 2.0 (tatoeba.org)",
        citation="Tatoeba Project, tatoeba.org; selected by manythings.org/anki.",
        content="118,964 pairs, shortest English sentence first",
        bytes=2_767_131,
        kind="pairs",
    ),
    DatasetInfo(
        name="multi30k",
        title="Captions of Flickr pictures in English and German",
        file="multi30k",
        sha256=combined(MULTI30K),
        url="https://github.com/multi30k/dataset",
        homepage="https://github.com/multi30k/dataset",
        how_to_get="Download the files of data/task1/raw from its repository.",
        licence="no licence stated; made from Flickr30k's captions, for research",
        citation="D. Elliott, S. Frank, K. Sima'an, L. Specia: Multi30K: Multilingual English-German Image "
        "Descriptions. Workshop on Vision and Language, 2016.",
        content="29,000 training, 1,014 validation and 1,000 test pairs (task 1, test set of 2016)",
        bytes=sum(part.bytes for part in MULTI30K),
        kind="pairs",
        parts=MULTI30K,
    ),
    DatasetInfo(
        name="tiny_shakespeare",
        title="Forty thousand lines of Shakespeare's plays",
        file="tiny_shakespeare/input.txt",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        url="https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/"
        "data/tinyshakespeare/input.txt",
        homepage="https://github.com/karpathy/char-rnn",
        how_to_get="Download data/tinyshakespeare/input.txt from its repository.",
        licence="public domain",
        citation="A. Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks. 2015.",
        content="one text of 1,115,394 characters, 65 different ones",
        bytes=1_115_394,
        kind="text",
    ),
    DatasetInfo(
        name="names_by_nationality",
        title="Family names of eighteen nationalities",
        file="names",
        sha256=combined(NAMES),
        url="https://github.com/spro/practical-pytorch",
        homepage="https://github.com/spro/practical-pytorch",
        how_to_get="Download the files of data/names from its repository.",
        licence="MIT (repository licence)",
        citation="S. Robertson: Practical PyTorch: Classifying Names with a Character-Level RNN. 2017.",
        content="20,050 names, from 73 Vietnamese to 9,384 Russian; many occur more than once",
        bytes=sum(part.bytes for part in NAMES),
        kind="names",
        parts=NAMES,
    ),
    DatasetInfo(
        name="ud_english_ewt",
        title="English Web Treebank of Universal Dependencies 2.16: words with their part of speech",
        file="ud_english_ewt",
        sha256=combined(TREEBANK),
        url="https://github.com/UniversalDependencies/UD_English-EWT",
        homepage="https://universaldependencies.org/treebanks/en_ewt/",
        how_to_get="Download en_ewt-ud-train.conllu, en_ewt-ud-dev.conllu and en_ewt-ud-test.conllu of release 2.16.",
        licence="CC BY-SA 4.0",
        citation="N. Silveira et al.: A Gold Standard Dependency Corpus for English. LREC, 2014.",
        content="12,544 training, 2,001 validation and 2,077 test sentences; 17 tags",
        bytes=sum(part.bytes for part in TREEBANK),
        kind="tagged",
        parts=TREEBANK,
    ),
    DatasetInfo(
        name="imdb_word_index",
        title="The words behind the ranks of the film reviews",
        file="imdb/imdb_word_index.json",
        sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
        url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json",
        homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
        how_to_get="Download imdb_word_index.json.",
        licence="no formal licence; the authors ask to be cited",
        citation="A. L. Maas et al.: Learning Word Vectors for Sentiment Analysis. ACL, 2011.",
        content="88,584 words with their rank, 1 the most frequent, as load_arrays gives it",
        bytes=1_641_221,
        kind="word_index",
    ),
)
"""Every text; `catalog.DATASETS` holds them with the others."""
