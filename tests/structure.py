"""Who imports whom in a package, read from its source: tools for tests of its shape. Nothing is imported or run.

Every import counts: at the top level, under ``TYPE_CHECKING``, inside functions, relative, with ``as``, and by
``import_module("name")``. ``from a import b`` imports the module ``a.b`` if there is one, and ``a`` if the name is
defined in ``a``. That Python also runs the ``__init__`` of the folders above a module counts as no import.

A *room* is a folder or a module, named as seen from the package: ``"functions"``, ``"theorem"``, ``"cli.text"``; the
longest name counts, and ``"__init__"`` is the package itself. *Floors* are lists of rooms, the ground first. A test of
a package reads::

    FLOORS = [["errors", "tables"], ["facts"], ["theorem"], ["functions", "networks"], ["__init__"], ["cli"]]

    def test_nothing_imports_upwards():
        assert violations(ROOT, FLOORS) == []

    def test_no_circles():
        assert circles(ROOT) == []

    def test_only_slow_packages_are_imported_late():
        assert deferred(ROOT, allowed=("sympy", "matplotlib", "scipy")) == []

    def test_types_are_imported_like_everything_else():
        assert type_only(ROOT) == []
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Import", "Kind", "circles", "deferred", "imports", "modules", "type_only", "violations"]


class Kind(Enum):
    """Where an import stands."""

    TOP = "at the top level"
    TYPES = "under TYPE_CHECKING"
    INSIDE = "inside a function"


@dataclass(frozen=True)
class Import:
    """One module imports another; ``target`` is the full name of a module if its package was read, else as written."""

    importer: str
    target: str
    kind: Kind
    line: int

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}: imports {self.target} {self.kind.value}"


def modules(root: Path) -> Mapping[str, ast.Module]:
    """Full names of all modules of the package in the folder ``root``, and what they hold."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imports(root: Path, *others: Path) -> list[Import]:
    """All imports in the package ``root``, those of other packages too; names in ``others`` are resolved to modules."""
    own = modules(root)
    trees = {**own, **{name: tree for other in others for name, tree in modules(other).items()}}
    found: dict[Import, None] = {}  # in order, each once
    for importer, tree in own.items():
        is_package = (root.parent / Path(*importer.split("."))).is_dir()
        inside_of = importer if is_package else importer.rpartition(".")[0]
        for node, kind in _imports_below(tree, Kind.TOP):
            for target in _targets(node, inside_of, trees):
                found[Import(importer, target, kind, node.lineno)] = None
    return list(found)


def violations(root: Path, floors: Sequence[Collection[str]]) -> list[str]:
    """Imports of a room on a higher floor, modules without a room, and rooms that do not exist or have two floors."""
    names = modules(root)
    rooms = [room for floor in floors for room in floor]
    floor_of = {room: i for i, floor in enumerate(floors) for room in floor}
    homes = {name: _room_of(name, root.name, floor_of) for name in names}
    found = [f"{room}: is on more than one floor" for room in floor_of if rooms.count(room) > 1]
    found += [f"{room}: there is no such room" for room in floor_of if room not in homes.values()]
    found += [f"{name}: has no floor" for name, home in homes.items() if home is None]
    for each in imports(root):
        below, above = homes[each.importer], homes.get(each.target)
        if below is not None and above is not None and floor_of[above] > floor_of[below]:
            found.append(f"{each}, from floor {floor_of[below]} up to floor {floor_of[above]}")
    return found


def circles(root: Path, rooms: Iterable[str] | None = None) -> list[list[str]]:
    """Modules that import each other, directly or on a way round: each largest set of such modules, sorted.

    With ``rooms``, circles of rooms: there may be one without a circle of modules.
    """

    def node(name: str) -> str:
        return name if rooms is None else _room_of(name, root.name, chosen) or name

    chosen = [] if rooms is None else list(rooms)
    names = modules(root)
    nodes = sorted({node(name) for name in names})
    number = {name: i for i, name in enumerate(nodes)}
    arrows = {(node(each.importer), node(each.target)) for each in imports(root) if each.target in names}
    if rooms is not None:
        arrows = {(tail, head) for tail, head in arrows if tail != head}  # a room may use itself
    if not arrows:
        return []
    tails, heads = zip(*((number[tail], number[head]) for tail, head in arrows), strict=True)
    graph = coo_array(([1] * len(arrows), (tails, heads)), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=True, connection="strong")
    groups: dict[int, list[str]] = {}
    for name, label in zip(nodes, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    return sorted(group for group in groups.values() if len(group) > 1 or (group[0], group[0]) in arrows)


def deferred(root: Path, allowed: Iterable[str] = ("sympy", "matplotlib", "scipy")) -> list[str]:
    """Imports inside functions, except of the packages or modules ``allowed`` and of what is below them."""
    late = [each for each in imports(root) if each.kind is Kind.INSIDE]
    return [str(each) for each in late if not any(f"{each.target}.".startswith(f"{name}.") for name in allowed)]


def type_only(root: Path) -> list[str]:
    """Imports under ``TYPE_CHECKING``."""
    return [str(each) for each in imports(root) if each.kind is Kind.TYPES]


def _room_of(name: str, package: str, rooms: Iterable[str]) -> str | None:
    """The room with the longest name that holds the module."""
    own = "__init__" if name == package else name.removeprefix(f"{package}.")
    return max((room for room in rooms if f"{own}.".startswith(f"{room}.")), key=len, default=None)


def _imports_below(node: ast.AST, kind: Kind) -> Iterator[tuple[ast.Import | ast.ImportFrom | ast.Call, Kind]]:
    """Import statements and calls of ``import_module`` below a node that stands where ``kind`` says."""
    for name, value in ast.iter_fields(node):
        inner = kind
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and name == "body":
            inner = Kind.TYPES if kind is Kind.TYPES else Kind.INSIDE
        if isinstance(node, ast.If) and name == _branch_for_types(node.test):
            inner = Kind.TYPES
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, (ast.Import, ast.ImportFrom)) or _names_module(child):
                yield child, inner
            if isinstance(child, ast.AST):
                yield from _imports_below(child, inner)


def _branch_for_types(test: ast.expr) -> str | None:
    """The branch of an ``if`` that only type checkers read."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return {"body": "orelse", "orelse": "body", None: None}[_branch_for_types(test.operand)]
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(test)}
    return "body" if "TYPE_CHECKING" in names else None


def _names_module(node: object) -> bool:
    """Whether a node is ``import_module("a.b")`` or ``__import__("a.b")``, by whatever way the function is named."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return False
    function = getattr(node.func, "id", getattr(node.func, "attr", None))
    return function in {"import_module", "__import__"} and isinstance(node.args[0].value, str)


def _targets(node: ast.AST, inside_of: str, trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """The modules that one import names, for a module in the folder ``inside_of``."""
    if isinstance(node, ast.Call):
        written = ast.literal_eval(node.args[0])
        name = written.lstrip(".")
        yield _absolute(name, len(written) - len(name), inside_of)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        source = _absolute(node.module or "", node.level, inside_of)
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            if inner in trees:
                yield inner
            if inner not in trees or alias.name in _defined(source, trees):
                yield source


def _absolute(name: str, level: int, inside_of: str) -> str:
    """The full name of what is written with ``level`` dots before it."""
    if level == 0:
        return name
    parts = inside_of.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def _defined(package: str, trees: Mapping[str, ast.Module]) -> set[str]:
    """Names that a package binds at its top level to something else than its own modules."""
    found: set[str] = set()
    for node in trees[package].body if package in trees else []:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node.module or "", node.level, package)
            bound = {alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names}
            found |= {name for name, origin in bound.items() if origin != f"{package}.{name}"}
    return found
