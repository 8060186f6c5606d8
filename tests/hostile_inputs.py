"""Legal and illegal inputs that are made to take long, to fill the memory, or to be believed: data only.

``tests/test_hostile.py`` tries the quick ones here, ``tests/benchmarks/hostile.py`` each in a process of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

LARGE = 2**1000
#: Integers up to the limit of witnesses, and fractions of many digits.
WITNESS = dict.fromkeys(("pdim", "vc", "fat", "levels", "exponent", "bits", "points", "h"), LARGE)
WITNESS |= {"tau": "1/" + "9" * 390, "eta": "1/" + "7" * 390}
DISTINCT = [3000 + i for i in range(999)]


def fraction(i: int, digits: int = 399) -> str:
    """A number near 10 of so many digits above and below."""
    return f"{10**digits + 7 + i}/{10 ** (digits - 1) + 3}"


def network(kind: str, widths: list[int], dim: int = 2, **more: Any) -> dict[str, Any]:
    return {"class": kind, "widths": widths, "input_dim": dim, **more}


def union(members: list[dict[str, Any]]) -> dict[str, Any]:
    return {"class": "Union", "members": members}


def certificate(theorem: str, value: float, witness: Mapping[str, Any], **query: Any) -> dict[str, Any]:
    upper = theorem.startswith(("pdim", "vc", "fat", "cubes", "lu-", "shen", "relu-", "constant"))
    empty = dict.fromkeys(("functions", "network", "p", "eps", "gamma"))
    return {
        "format": "approxbounds-certificate-1",
        "theorem": theorem,
        **(empty | query),
        "witness": dict(witness),
        "direction": "upper" if upper else "lower",
        "value": value,
    }


def _networks() -> Iterator[tuple[str, dict[str, Any]]]:
    rich = {"degree": 1000, "pieces": 10**6}
    yield "equal layers", network("HeavisideNetwork", [4000] * 999)
    yield "distinct layers", network("HeavisideNetwork", DISTINCT)
    yield "union of equal", union([network("HeavisideNetwork", [4000] * 999)] * 100)
    shifted = [network("HeavisideNetwork", [width + j for width in DISTINCT]) for j in range(100)]
    yield "union of distinct", union(shifted)
    yield "union of layers alike", union([network("HeavisideNetwork", [3000 + j] * 999) for j in range(100)])
    yield "high degree", network("FeedForwardNetwork", [1000 - i % 7 for i in range(999)], **rich)
    varied = [network("FeedForwardNetwork", [1000 - i * j % 97 for i in range(999)], **rich) for j in range(100)]
    yield "union of high degree", union(varied)
    yield "skip", network("SkipNetwork", [500 + i for i in range(999)], degree=1000, pieces=10**6)
    yield "recurrent", {"class": "RecurrentNetwork", "hidden": 4000, "steps": 10**9, "activation": "modrelu"}
    yield "splines", {"class": "FreeKnotSplines", "knots": 10**9, "degree": 1000}
    yield "finite", {"class": "FiniteClass", "size": 2**9999}


def _functions() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    finest = 2**70 - 1
    sides = {f"k{j}": finest - j for j in range(1, 21)}
    steep = [f"{80 + i}.{3 * i + 1}" for i in range(20)]
    yield "lipschitz", {"class": "LipschitzBall", "dim": 1000}, {"family": "distance-cubes", "k": finest}
    anisotropic = {"class": "AnisotropicHolderBall", "smoothness": steep}
    yield "anisotropic", anisotropic, {"family": "anisotropic-boxes", **sides}
    many = {"class": "AnisotropicHolderBall", "smoothness": [fraction(i) for i in range(20)], "radius": fraction(0, 99)}
    yield "anisotropic of many digits", many, {"family": "anisotropic-boxes", **sides}
    yield "monotone", {"class": "MonotoneFunctions", "dim": 1000}, {"family": "cube-layers", "k": 4, "layers": 1500}
    holder = {"class": "HolderBall", "smoothness": "99.5", "dim": 1000}
    yield "smooth", holder, {"family": "bump-cubes", "k": finest}


def certificates() -> dict[str, Callable[[], dict[str, Any]]]:
    """Certificates below the size limit, by name."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}

    def add(name: str, *arguments: Any, **query: Any) -> None:
        found[name] = lambda: certificate(*arguments, **query)

    for name, G in _networks():
        add(f"pdim-growth, {name}", "pdim-growth", LARGE, WITNESS, network=G)
        add(f"vc-growth, {name}", "vc-growth", LARGE, WITNESS, network=G)
        add(f"fat-pdim, {name}", "fat-pdim", 10**15, {"fat": 10**15}, network=G, gamma="1/7")
    add("pdim-growth, small", "pdim-growth", 4500, {"pdim": 4500}, network=network("HeavisideNetwork", DISTINCT))
    norms = {"class": "NormBoundedNetwork", "norms": [fraction(i) for i in range(999)], "input_dim": 3}
    for theorem in ("fat-lipschitz", "fat-rademacher"):
        add(f"{theorem}, norms of many digits", theorem, 10**15, {"fat": 10**15}, network=norms, gamma="1/7")
    for name, F, member in _functions():
        dim = F.get("dim", 20)
        G = network("HeavisideNetwork", DISTINCT[:300], dim)
        for theorem in ("T3", "T3fat", "T2a", "T2b", "T3inf"):
            p = "inf" if theorem == "T3inf" else fraction(0)
            add(f"{theorem}, {name}", theorem, 0.1, WITNESS | member, functions=F, network=G, p=p)
        shallow = network("ReLUNetwork", DISTINCT, dim)
        sizes = {"k": LARGE, "N": LARGE, "L": LARGE, "intervals": LARGE}
        for theorem in ("cubes", "lu-shen-yang-zhang"):
            add(f"{theorem}, {name}", theorem, 0.1, sizes, functions=F, network=shallow, p=fraction(0))
    return found


#: Command lines, by name: exit status 0, 1 (refused) or 2 (bad input) within seconds, and never a traceback.
COMMANDS = {
    "list with a lost separator": ["lower", "lipschitz:dim=2", "relu:widths=" + "64x" * 27 + "64-", "-p", "2"],
    "list of separators": ["lower", "lipschitz:dim=2", "relu:widths=" + "x" * 50_000, "-p", "2"],
    "repeated repetitions": ["lower", "lipschitz:dim=2", "relu:widths=" + "x".join(["1^9999"] * 9999), "-p", "2"],
    "long number": ["lower", "lipschitz:dim=2", "relu:widths=" + "9" * 100_000, "-p", "2"],
    "union of ten thousand": ["pdim", "+".join(["relu:widths=1^999,input_dim=1"] * 4000)],
    "union of pluses": ["pdim", "relu:widths=8,input_dim=1" + "+" * 50_000],
    "union of distinct": ["pdim", "+".join(f"heaviside:widths={3000 + j}^99,input_dim=2" for j in range(100))],
    "digits of another script": ["lower", "lipschitz:dim=2", "relu:widths=8,input_dim=\u00b2", "-p", "2"],
    "name of a megabyte": ["lower", "lipschitz:dim=2", "x" * 100_000, "-p", "2"],
    "huge exponent": ["lower", "lipschitz:dim=2", "relu:widths=8", "-p", "1e999999999"],
    "quotient of many digits": ["lower", "lipschitz:dim=2", "relu:widths=8", "-p", "9" * 400 + "/" + "7" * 400],
    "deep and narrow": ["bracket", "lipschitz:dim=1", "relu:widths=2^999", "-p", "2"],
    "wide and deep": ["lower", "lipschitz:dim=2", "heaviside:widths=4000^999", "-p", "2"],
    "smoothness near 100": ["lower", "holder:smoothness=99.5,dim=3", "relu:widths=8", "-p", "2"],
    "twenty smoothnesses": [
        *("lower", "anisotropic:smoothness=" + "x".join(f"{80 + j}.37" for j in range(20)), "relu:widths=3", "-p", "2")
    ],
    "a thousand dimensions": ["bracket", "monotone:dim=1000", "relu:widths=8x8", "-p", "2"],
    "no file": ["verify", "/nonexistent/file.json"],
    "a directory": ["verify", "/"],
    "endless file": ["verify", "/dev/zero"],
    "budget of nothing": ["verify", "/dev/null", "--budget", "0"],
    "scale of many digits": ["fat", "lipschitz-functions:constant=1e99,input_dim=1000", "--gamma", "1e-99"],
    "tiny separation": ["packing", "lipschitz:dim=1000", "--eps", "1e-99", "-p", "inf"],
    "tiny error": ["weights", "monotone:dim=2", "--error", "1e-99", "--depth", "1000", "-p", "2"],
}

#: Texts of files that are given to ``verify``, by name.
FILES = {
    "empty": b"",
    "binary": bytes(range(256)) * 4000,
    "deep list": b"[" * 10**6,
    "deep objects": b'{"a":' * 150_000,
    "endless number": b"1" * 999_000,
    "long exponent": b'{"value": 1e' + b"9" * 900_000 + b"}",
    "too long": b" " * 1_100_000,
    "many keys": b"{" + b",".join(b'"%d": 1' % i for i in range(60_000)) + b"}",
    "one key again and again": b"{" + b",".join([b'"a": 1'] * 100_000) + b"}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"value": NaN}',
    "nothing but zeros": b"\0" * 10**6,
}
