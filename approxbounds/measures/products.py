"""Product measures, whose coordinates are independent and without atoms. THEORY.md, section 8."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import ParameterError
from approxbounds.measures.base import Measure, Surrounding
from approxbounds.measures.laws import ExponentialLaw, GaussLaw, LaplaceLaw, Law, LogisticLaw, UniformLaw
from approxbounds.parameters import Entries, Exact, Integer, allowed
from approxbounds.validation import LARGEST, MOST_DIMENSIONS, Number

__all__ = ["Box", "Exponential", "Laplace", "Lebesgue", "Logistic", "Normal", "Product", "Uniform"]

_DIMENSION = allowed(Integer(maximum=MOST_DIMENSIONS, symbols=False))
_PLACE = Exact(minimum=-LARGEST, symbols=False)
_SCALE = allowed(Exact(symbols=False))


def _interval(law: Law) -> str:
    if law.sides is not None:
        return f"[{law.sides[0]},{law.sides[1]}]"
    return r"\mathbb{R}" if law.two_sided else rf"[{law.start},\infty)"


@dataclass(frozen=True, kw_only=True)
class _Independent(Measure):
    """What they share."""

    @property
    @abstractmethod
    def laws(self) -> tuple[Law, ...]: ...

    @property
    def dimension(self) -> int:
        return len(self.laws)

    def surrounding(self, A: Arithmetic[V], extent: Fraction) -> Surrounding[V]:
        sides = tuple(law.length(extent) for law in self.laws)
        if self.is_uniform:
            return Surrounding(sides, crowding=A.number(1))
        tails = [law.tail(A, extent) for law in self.laws]
        return Surrounding(sides, outside=sum(tails[1:], tails[0]))

    def marginal(self, axes: tuple[int, ...]) -> Measure:
        return self  # of the line

    @property
    def domain(self) -> str:
        shown = [_interval(law) for law in self.laws]
        if len(set(shown)) == 1:
            return shown[0] if self.dimension == 1 else f"{shown[0]}^{{{self.dimension}}}"
        return r"\times".join(shown) if self.dimension <= 4 else rf"{shown[0]}\times\dots\times {shown[-1]}"

    @property
    def definition(self) -> str:
        return f"$\\mu$ is {self}, of which the coordinates are independent."


@dataclass(frozen=True, kw_only=True)
class Lebesgue(_Independent):
    """Lebesgue measure on [0,1]^d: ``under(F, Lebesgue(dim=d))`` is F itself.

    >>> import approxbounds as ab
    >>> F = ab.LipschitzBall(dim=2)
    >>> ab.under(F, ab.Lebesgue(dim=2)) is F
    True
    """

    dim: int = field(metadata=_DIMENSION)

    @property
    def laws(self) -> tuple[Law, ...]:
        return (UniformLaw(0, 1),) * self.dim

    def marginal(self, axes: tuple[int, ...]) -> Measure:
        return replace(self, dim=len(axes))


@dataclass(frozen=True, kw_only=True)
class Box(_Independent):
    """The uniform law on the box of all low_j <= x_j <= high_j.

    >>> Box(low=(0, 0), high=(2, 3)).dimension
    2
    """

    low: tuple[Number, ...] = field(metadata=allowed(Entries(_PLACE, MOST_DIMENSIONS, "a corner of the box")))
    high: tuple[Number, ...] = field(metadata=allowed(Entries(_PLACE, MOST_DIMENSIONS, "the opposite corner")))

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.low) != len(self.high):
            raise ParameterError("high", self.high, f"must have as many entries as low, {len(self.low)}")
        for j, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if not low < high:
                raise ParameterError(f"high[{j}]", high, f"must be above low[{j}]={low}: the box has no volume")

    @property
    def laws(self) -> tuple[Law, ...]:
        return tuple(UniformLaw(low, high - low) for low, high in zip(self.low, self.high, strict=True))

    def marginal(self, axes: tuple[int, ...]) -> Measure:
        return Box(low=tuple(self.low[j] for j in axes), high=tuple(self.high[j] for j in axes))


@dataclass(frozen=True, kw_only=True)
class Normal(_Independent):
    """The normal law N(mean, deviation^2 I) on R^d.

    >>> Normal(dim=2)
    Normal(dim=2, mean=0, deviation=1)
    """

    dim: int = field(metadata=_DIMENSION)
    mean: Number = field(default=0, metadata=allowed(_PLACE))
    deviation: Number = field(default=1, metadata=_SCALE)

    @property
    def laws(self) -> tuple[Law, ...]:
        return (GaussLaw(self.mean, self.deviation),) * self.dim

    def marginal(self, axes: tuple[int, ...]) -> Measure:
        return replace(self, dim=len(axes))


@dataclass(frozen=True, kw_only=True)
class Uniform(_Independent):
    """The uniform law on the interval [low, high] of the line."""

    low: Number = field(default=0, metadata=allowed(_PLACE))
    high: Number = field(default=1, metadata=allowed(_PLACE))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise ParameterError("high", self.high, f"must be above low={self.low}: the interval has no length")

    @property
    def laws(self) -> tuple[Law, ...]:
        return (UniformLaw(self.low, self.high - self.low),)


@dataclass(frozen=True, kw_only=True)
class Exponential(_Independent):
    """The law of low + T with P(T > t) = exp(-rate t)."""

    rate: Number = field(default=1, metadata=_SCALE)
    low: Number = field(default=0, metadata=allowed(_PLACE))

    @property
    def laws(self) -> tuple[Law, ...]:
        return (ExponentialLaw(self.low, Fraction(1) / self.rate),)


@dataclass(frozen=True, kw_only=True)
class Laplace(_Independent):
    """The law of density exp(-|x - mean|/scale)/(2 scale)."""

    mean: Number = field(default=0, metadata=allowed(_PLACE))
    scale: Number = field(default=1, metadata=_SCALE)

    @property
    def laws(self) -> tuple[Law, ...]:
        return (LaplaceLaw(self.mean, self.scale),)


@dataclass(frozen=True, kw_only=True)
class Logistic(_Independent):
    """The law of distribution function 1/(1 + exp(-(x - mean)/scale))."""

    mean: Number = field(default=0, metadata=allowed(_PLACE))
    scale: Number = field(default=1, metadata=_SCALE)

    @property
    def laws(self) -> tuple[Law, ...]:
        return (LogisticLaw(self.mean, self.scale),)


_LINE = (Uniform(), Normal(dim=1), Exponential(), Laplace(), Logistic())


@dataclass(frozen=True, kw_only=True)
class Product(_Independent):
    """Independent coordinates: ``marginals`` are measures on the line without atoms.

    >>> Product(marginals=(Normal(dim=1), Uniform(low=0, high=2))).dimension
    2
    """

    records = ("marginals",)
    marginals: tuple[Measure, ...] = field(
        metadata=allowed(Entries(None, MOST_DIMENSIONS, "measures on the line", some=(_LINE[:1], _LINE[:2])))
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for j, one in enumerate(self.marginals):
            if not isinstance(one, Measure) or isinstance(one, Product) or one.laws is None or one.dimension != 1:
                what = "must be a measure on the line without atoms, such as Uniform, Normal(dim=1) or Exponential"
                raise ParameterError(f"marginals[{j}]", one, what)

    @property
    def laws(self) -> tuple[Law, ...]:
        return tuple(law for one in self.marginals for law in one.laws or ())

    def marginal(self, axes: tuple[int, ...]) -> Measure:
        return Product(marginals=tuple(self.marginals[j] for j in axes))
