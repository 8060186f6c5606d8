"""The shape of the package: data flows one way, start-up is light, nothing executes its input."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import approxbounds as ab
from approxbounds.theorem import Theorem

ROOT = Path(ab.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

#: Rooms from the ground up; a module may import only from its own level or below.
LEVELS = [
    {"errors", "bisection", "files", "symbolic", "tables", "asymptotics", "workers"},
    {"validation", "arithmetic", "sources"},
    {"description", "theorem"},
    {"render", "kernel"},
    {"bound"},
    {"functions", "networks"},
    {"complexity"},
    {"transfer", "constructions"},
    {"catalogue"},
    {"extensions"},
    {"certificate", "query", "inverse", "comparison"},
    {"sweep"},
    {"__init__"},
    {"cli", "cli_list", "cli_sweep", "cli_text", "__main__", "testing"},
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

#: Methods of classes that are doors to a room above; they import when called.
DOORS = {
    ("functions", "complexity"),  # FunctionClass.packing
    ("networks", "complexity"),  # NetworkClass.pseudo_dimension
    ("bound", "certificate"),  # Bound.certificate
    ("sweep", "__init__"),  # the version of the package
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    """Rooms of approxbounds that are imported when the code runs; a name that is no room comes from ``__init__``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not read here"
            package, *parts = str(node.module).split(".")
            if package == "approxbounds":
                names = parts[:1] or [alias.name for alias in node.names]
                found |= {name if name in LEVEL else "__init__" for name in names}
        if isinstance(node, ast.Import):
            found |= {"__init__" for alias in node.names if alias.name.split(".")[0] == "approxbounds"}
    return found


def without_type_checking(tree: ast.Module) -> ast.Module:
    class Remove(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node

    return Remove().visit(tree)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path):
    room = room_of(path)
    tree = without_type_checking(ast.parse(path.read_text(encoding="utf-8")))
    for target in imports(tree):
        assert LEVEL[target] <= LEVEL[room] or (room, target) in DOORS, f"{room} imports {target}"


def test_names_of_the_package_itself_come_from_the_top():
    code = "from approxbounds import lower_bound, tables; from approxbounds.transfer.hypercube import no_growth"
    assert imports(ast.parse(code)) == {"__init__", "tables", "transfer"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imported_names_are_in_all(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "approxbounds":
            module = import_module(node.module)
            names = {alias.name for alias in node.names if not inspect.ismodule(getattr(module, alias.name))}
            assert not names - {"__version__"} - set(getattr(module, "__all__", ())), f"not in {node.module}.__all__"


def test_every_room_has_a_level():
    assert {room_of(path) for path in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_executes_its_input(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in {"eval", "exec", "sympify", "parse_expr", "__import__"}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"pickle", "marshal", "shelve", "dill"}


def test_files_are_short():
    assert {str(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 400} == set()


def test_only_the_arithmetic_and_its_users_touch_flint():
    users = {room_of(path) for path in FILES if "import flint" in path.read_text(encoding="utf-8")}
    assert users <= {"arithmetic", "functions"}


def test_start_up_is_light():
    heavy = ("matplotlib.pyplot", "scipy.stats", "sympy")
    code = f"import sys, approxbounds; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_citation_is_in_the_bibliography():
    from approxbounds.sources import bibtex, reference_keys

    for theorem in ab.THEOREMS.values():
        assert theorem.citations
        for citation in theorem.citations:
            assert citation.key in reference_keys()
            assert citation.authors and citation.title and citation.year
        assert bibtex(theorem.citations).count("@") == len({c.key for c in theorem.citations})


def test_theorem_ids_are_unique_and_documented():
    def concrete(kind: type) -> set[type]:
        below = {found for child in kind.__subclasses__() for found in concrete(child)}
        return below if inspect.isabstract(kind) else below | {kind}

    modules = {name for name in sys.modules if name.startswith("approxbounds.")}  # tests make up others
    library = {kind for kind in concrete(Theorem) if kind.__module__ in modules}
    assert {type(theorem) for theorem in ab.THEOREMS.values()} == library
    assert len(ab.THEOREMS) == len(library)  # no id hides another
    for name, theorem in ab.THEOREMS.items():
        assert theorem.id == name
        assert theorem.__doc__ and theorem.title and "$" in theorem.statement
