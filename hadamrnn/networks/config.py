"""The settings that all recurrent networks share, and what follows from them: shapes, bits, the class they are in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError
from hadamrnn.files import Headers
from hadamrnn.networks.quantize import MOST_BITS, NORMAL_STEPS, SCALES, codes, quantize
from hadamrnn.networks.readout import LOSSES
from hadamrnn.networks.transform import DenseMatrix, RecurrentMatrix

if TYPE_CHECKING:
    import approxbounds as ab

#: sigma(a) = a, relu(a), or sign(a) relu(|a| + beta) with one threshold beta per unit.
ACTIVATIONS = ("linear", "relu", "modrelu")


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(check.Checked):
    """The settings that all networks have; see the classes below."""

    inputs: int = check.setting(most=10**7)
    hidden: int = check.setting(most=10**7)
    outputs: int = check.setting(most=10**7)
    bits: int | None = check.setting(None, most=MOST_BITS)
    scale: str = check.one_of(SCALES)
    activation: str = check.one_of(ACTIVATIONS)
    many_to_many: bool = False
    embedding: int | None = check.setting(None, most=10**6)
    padding: int | None = check.setting(None, least=0, most=10**7)
    pool: str | None = field(default=None, metadata={"allowed": ("mean",)})
    loss: str = check.one_of(LOSSES)
    dtype: str = check.one_of(("float32", "float64"))
    seed: int = check.setting(0, least=0, most=2**63)

    #: the name of the kind of network, in files and on the command line
    kind: ClassVar[str]
    #: the name of the array behind W
    recurrent: ClassVar[str]
    #: the settings that are bits of quantised weights
    bit_settings: ClassVar[tuple[str, ...]] = ("bits",)
    #: the part of the network that an array belongs to; all others are biases
    parts: ClassVar[Mapping[str, str]] = {"W": "recurrent", "U": "input", "E": "embedding", "V": "output"}
    #: the arrays of which the signs alone are used; one behind W is a vector, any other a matrix
    signs: ClassVar[tuple[str, ...]] = ()
    before: ClassVar[Mapping[str, Any]] = {"scale": "max", "padding": None, "pool": None}
    #: settings that are gone: what files say of them
    gone: ClassVar[Mapping[str, Any]] = {}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale == "rms" and max(getattr(self, name) or 0 for name in self.bit_settings) > len(NORMAL_STEPS):
            raise ParameterError("scale", self.scale, f"is for at most {len(NORMAL_STEPS)} bits")
        if self.padding is not None and (self.embedding is None or self.padding >= self.inputs):
            raise ParameterError("padding", self.padding, f"must be a token below {self.inputs}, with an embedding")
        if self.pool is not None and self.many_to_many:
            raise ParameterError("pool", self.pool, "must be None if many_to_many=True")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The trained arrays."""
        n, d, out = self.hidden, self.embedding or self.inputs, self.outputs
        first: dict[str, tuple[int, ...]] = {"E": (self.inputs, d)} if self.embedding else {}
        first |= {"U": (n, d), self.recurrent: (n,) if self.recurrent in self.signs else (n, n), "b": (n,)}
        if self.activation == "modrelu":
            first["beta"] = (n,)
        return first | {"V": (out, n), "c": (out,)}

    def headers(self) -> Headers:
        """What files say of them."""
        return {name: (shape, np.dtype(self.dtype)) for name, shape in self.shapes().items()}

    def bits_of(self, name: str, *, training: bool = False) -> int | None:
        """Bits per quantised entry of an array of weights, in predictions or in training; None if not quantised."""
        return self.bits if name in ("U", "V") else None

    def scaling(self, name: str) -> dict[str, Any]:
        """The scale, and perhaps the norm, with which an array is quantised; see :func:`hadamrnn.codes`."""
        return {"scale": self.scale}

    def quantised(self, name: str, array: Array, *, training: bool = False) -> Array:
        """The values of an array of weights in predictions, or in training."""
        return quantize(array, bits=self.bits_of(name, training=training), **self.scaling(name))

    def coded(self, name: str, array: Array) -> tuple[Array, float]:
        """The integers and the step behind the values of an array that is quantised."""
        return codes(array, bits=self.bits_of(name) or MOST_BITS, **self.scaling(name))

    def packed(self) -> Self:
        """The settings of a network with the same predictions whose parameters are its quantised weights."""
        none: dict[str, Any] = dict.fromkeys(self.bit_settings)
        return replace(self, **none)

    def require(self, why: str, **needed: object) -> None:
        """Raises ParameterError, which ends in the reason, unless the settings are those that are needed."""
        for name, value in needed.items():
            if (found := getattr(self, name)) != value:
                raise ParameterError(name, found, f"must be {value}{why}")

    def require_integers(self) -> None:
        """Raises ParameterError unless the recurrence is one of integers times steps."""
        for name in self.bit_settings:
            if getattr(self, name) is None:
                raise ParameterError(name, None, "must be a number for inference in integers")
        self.require(" for inference in integers", embedding=None, pool=None)

    @property
    def hadamard_order(self) -> int | None:
        """m, if W = diag(u) (I (x) H_m) / sqrt(m)."""
        return None

    def integer_matrix(self, numerators: Array, denominator: int) -> tuple[int, Array, int]:
        """Integers r, M and D with W = M sqrt(r) / D exactly, from those of the array behind W."""
        return 1, numerators, denominator

    def integer_map(self, array: Array) -> RecurrentMatrix:
        """The M of :meth:`integer_matrix`, for the integers behind W as floats: multiplied by faster."""
        return DenseMatrix(array)

    def record(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {"kind": self.kind, **self.settings()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The settings that :meth:`record` returned. Raises TypeError or ParameterError if they are not.

        Of files of before, a setting that is gone is accepted if it is null or as in ``gone``; any other is a TypeError
        that names it.
        """
        known = {"kind", *(each.name for each in fields(cls))}
        settings = {name: x for name, x in record.items() if name in known or x not in (None, cls.gone.get(name))}
        settings = {"kind": "hadamrnn", **cls.before, **settings}  # those of HadamRNN do not name the kind
        if (kind := settings.pop("kind")) != cls.kind:
            raise ParameterError("kind", kind, f"must be {cls.kind}")
        return cls(**settings)

    def as_class(self, *, steps: int) -> "ab.NetworkClass":
        """The class of approxbounds of the functions that one output can be of sequences of ``steps`` steps.

        The output is that after the last step, as a function of the T d_in numbers of a sequence; tokens are one-hot
        vectors. The class has all values of the trained parameters: any u, any codes of quantised weights, any real
        numbers elsewhere; it describes exact arithmetic, without rounding. With an embedding E, U E^T is any real
        matrix: more than the network has. Raises ParameterError for ``steps`` below 1.
        """
        import approxbounds as ab

        if self.pool is not None:
            raise ParameterError("pool", self.pool, "must be None: the class is of outputs after the last step")
        bits = self.bits if self.embedding is None else None
        shape = {"hidden": self.hidden, "inputs": self.inputs, "bits": bits, "activation": self.activation}
        name, more = self.class_of_w()
        found: ab.NetworkClass = getattr(ab, name)(steps=check.integer("steps", steps, most=10**9), **shape, **more)
        return found

    def class_of_w(self) -> tuple[str, dict[str, Any]]:
        """The name of the class in approxbounds, and what it needs besides the shape. Here W is any matrix."""
        return "RecurrentNetwork", {}
