"""Models as a device stores them: one bit per sign, p bits per quantised weight, the rest in single precision."""

import json
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import read_file, write_file
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.kinds import config_from, network_from
from hadamrnn.networks.quantize import signs

MAGIC, VERSION = b"HADAMRNN", 1
HEAD, TAIL = struct.Struct("<8sBI"), struct.Struct("<I")  # magic, version, length of the settings; CRC-32


class Size(NamedTuple):
    """Bytes of a part: of a dense network in float32, and packed."""

    dense: int
    packed: int


def sizes(config: NetworkConfig) -> dict[str, Size]:
    """The sizes of the parts (recurrent, input, embedding, output, biases, scales) and their total.

    ``dense`` is what a recurrent network of the same shape needs in float32, with n^2 recurrent weights. ``packed`` is
    what :class:`Packed` writes: n bits for the signs, p bits per entry of a matrix that is quantised to p bits (2 if
    p = 1, where they are ternary) and a step for it, all else in float32; it leaves out the settings at the head of the
    file (about 0.3 kB).

    >>> from hadamrnn.networks.hadamrnn import Config
    >>> table = sizes(Config(inputs=10, hidden=128, outputs=9, many_to_many=True))
    >>> table["recurrent"], table["total"]
    (Size(dense=65536, packed=16), Size(dense=75812, packed=1788))
    """
    check.instance("config", config, NetworkConfig, "the settings of a network")
    table: dict[str, Size] = {}
    for name, shape in config.shapes().items():
        count, part = math.prod(shape), config.parts.get(name, "biases")
        dense = config.hidden**2 if part == "recurrent" else count
        before = table.get(part, Size(0, 0))
        table[part] = Size(before.dense + 4 * dense, before.packed + -(-count * entry_bits(config, name) // 8))
    if scales := sum(config.bits_of(name) is not None for name in config.shapes()):
        table["scales"] = Size(0, 4 * scales)
    return table | {"total": Size(*map(sum, zip(*table.values(), strict=True)))}


def entry_bits(config: NetworkConfig, name: str) -> int:
    """Bits per entry of an array in the file."""
    if name in config.signs:
        return 1
    bits = config.bits_of(name)
    return 32 if bits is None else max(bits, 2)


@dataclass(frozen=True)
class Packed:
    """The numbers that inference needs, as integers where they are stored as such.

    ``arrays``: for u the signs, for the matrices with ``config.bits_of(name)`` integer codes to be multiplied
    by ``steps``, else the parameters.

    >>> import tempfile
    >>> from hadamrnn.networks.hadamrnn import HadamRNN
    >>> model = HadamRNN(inputs=3, hidden=8, outputs=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = Packed.load(Packed.of(model).save(folder + "/model.bin"))
    >>> x = np.ones((5, 4, 3))
    >>> bool((found.model().predict(x) == model.predict(x)).all())
    True
    """

    config: NetworkConfig
    arrays: Mapping[str, Array]
    steps: Mapping[str, float]

    @classmethod
    def of(cls, model: Network) -> Self:
        """Of a model of dtype float32. Raises ParameterError for another, or if a parameter is not finite."""
        check.instance("model", model, Network, "a network")
        config = model.config
        if config.dtype != "float32":
            raise ParameterError("dtype", config.dtype, "must be float32, the type of the numbers in the file")
        arrays: dict[str, Array] = {}
        steps: dict[str, float] = {}
        for name, array in model.weights().items():
            check.finite(name, array)
            if config.bits_of(name) is not None:
                arrays[name], steps[name] = config.coded(name, array)
                if float(np.float32(steps[name])) != steps[name]:
                    raise ParameterError(name, array, "is too small: the step of its codes is no float32")
            else:
                arrays[name] = signs(array).astype(np.int8) if name in config.signs else array.copy()
        return cls(config, arrays, steps)

    def model(self) -> Network:
        """A model that predicts, bit by bit, what the packed one did; its weights are of full precision (bits=None)."""
        model = network_from(self.config.packed())
        for name, array in self.arrays.items():
            model.parameters[name][...] = array * self.steps[name] if name in self.steps else array
        return model

    def save(self, path: str | Path) -> Path:
        """Write the file in one step; an old one is replaced whole or not at all.

        Raises ParameterError if :meth:`load` would refuse it, as the numbers do not fit the settings.
        """
        text = json.dumps(self.config.record(), sort_keys=True).encode()
        data = HEAD.pack(MAGIC, VERSION, len(text)) + text
        for name in self.arrays:  # in the order of config.shapes()
            if name in self.steps:
                data += np.float32(self.steps[name]).astype("<f4").tobytes()
            data += self.stored(name)
        data += TAIL.pack(zlib.crc32(data))
        try:
            self._parse(data)
        except (TypeError, ValueError) as error:
            raise ParameterError("packed", self.config, f"is not sound: {error}") from error
        return write_file(path, data)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What :meth:`save` wrote. Raises FileError if the file is missing, truncated, too long, altered, of another
        kind or of a later version."""
        try:
            data = read_file(check.path("path", path))
        except OSError as error:
            raise bad_file(path, f"cannot be read: {error}") from error
        try:
            return cls._parse(data)
        except (ParameterError, TypeError, ValueError, struct.error, RecursionError) as error:
            raise bad_file(path, f"not a sound exported model: {error}") from error

    @classmethod
    def _parse(cls, data: bytes) -> Self:
        magic, version, length = HEAD.unpack_from(data)
        if magic != MAGIC or version != VERSION:
            raise ValueError(f"it does not begin with {MAGIC!r} and version {VERSION}")
        start = HEAD.size + length
        config = config_from(json.loads(data[HEAD.size : start]))
        expected = start + sizes(config)["total"].packed + TAIL.size
        if len(data) != expected:
            raise ValueError(f"it has {len(data)} bytes; its settings need {expected}")
        if TAIL.unpack_from(data, expected - TAIL.size)[0] != zlib.crc32(data[: -TAIL.size]):
            raise ValueError("its checksum is wrong")
        if config.dtype != "float32":
            raise ValueError(f"dtype is {config.dtype}")
        arrays: dict[str, Array] = {}
        steps: dict[str, float] = {}
        for name, shape in config.shapes().items():
            count, bits = math.prod(shape), entry_bits(config, name)
            if config.bits_of(name) is not None:
                steps[name], start = float(np.frombuffer(data, "<f4", 1, start)[0]), start + 4
            size = -(-count * bits // 8)
            section, start = np.frombuffer(data, np.uint8, size, start), start + size
            array = section.view("<f4").astype(np.float32) if bits == 32 else unpack(section, bits, count)
            if name in config.signs:
                array = (1 - 2 * array).astype(np.int8)
            elif name in steps:
                array = array - (1 << bits >> 1)
            if not (np.isfinite(array).all() and 0 <= steps.get(name, 0) < math.inf):
                raise ValueError(f"{name} has entries that are not finite")
            arrays[name] = array.reshape(shape)
        return cls(config, arrays, steps)

    def stored(self, name: str) -> bytes:
        """An array as the file has it, from a whole byte on, after the step of its codes."""
        array, bits = self.arrays[name], entry_bits(self.config, name)
        if name in self.steps:
            return pack(array + (1 << bits >> 1), bits)
        return pack(array < 0, bits) if name in self.config.signs else array.astype("<f4").tobytes()


def pack(array: Array, bits: int) -> bytes:
    """Numbers from 0 to 2^bits - 1, each as so many bits, the highest first."""
    return np.packbits(array.reshape(-1, 1) >> np.arange(bits)[::-1] & 1).tobytes()


def unpack(section: Array, bits: int, count: int) -> Array:
    digits = np.unpackbits(section, count=count * bits).reshape(count, bits)
    return np.asarray(digits.astype(np.int32) @ (1 << np.arange(bits, dtype=np.int32)[::-1]))
