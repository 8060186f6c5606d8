"""The shape of hadamrnn: it stands alone, starts quickly, and nothing executes its input."""

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from structure import circles, deferred, type_only, violations

import hadamrnn as hr
from hadamrnn.errors import bad_file

ROOT = Path(hr.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
#: The room that holds networks against bounds, the modules that share how approxbounds works and writes files, and
#: those that tell its version; no other may import approxbounds when it runs, but for the functions ``as_class``.
WITH_BOUNDS = ("expressivity", "training/sweep.py", "work.py", "files.py", "cli/main.py")

#: Rooms from the ground up: a module imports from its own floor or from below, also for types and inside functions.
FLOORS = [
    ["errors"],
    ["validation"],
    ["files"],
    ["arrays", "optim", "work"],
    ["networks"],
    ["tasks"],
    ["deployed"],
    ["training"],
    ["expressivity"],
    ["__init__"],
    ["cli"],
    ["__main__"],
]


def test_nothing_imports_upwards():
    assert violations(ROOT, FLOORS) == []


def test_no_circles():
    assert circles(ROOT) == [] == circles(ROOT, [room for floor in FLOORS for room in floor])


def test_only_slow_packages_are_imported_late():
    slow = ("approxbounds", "scipy", "sklearn", "threadpoolctl", "tqdm")
    own = ("hadamrnn.expressivity", "hadamrnn.training")  # which is about approxbounds; estimators of scikit-learn
    assert deferred(ROOT, allowed=(*slow, *own)) == []


def test_only_what_as_class_gives_is_imported_for_types():
    others = [found for found in type_only(ROOT) if "imports approxbounds " not in found]  # what as_class gives
    assert others == [] and all(found.startswith("hadamrnn.networks.") for found in type_only(ROOT))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short_stand_alone_and_execute_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    tree = ast.parse(text)
    blocks = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    for_types = [node for block in blocks for node in block.body]
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "as_class")
    in_classes = [node for function in functions for node in function.body]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in {"eval", "exec", "__import__"}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            roots = {name.split(".")[0] for name in names}
            assert not roots & {"pickle", "marshal", "shelve", "dill"}
            if "approxbounds" in roots and node not in for_types + in_classes:
                assert str(path.relative_to(ROOT)).startswith(WITH_BOUNDS)


def test_start_up_is_light():
    heavy = ("scipy", "sympy", "matplotlib", "sklearn", "torch", "flint", "approxbounds")
    code = f"import sys, hadamrnn; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"


def test_errors_keep_their_parts_between_processes():
    error = pickle.loads(pickle.dumps(hr.FileError("path", "x.npz", "must exist")))
    assert isinstance(error, hr.FileError) and isinstance(error, ValueError)
    assert (error.name, error.value, error.allowed) == ("path", "x.npz", "must exist")
    assert str(error) == "path='x.npz': must exist"


def test_long_values_are_shortened():
    assert len(str(hr.ParameterError("n", "x" * 1000, "must be short"))) < 120
    assert str(bad_file("/long" * 30 + "/x.npz", "must exist")).endswith("/x.npz': must exist")
    assert "a int" in str(hr.ParameterError("n", 10**5000, "must be short"))
