"""Two classes of texts, word by word: tables of sentences (SST-2, QQP) and the movie reviews of Keras."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hadamrnn.errors import bad_file
from hadamrnn.files import read_npz, read_text
from hadamrnn.tasks.base import Batch, Defaults, Stored, StoredTask
from hadamrnn.validation import setting

#: Tokens 0, 1, 2: padding before the text, a word that is not in the vocabulary, the border between two sentences.
PADDING, UNKNOWN, BORDER, RESERVED = 0, 1, 2, 3
MOST_WORDS = 60_000
LONGEST = 100_000

_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
_LABELS = ("label", "is_duplicate")
_SENTENCES = (("sentence",), ("question1", "question2"), ("sentence1", "sentence2"))
_TAB = "\t"  # between two sentences, as in the file; no word contains it

_CONVERT = """Convert a file that you trust, once:
  import numpy as np; a = dict(np.load("imdb.npz", allow_pickle=True)); x = {p: a[p] for p in ("x_train", "x_test")}
  np.savez("flat.npz", **a | {p: np.concatenate(x[p]) for p in x} | {p + "_length": [*map(len, x[p])] for p in x})
"""


def words_of(text: str) -> list[str]:
    """The words (lower case, with inner apostrophes) and the other signs of a text.

    >>> words_of("Don't go: it's 2 bad!")
    ["don't", 'go', ':', "it's", '2', 'bad', '!']
    """
    return [*map(sys.intern, _WORD.findall(text.lower()))]  # each word once in memory


@dataclass(frozen=True, kw_only=True)
class _TextClasses(StoredTask):
    """What the two kinds of texts share: the last ``length`` words count, shorter texts are padded in front."""

    path: str
    length: int = setting(most=LONGEST)
    words: int = setting(most=MOST_WORDS)

    tokens: ClassVar[bool] = True
    padding: ClassVar[int | None] = PADDING
    defaults: ClassVar[Defaults] = Defaults(embedding=512, learning_rate=5e-4)

    def _pad(self, rows: Sequence[Sequence[int] | NDArray[Any]]) -> NDArray[np.uint16]:
        padded = np.full((len(rows), self.length), PADDING, np.uint16)
        for line, row in zip(padded, rows, strict=True):
            if len(row):
                line[-len(row) :] = row[-self.length :]
        return padded


@dataclass(frozen=True, kw_only=True)
class SentimentTask(_TextClasses):
    r"""Sentences or pairs of sentences of class 0 or 1, from a table: UTF-8, tab-separated, no quoting, maybe gzipped.

    The first line names the columns, in any order; others are skipped. They are ``label`` or ``is_duplicate``, and
    ``sentence`` (as in SST-2), ``question1`` and ``question2`` (as in QQP), or ``sentence1`` and ``sentence2``. A pair
    is one text with a border token between. The vocabulary is the training part's; 0 pads, 1 is an unknown word, 2 the
    border.

    Parameters: ``path``; ``test_path``: the table of the test part, such as ``dev.tsv`` (without it, one in five lines
    of ``path``, at most 5,000); ``length``: so many words from the end of a text are read; ``words``: so many are
    known, the most frequent, but none that occurs once. One in ten of the other lines, at most 5,000, are for
    validation.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
    ...     print("sentence\tlabel", *["good film\t1", "bad film\t0"] * 10, sep="\n", file=file, flush=True)
    ...     task = SentimentTask(path=file.name, length=4)
    >>> task.inputs, next(task.test(batch_size=1)).x.T
    (6, array([[0, 0, 5, 3]]))
    """

    test_path: str | None = None
    length: int = setting(64, most=LONGEST)
    words: int = setting(20_000, most=MOST_WORDS)

    name: ClassVar[str] = "sentiment"

    @cached_property
    def _stored(self) -> Stored:
        texts, labels = _read_table(self.path)
        data, test = Batch(np.arange(len(texts)), labels), None
        if self.test_path is not None:
            more, labels = _read_table(self.test_path)
            test, texts = Batch(np.arange(len(texts), len(texts) + len(more)), labels), texts + more
        parts = self._parts(data, test)  # with the numbers of the texts
        counts = Counter(word for i in parts["train"].x for word in texts[i] if word != _TAB)
        common = [word for word, times in counts.items() if times > 1]  # so that training meets unknown words
        ranked = sorted(common, key=lambda word: (-counts[word], word))[: self.words]
        index = {_TAB: BORDER} | {word: RESERVED + rank for rank, word in enumerate(ranked)}
        rows = self._pad([[index.get(word, UNKNOWN) for word in text] for text in texts])
        encoded = {part: Batch(rows[numbers], y) for part, (numbers, y) in parts.items()}
        return Stored(encoded, inputs=RESERVED + len(ranked), outputs=2)


def _read_table(path: str) -> tuple[list[list[str]], NDArray[np.uint8]]:
    """The words of each line's sentences, and the labels."""
    header, *lines = read_text(path).removesuffix("\n").split("\n")
    columns = header.split(_TAB)
    label = [columns.index(name) for name in _LABELS if name in columns]
    sentences = [[columns.index(name) for name in names] for names in _SENTENCES if set(names) <= set(columns)]
    if len(label) != 1 or len(sentences) != 1 or len(set(columns)) < len(columns):
        allowed = "one of label, is_duplicate and one of sentence, question1 + question2, sentence1 + sentence2"
        raise bad_file(path, f"the first line must name tab-separated columns, {allowed}; it is {header[:80]!r}")
    if len(lines) < 3:
        raise bad_file(path, "must hold at least 3 lines after the first")
    texts, labels = [], np.empty(len(lines), np.uint8)
    for i, line in enumerate(lines):
        cells = line.split(_TAB)
        if len(cells) != len(columns):
            raise bad_file(path, f"line {i + 2} must have {len(columns)} tab-separated columns, not {len(cells)}")
        if cells[label[0]] not in {"0", "1"}:
            raise bad_file(path, f"line {i + 2}: {columns[label[0]]} must be 0 or 1, not {cells[label[0]][:20]!r}")
        first, *second = (words_of(cells[column]) for column in sentences[0])
        if not first and not any(second):
            raise bad_file(path, f"line {i + 2} must have at least one word")
        texts.append([*first, _TAB, *second[0]] if second else first)
        labels[i] = int(cells[label[0]])
    return texts, labels


@dataclass(frozen=True, kw_only=True)
class ReviewTask(_TextClasses):
    """The 25,000 + 25,000 movie reviews of Keras (Maas et al. 2011): class 1 is positive.

    ``path``: an npz file with flat arrays ``x_train``, ``x_test`` (ranks of words by frequency, from 1, of all reviews
    one after the other), ``x_train_length``, ``x_test_length`` (words per review), ``y_train`` and ``y_test`` (0 or 1).
    The published ``imdb.npz`` holds pickled lists instead, which this package never opens: the error message shows the
    two lines that convert it. Its ranks count the whole collection, so the vocabulary is not the training part's alone.

    Parameters: ``path``; ``length``: so many words from the end of a review are read; ``words``: the largest known
    rank. Rank r becomes token r + 2; 0 pads, 1 is an unknown word. One in ten training reviews are for validation.

    >>> import os, tempfile
    >>> part = {"x_train": [1, 2, 1, 3, 4, 9], "x_train_length": [1, 2, 3], "y_train": [0, 1, 0]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "flat.npz")
    ...     np.savez(path, **part, **{name.replace("train", "test"): part[name] for name in part})
    ...     task = ReviewTask(path=path, length=4, words=5)
    >>> next(task.test(batch_size=3)).x.T
    array([[0, 0, 0, 3],
           [0, 0, 4, 3],
           [0, 5, 6, 1]])
    """

    length: int = setting(500, most=LONGEST)
    words: int = setting(10_000, most=MOST_WORDS)

    name: ClassVar[str] = "review"

    @cached_property
    def _stored(self) -> Stored:
        parts = self._parts(self._read("train"), self._read("test"))
        return Stored(parts, inputs=RESERVED + self.words, outputs=2)

    def _read(self, part: str) -> Batch:
        names = (f"x_{part}", f"x_{part}_length", f"y_{part}")
        arrays = read_npz(self.path, names, objects=_CONVERT)
        for name, found in zip(names, arrays, strict=True):
            if found.ndim != 1 or found.dtype.kind not in "iu":
                raise bad_file(self.path, f"{name} must be a flat array of integers, not {found.dtype}{found.shape}")
        ranks, lengths, y = (found.astype(np.int64) for found in arrays)
        if len(y) < 3 or len(lengths) != len(y):
            raise bad_file(self.path, f"{names[1]} and {names[2]} must have as many entries, at least 3")
        if lengths.min() < 1 or lengths.max() > len(ranks) or lengths.sum() != len(ranks):
            raise bad_file(self.path, f"{names[1]} must be positive and have the sum len({names[0]}) = {len(ranks)}")
        if ranks.min() < 1 or not np.isin(y, (0, 1)).all():
            raise bad_file(self.path, f"{names[0]} must be 1 or more, and {names[2]} 0 or 1")
        known = np.where(ranks <= self.words, ranks + (RESERVED - 1), UNKNOWN).astype(np.uint16)
        return Batch(self._pad(np.split(known, np.cumsum(lengths)[:-1])), y.astype(np.uint8))
