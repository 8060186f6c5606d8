"""Small files of every format that the tasks of hadamrnn read, and what their batches hold."""

import gzip
import struct

import numpy as np

SENTENCES = [f"word{i % 7} is {'good' if i % 2 else 'bad'} !" for i in range(60)]
LABELS = [i % 2 for i in range(60)]


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def mnist(folder, *, train=40, test=10, zipped=False):
    """IDX files in which every image is different: its first pixels hold its number, counted over both parts."""
    pixels = np.random.default_rng(0).integers(0, 256, (train + test, 3, 4))
    pixels[:, 0, 0] = np.arange(train + test)
    labels = np.arange(train + test) % 10
    for part, rows in (("train", slice(0, train)), ("t10k", slice(train, None))):
        for name, array in (("images-idx3-ubyte", pixels[rows]), ("labels-idx1-ubyte", labels[rows])):
            data = idx(array)
            path = folder / f"{part}-{name}{'.gz' if zipped else ''}"
            path.write_bytes(gzip.compress(data) if zipped else data)
    return pixels.reshape(train + test, -1), labels


def table(path, columns, rows, newline="\n"):
    text = newline.join("\t".join(map(str, row)) for row in [columns, *rows]) + newline
    path.write_bytes((gzip.compress if path.suffix == ".gz" else bytes)(text.encode()))
    return path


def reviews(path, **changes):
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 20), ("test", 6)):
        lengths = rng.integers(1, 9, count)
        arrays |= {f"x_{part}_length": lengths, f"x_{part}": rng.integers(1, 30, lengths.sum())}
        arrays |= {f"y_{part}": np.arange(count) % 2}
    arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
    np.savez(path, **arrays)
    return arrays


def activity(path, **changes):
    rng = np.random.default_rng(0)
    arrays = {
        "x": (5 + 2 * rng.standard_normal((120, 7, 3))).astype(np.float16),
        "y": np.arange(120, dtype=np.uint8) % 4,
        "user": (np.arange(120) // 12 + 1).astype(np.uint8),
    }
    arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
    np.savez(path, **arrays)
    return arrays


def joined(batches):
    """All sequences of some batches, the sequence on the first axis."""
    batches = list(batches)
    many_to_many = batches[0].y.ndim == 2 and batches[0].y.dtype.kind == "i"
    x = np.concatenate([batch.x for batch in batches], axis=1).swapaxes(0, 1)
    return x, np.concatenate([batch.y for batch in batches], axis=int(many_to_many)).T if many_to_many else (
        np.concatenate([batch.y for batch in batches])
    )
