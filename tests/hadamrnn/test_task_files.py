"""Tasks from files: sound files are read as they are, and every defect is a named error with the file's name."""

import gzip
import re
import subprocess
import sys
from dataclasses import MISSING, fields

import numpy as np
import pytest
from task_files import LABELS, SENTENCES, activity, idx, joined, mnist, reviews, table

from hadamrnn.errors import FileError, ParameterError
from hadamrnn.tasks import (
    TASKS,
    ActivityTask,
    ImageTask,
    ReviewTask,
    SentimentTask,
    TextTask,
)
from hadamrnn.tasks.base import PARTS
from hadamrnn.tasks.sentences import BORDER, PADDING, UNKNOWN

# images -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("permuted", [False, True])
def test_images_are_those_of_the_files(tmp_path, zipped, permuted):
    pixels, labels = mnist(tmp_path, zipped=zipped)
    task = ImageTask(path=tmp_path, permuted=permuted)
    assert task.sizes == {"train": 36, "validation": 4, "test": 10}
    parts = [joined(batches) for batches in (task.train(7, 0), task.validation(7), task.test(7))]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    found = np.rint(255 * x[..., 0]).astype(int)
    assert np.abs(255 * x[..., 0] - found).max() < 1e-4 and x.max() <= 1
    place = next(i for i in range(12) if set(found[:, i]) == set(range(50)))  # the pixel that numbers the images
    numbers = found[:, place]
    assert sorted(numbers) == list(range(50)) and set(numbers[-10:]) == set(range(40, 50))
    assert np.array_equal(y, labels[numbers])
    if permuted:
        assert not np.array_equal(found, pixels[numbers])
        assert len({tuple(column) for column in pixels.T}) == 12
        assert sorted(map(tuple, found.T)) == sorted(map(tuple, pixels[numbers].T))  # one order for all images
    else:
        assert np.array_equal(found, pixels[numbers])


def test_the_order_of_pixels_comes_from_the_seed(tmp_path):
    mnist(tmp_path)
    one, same, two = (next(ImageTask(path=tmp_path, permuted=True, seed=seed).test(9)).x for seed in (0, 0, 1))
    assert np.array_equal(one, same) and not np.array_equal(one, two)
    assert np.array_equal(np.sort(one, axis=0), np.sort(two, axis=0))


def test_digits_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    task = ImageTask(seed=3)
    parts = [joined(batches) for batches in (task.train(500, 0), task.validation(500), task.test(500))]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    digits = datasets.load_digits()
    rows = sorted((*(16 * image).tolist(), label) for image, label in zip(x[..., 0], y.tolist(), strict=True))
    assert rows == sorted(
        (*image.tolist(), label) for image, label in zip(digits.data, digits.target.tolist(), strict=True)
    )


def test_digits_need_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ParameterError, match="path=None: needs scikit-learn"):
        ImageTask()


BAD_IDX = {
    "magic": (lambda data: b"\0\0\x0d\3" + data[4:], "IDX file of bytes with 3 dimensions"),
    "labels for images": (lambda data: idx(np.zeros(40)), "IDX file of bytes with 3 dimensions"),
    "header": (lambda data: data[:9], "IDX file of bytes"),
    "truncated": (lambda data: data[:-1], "truncated"),
    "too long": (lambda data: data + b"\0", "481 bytes for the shape"),
    "no pixels": (lambda data: data[:8] + bytes(8), r"must not be empty: it holds 40 items of shape \(0, 0\)"),
    "no images": (lambda data: data[:4] + bytes(4) + data[8:16], r"it holds 0 items of shape \(3, 4\)"),
    "huge": (lambda data: data[:4] + b"\xff" * 12 + data[16:], "truncated or not"),
    "empty": (lambda data: b"", "must not be empty"),
    "gzip": (lambda data: gzip.compress(data)[:-9], "gzip file is truncated"),
    "gzip damage": (lambda data: gzip.compress(data)[:40] + b"\xff" * 20 + gzip.compress(data)[60:], "gzip file is"),
    "count": (lambda data: idx(np.zeros((39, 3, 4))), "39 images, but 40 labels"),
}


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_images(tmp_path, case):
    change, message = BAD_IDX[case]
    mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FileError, match=message) as error:
        ImageTask(path=tmp_path)
    assert path.name in str(error.value) or case == "count"


@pytest.mark.parametrize("end", ["", ".gz"])
def test_images_with_a_dot_in_their_names(end, tmp_path):
    """As one popular source has them, beside folders that have the names of the files elsewhere."""
    mnist(tmp_path, zipped=bool(end))
    plain = ImageTask(path=tmp_path)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("-idx", ".idx"))
        path.mkdir()
    dotted = ImageTask(path=tmp_path)
    assert dotted.record()["checksum"] == plain.record()["checksum"] and dotted.sizes == plain.sizes


def test_bad_directories_of_images(tmp_path):
    with pytest.raises(FileError, match=r"with a file train-images-idx3-ubyte or"):
        ImageTask(path=tmp_path)
    with pytest.raises(FileError, match="must be a directory"):
        ImageTask(path=tmp_path / "absent")
    mnist(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((10, 3, 5))))
    with pytest.raises(FileError, match="the same size"):
        ImageTask(path=tmp_path)
    mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.full(40, 10)))
    with pytest.raises(FileError, match="labels must be 0 to 9, found 10"):
        ImageTask(path=tmp_path)


# sentences ----------------------------------------------------------------------------------------------------------


def decoded(task, part):
    """Token rows and labels of one part."""
    return joined(getattr(task, part)(100) if part != "train" else task.train(100, 0))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("order", ["sentence label", "label sentence", "id label other sentence"])
def test_columns_in_any_order(tmp_path, order, newline):
    plain = table(tmp_path / "plain.tsv", ("sentence", "label"), zip(SENTENCES, LABELS, strict=True))
    lines = [
        {"sentence": s, "label": c, "id": i, "other": "'\""}
        for i, (s, c) in enumerate(zip(SENTENCES, LABELS, strict=True))
    ]
    rows = [[line[column] for column in order.split()] for line in lines]
    other = table(tmp_path / "other.tsv.gz", order.split(), rows, newline)
    one, two = SentimentTask(path=plain, length=6), SentimentTask(path=other, length=6)
    assert one.inputs == two.inputs == 3 + 7 + 4
    for part in PARTS:
        assert all(map(np.array_equal, decoded(one, part), decoded(two, part)))
        x, y = decoded(one, part)
        # word, is, good or bad, and ! at the last step; the third word tells the class
        assert (x[:, :2] == PADDING).all() and (x[:, 2:] != PADDING).all()
        assert len(np.unique(x[:, -1])) == 1 and len(set(zip(x[:, -2], y, strict=True))) == 2


def test_long_sentences_lose_their_beginning(tmp_path):
    path = table(tmp_path / "table.tsv", ("sentence", "label"), zip(SENTENCES, LABELS, strict=True))
    long, short = SentimentTask(path=path, length=9), SentimentTask(path=path, length=2)
    for part in PARTS:
        assert np.array_equal(decoded(long, part)[0][:, -2:], decoded(short, part)[0])


def test_the_vocabulary_is_that_of_the_training_part(tmp_path):
    train = table(
        tmp_path / "train.tsv", ("label", "sentence"), [(0, "film film a"), (1, "the film"), (1, "The a")] * 9
    )
    dev = table(tmp_path / "dev.tsv", ("label", "sentence"), [(1, "novel novel film"), (0, "a"), (0, "THE")])
    task = SentimentTask(path=train, test_path=dev, length=4)
    assert task.sizes == {"train": 25, "validation": 2, "test": 3} and task.inputs == 3 + 3
    x, y = decoded(task, "test")
    film, novel = x[0, 3], x[0, 2]
    assert film == 3 and novel == UNKNOWN and x[0].tolist() == [PADDING, UNKNOWN, UNKNOWN, film]
    assert {x[1, 3], x[2, 3]} == {4, 5} and y.tolist() == [1, 0, 0]
    limited = SentimentTask(path=train, test_path=dev, length=4, words=1)
    assert limited.inputs == 4 and decoded(limited, "test")[0][:, 3].tolist() == [3, UNKNOWN, UNKNOWN]


def test_words_that_occur_once_are_unknown(tmp_path):
    rows = [(i % 2, f"film only{i}") for i in range(30)]
    task = SentimentTask(path=table(tmp_path / "table.tsv", ("label", "sentence"), rows), length=2)
    assert task.inputs == 4
    assert (decoded(task, "train")[0] == [3, UNKNOWN]).all()


def test_words_of_held_out_lines_are_unknown(tmp_path):
    rows = [(i % 2, f"film own{i} own{i}") for i in range(30)]
    task = SentimentTask(path=table(tmp_path / "table.tsv", ("label", "sentence"), rows), length=3)
    assert task.inputs == 3 + 1 + task.sizes["train"]
    for part in ("validation", "test"):
        assert (decoded(task, part)[0] == [3, UNKNOWN, UNKNOWN]).all()


@pytest.mark.parametrize("names", [("question1", "question2", "is_duplicate"), ("sentence1", "sentence2", "label")])
def test_pairs_are_read_as_one_text(tmp_path, names):
    rows = [(i, i, i, "why ?", "how", i % 2) for i in range(20)]
    path = table(tmp_path / "pairs.tsv", ("id", "qid1", "qid2", *names), rows)
    x, _ = decoded(SentimentTask(path=path, length=6), "train")
    assert (x[:, :2] == PADDING).all() and (x[:, 4] == BORDER).all() and (x == BORDER).sum() == len(x)
    assert set(x[0, [2, 3, 5]]) == {3, 4, 5}


HEAD = "sentence\tlabel\n"
GOOD = "good\t1\nbad\t0\n" * 6
BAD_TABLES = {
    "empty": (b"", "must not be empty"),
    "header only": (HEAD, "at least 3 lines"),
    "no label": ("sentence\tclass\n" + GOOD, "must name tab-separated columns"),
    "no sentence": ("text\tlabel\n" + GOOD, "must name tab-separated columns"),
    "one question": ("question1\tis_duplicate\n" + GOOD, "must name tab-separated columns"),
    "two labels": ("sentence\tlabel\tis_duplicate\n", "must name tab-separated columns"),
    "two texts": ("sentence\tsentence1\tsentence2\tlabel\n", "must name tab-separated columns"),
    "same name": ("label\tsentence\tlabel\n", "must name tab-separated columns"),
    "no header": (GOOD, "must name tab-separated columns"),
    "label": (HEAD + GOOD + "nice\t2\n", "line 14: label must be 0 or 1, not '2'"),
    "label of a test part": (HEAD + GOOD + "nice\t-1\n", "line 14: label must be 0 or 1"),
    "label as text": (HEAD + GOOD + "nice\tpositive\n", "line 14: label must be 0 or 1"),
    "missing column": (HEAD + GOOD + "nice\n", "line 14 must have 2 tab-separated columns, not 1"),
    "extra column": (HEAD + GOOD + "a\tb\t1\n", "line 14 must have 2 tab-separated columns, not 3"),
    "blank line": (HEAD + "\n" + GOOD, "line 2 must have 2 tab-separated columns, not 1"),
    "no words": (HEAD + " \t1\n" + GOOD, "line 2 must have at least one word"),
    "latin-1": (HEAD.encode() + b"caf\xe9\t1\n", "must be UTF-8; the byte at position 18"),
    "gzip": (gzip.compress((HEAD + GOOD).encode())[:-4], "gzip file is truncated"),
    "no gzip": (b"\x1f\x8b" + bytes(30), "gzip file is truncated or damaged"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
@pytest.mark.parametrize("as_test", [False, True])
def test_bad_tables(tmp_path, case, as_test):
    content, message = BAD_TABLES[case]
    bad, good = tmp_path / "bad.tsv", tmp_path / "good.tsv"
    bad.write_bytes(content if isinstance(content, bytes) else content.encode())
    good.write_text(HEAD + GOOD, encoding="utf-8")
    with pytest.raises(FileError, match=re.escape(message)) as error:
        SentimentTask(path=good if as_test else bad, test_path=bad if as_test else None)
    assert "bad.tsv'" in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    needed = {cls: [field.name for field in fields(cls) if field.default is MISSING] for cls in TASKS.values()}
    named = [cls for cls, names in needed.items() if names == ["path"]]
    assert TextTask in named
    for task in named:
        for path in (tmp_path / "absent", tmp_path):
            with pytest.raises(FileError, match="must be a file that can be read"):
                task(path=path)
        for path in ("", "nul\0"):
            with pytest.raises(ParameterError, match=r"path=.*: must be the name of a file"):
                task(path=path)
    with pytest.raises(FileError, match=r"^path='\.\.\.a{65}/absent': "):  # of a long name the end is shown
        TextTask(path="a" * 200 + "/absent")


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("\ufeff" + HEAD + GOOD, encoding="utf-8")
    assert SentimentTask(path=path).sizes["train"] == 9


# reviews ------------------------------------------------------------------------------------------------------------


def test_reviews(tmp_path):
    arrays = reviews(tmp_path / "reviews.npz")
    task = ReviewTask(path=tmp_path / "reviews.npz", length=6, words=12)
    assert task.sizes == {"train": 18, "validation": 2, "test": 6} and task.inputs == 15
    x, y = decoded(task, "test")
    ends = np.cumsum(arrays["x_test_length"])
    for row, start, end in zip(x, ends - arrays["x_test_length"], ends, strict=True):
        expected = [rank + 2 if rank <= 12 else UNKNOWN for rank in arrays["x_test"][start:end].tolist()][-6:]
        assert row.tolist() == [PADDING] * (6 - len(expected)) + expected
    assert y.tolist() == arrays["y_test"].tolist()


def test_small_integer_types_do_not_overflow(tmp_path):
    ranks, lengths = np.full(800, 255, np.uint8), np.full(4, 200, np.uint8)
    reviews(tmp_path / "reviews.npz", x_test=ranks, x_test_length=lengths, y_test=np.array([0, 1, 0, 1], np.uint8))
    x, _ = decoded(ReviewTask(path=tmp_path / "reviews.npz", length=201, words=1000), "test")
    assert (x[:, 0] == PADDING).all() and (x[:, 1:] == 257).all()


class Trap:
    """Unpickling it would make a directory."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        import os

        return os.mkdir, (self.path,)


def test_pickled_reviews_are_never_opened_and_the_message_converts_them(tmp_path):
    reviews(tmp_path / "trap.npz", x_train=np.array([Trap(tmp_path / "sprung")] * 2, dtype=object))
    with pytest.raises(FileError, match="arrays of Python objects are not read"):
        ReviewTask(path=tmp_path / "trap.npz")
    assert not (tmp_path / "sprung").exists()

    train, test = np.empty(20, dtype=object), np.empty(20, dtype=object)  # as published: lists of different lengths
    train[:] = [[*range(1, 2 + i)] for i in range(20)]
    test[:] = [[1, 2]] * 20
    labels = np.arange(20) % 2
    np.savez(tmp_path / "imdb.npz", x_train=train, x_test=test, y_train=labels, y_test=labels)
    with pytest.raises(FileError, match="arrays of Python objects are not read") as error:
        ReviewTask(path=tmp_path / "imdb.npz")
    code = "\n".join(line.strip() for line in error.value.allowed.splitlines()[1:])
    assert len(code.splitlines()) == 2
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    task = ReviewTask(path=tmp_path / "flat.npz", length=20)
    rows = np.concatenate([decoded(task, part)[0] for part in PARTS[:2]])
    expected = [(PADDING,) * (19 - i) + tuple(range(3, 4 + i)) for i in range(20)]
    assert sorted(map(tuple, rows.tolist())) == sorted(expected)
    assert (decoded(task, "test")[0][:, -2:] == [3, 4]).all()


BAD_REVIEWS = {
    "missing": ({"y_test": None}, "missing: y_test"),
    "floats": ({"x_train": np.ones(80)}, "x_train must be a flat array of integers"),
    "matrix": ({"x_train": np.ones((20, 4), int)}, "x_train must be a flat array of integers"),
    "labels": ({"y_train": np.full(20, 2)}, "y_train 0 or 1"),
    "fewer labels": ({"y_train": np.zeros(19, int)}, "must have as many entries"),
    "empty": ({"y_train": np.zeros(0, int), "x_train_length": np.zeros(0, int)}, "at least 3"),
    "sum": ({"x_train_length": np.full(20, 2)}, "have the sum len"),
    "empty review": (
        {"x_test_length": np.array([0, 1, 1]), "x_test": np.ones(2, int), "y_test": np.ones(3, int)},
        "positive",
    ),
    "overflow": (
        {"x_test_length": np.array([2**62] * 4 + [1, 2]), "x_test": np.ones(3, int)},
        "positive and have the sum",
    ),
    "rank 0": (
        {"x_test": np.zeros(3, int), "x_test_length": np.ones(3, int), "y_test": np.ones(3, int)},
        "must be 1 or more",
    ),
}


@pytest.mark.parametrize("case", BAD_REVIEWS)
def test_bad_reviews(tmp_path, case):
    changes, message = BAD_REVIEWS[case]
    reviews(tmp_path / "reviews.npz", **changes)
    with pytest.raises(FileError, match=message) as error:
        ReviewTask(path=tmp_path / "reviews.npz")
    assert "reviews.npz" in str(error.value)


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


DAMAGE = {
    "truncated": lambda data: data[:-200],
    "flipped": lambda data: flipped(data, 3000),
    "array header": lambda data: data.replace(b"'fortran_order': False", b"'fortran_order': (alse"),
    "huge array": lambda data: data.replace(b"(120, 7, 3), }       ", b"(999999999999, 7, 9), }"[:21]),
    "text": lambda data: b"no archive",
    "one array": lambda data: data[data.index(b"\x93NUMPY") :],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_archives(tmp_path, damage):
    path = tmp_path / "activity.npz"
    activity(path)
    data = path.read_bytes()
    damaged = DAMAGE[damage](data)
    assert damaged != data
    path.write_bytes(damaged)
    with pytest.raises(FileError, match="must be a sound npz file"):
        ActivityTask(path=path)


def test_random_damage_is_a_file_error_or_harmless(tmp_path):
    rng = np.random.default_rng(0)
    mnist(tmp_path)
    reviews(tmp_path / "reviews.npz")
    activity(tmp_path / "activity.npz")
    table(tmp_path / "table.tsv.gz", ("sentence", "label"), zip(SENTENCES, LABELS, strict=True))
    (tmp_path / "text.txt").write_text("the same again\n" * 99, encoding="utf-8")
    makers = {
        "train-images-idx3-ubyte": lambda path: ImageTask(path=path.parent),
        "train-labels-idx1-ubyte": lambda path: ImageTask(path=path.parent),
        "reviews.npz": lambda path: ReviewTask(path=path, length=5),
        "activity.npz": lambda path: ActivityTask(path=path),
        "table.tsv.gz": lambda path: SentimentTask(path=path, length=5),
        "text.txt": lambda path: TextTask(path=path, length=20),
    }
    refused = dict.fromkeys(makers, 0)
    for name, make in makers.items():
        path = tmp_path / name
        data = path.read_bytes()
        for i in range(60):
            damaged = data[: rng.integers(len(data))] if i % 3 == 0 else data
            for _ in range(i % 3):
                damaged = flipped(damaged, rng.integers(min(len(data), 400)))
            path.write_bytes(damaged)
            try:
                make(path)
            except FileError:
                refused[name] += 1
        path.write_bytes(data)
    assert min(refused.values()) >= 5  # text that is cut is text


# characters ---------------------------------------------------------------------------------------------------------


def test_each_character_is_followed_by_the_next(tmp_path):
    path = tmp_path / "text.txt.gz"
    text = "".join(map(chr, np.random.default_rng(0).integers(97, 123, 1980)))
    path.write_bytes(gzip.compress(text.encode()))
    task = TextTask(path=path, length=30)
    assert task.inputs == task.outputs == 27
    assert task.sizes == {"train": (1781 - 29) // 30, "validation": 3, "test": 3}
    for start, batches in ((1782, task.validation(2)), (1881, task.test(2))):
        x, y = joined(batches)
        found = "".join(chr(96 + token) for token in x.ravel())
        assert found == text[start : start + 90] and np.array_equal(x[:, 1:], y[:, :-1])
        assert "".join(chr(96 + token) for token in y[:, -1]) == text[start + 30 : start + 91 : 30]
    offsets = set()
    for epoch in range(5):
        x, y = joined(task.train(8, epoch))
        starts = sorted(text.index("".join(chr(96 + token) for token in row)) for row in x)
        assert set(np.diff(starts)) == {30} and starts[-1] + 30 < 1782 and np.array_equal(x[:, 1:], y[:, :-1])
        offsets.add(starts[0])
    assert len(offsets) > 1 and max(offsets) < 30


def test_characters_unknown_in_training_are_token_0(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("ab" * 450 + "a–𝔉z" * 25, encoding="utf-8")
    task = TextTask(path=path, length=10)
    assert task.inputs == 3
    assert joined(task.test(9))[0].tolist() == [[0, 0, 1, 0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0]] * 2


def test_other_parts_from_other_files_and_spaced_characters(tmp_path):
    paths = {}
    for name, text in (
        ("path", " a b _ a b \n" * 20),
        ("validation_path", " b _ \n" * 5),
        ("test_path", " a c \n" * 5),
    ):
        paths[name] = tmp_path / name
        paths[name].write_text(text, encoding="utf-8")
    task = TextTask(**paths, length=4, spaced=True)
    assert task.inputs == 1 + 4  # newline, _, a, b
    assert joined(task.validation(1))[0][0].tolist() == [4, 2, 1, 4]
    assert joined(task.test(1))[0][0].tolist() == [3, 0, 1, 3]
    with pytest.raises(ParameterError, match="both, or neither"):
        TextTask(path=paths["path"], test_path=paths["test_path"])


def test_bad_texts(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abc" * 100, encoding="utf-8")
    with pytest.raises(FileError, match="has 15 characters for the validation part; at least 2 length = 20"):
        TextTask(path=path, length=10)
    path.write_bytes(b"\xff\xfe" * 100)
    with pytest.raises(FileError, match=r"text\.txt': must be UTF-8"):
        TextTask(path=path)
    path.write_text(" " * 1000, encoding="utf-8")
    with pytest.raises(FileError, match="has 0 characters for the train part"):
        TextTask(path=path, spaced=True, length=1)


# activity -----------------------------------------------------------------------------------------------------------


def test_activity_is_split_by_user_and_standardised(tmp_path):
    """Channel 0 is the user and channel 1 the number of the window."""
    user, number = np.arange(120) // 12 + 1, np.arange(120)
    x = np.stack([np.tile(row[:, None], 7) for row in (user, number, number**2)], axis=2).astype(np.float16)
    activity(tmp_path / "activity.npz", x=x, y=number % 4, user=user)
    task = ActivityTask(path=tmp_path / "activity.npz")
    assert task.sizes == {"train": 84, "validation": 12, "test": 24} and (task.inputs, task.outputs) == (3, 4)
    parts = [decoded(task, part) for part in PARTS]
    train = parts[0][0].astype(np.float64)
    assert np.allclose(train.mean(axis=(0, 1)), 0, atol=1e-5) and np.allclose(train.std(axis=(0, 1)), 1, atol=1e-5)
    found, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    rank = found[:, 0, 1].argsort().argsort()  # standardising keeps the order of the numbers
    assert np.array_equal(y, rank % 4)
    users = [set(user[ranks]) for ranks in np.split(rank, [84, 96])]
    assert [len(part) for part in users] == [7, 1, 2] and len(set.union(*users)) == 10
    values = np.round(found[:, 0, 0].astype(np.float64), 4)
    assert len(set(zip(user[rank], values, strict=True))) == 10


BAD_ACTIVITY = {
    "missing": ({"user": None}, "missing: user"),
    "NaN": ({"x": np.full((120, 7, 3), np.nan, np.float16)}, "x must be finite floats"),
    "infinite": ({"x": np.full((120, 7, 3), np.inf)}, "x must be finite floats"),
    "too large": ({"x": np.full((120, 7, 3), -1e39)}, "x must be finite floats"),
    "integers": ({"x": np.ones((120, 7, 3), int)}, "x must be finite floats"),
    "matrix": (
        {"x": np.ones((120, 7))},
        r"x must be finite .*\(N, T, c\), below 1e\+30; it is float64\(120, 7\)",
    ),
    "no steps": ({"x": np.ones((120, 0, 3))}, "x must be finite floats"),
    "constant": ({"x": np.ones((120, 7, 3))}, "channel 0 of x is constant"),
    "labels": ({"y": np.arange(119) % 4}, r"y must be 120 integers, not int64\(119,\)"),
    "float labels": ({"y": np.zeros(120)}, "y must be 120 integers"),
    "users": ({"user": np.ones((120, 1), int)}, "user must be 120 integers"),
    "two users": ({"user": np.arange(120) % 2}, "at least 3 users, one per part; found 2"),
    "negative": ({"y": np.arange(120) % 4 - 1}, "y must be 0, 1"),
    "gap": ({"y": np.where(np.arange(120) % 4 > 1, 5, 0)}, "y must be 0, 1"),
    "255": ({"y": np.full(120, 255, np.uint8)}, "y must be 0, 1"),
    "objects": ({"y": np.array([None] * 120)}, "arrays of Python objects"),
}


@pytest.mark.parametrize("case", BAD_ACTIVITY)
def test_bad_activity(tmp_path, case):
    changes, message = BAD_ACTIVITY[case]
    activity(tmp_path / "activity.npz", **changes)
    with pytest.raises(FileError, match=message) as error:
        ActivityTask(path=tmp_path / "activity.npz")
    assert "activity.npz" in str(error.value)
