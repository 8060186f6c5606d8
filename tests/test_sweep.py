"""Sweeps: the answers of single queries, whatever the workers, the interruptions and the state of the store."""

import csv
import importlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import sympy
from dask_cluster import SECONDS, dask_cluster, wait_until
from hypothesis import given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds import workers
from approxbounds.cli import main
from approxbounds.errors import ApproxBoundsError
from approxbounds.facts.growth import Thresholds

module = importlib.import_module("approxbounds.sweep")  # the package's attribute of this name is the function

CLASSES = [ab.LipschitzBall(dim=1), ab.HolderBall(smoothness="3/2", dim=2), ab.BarronBall(dim=2)]
NETWORKS = [
    ab.ReLUNetwork(widths=(8, 8), input_dim=1),
    ab.HeavisideNetwork(widths=(5, 30), input_dim=2),
    ab.LinearSpace(dimension=5),  # of any dimension
]
EXPONENTS = [1, "5/2", "inf"]
ROWS = 6 * len(EXPONENTS)  # six pairs have one dimension

SLOW = ab.MonotoneFunctions(dim=3)  # some 15 ms each
MANY = [ab.ReLUNetwork(widths=(width, width), input_dim=3) for width in range(10, 130)]
SLOW_COMMAND = ["monotone:dim=3", *(f"relu:widths={network.widths[0]}^2" for network in MANY), "-p", "2"]


def answers(**options):
    return ab.sweep(CLASSES, NETWORKS, EXPONENTS, quantity="bracket", progress=False, **options)


@pytest.fixture(scope="module")
def expected():
    return answers()


@pytest.fixture(scope="module")
def slow():
    return ab.sweep(SLOW, MANY, 2, progress=False)


@pytest.fixture
def computed(monkeypatch):
    """The questions that this process answers."""
    found, answer = [], module._Question.answer

    def counted(question):
        found.append(question)
        return answer(question)

    monkeypatch.setattr(module._Question, "answer", counted)
    return found


def exactly(sweep):
    return json.dumps(sweep.records)


# ------------------------------------------------------------------------------------------------------- records


def test_records_are_the_answers_of_single_queries(expected):
    assert len(expected) == 2 * ROWS
    record = iter(expected)
    for F in CLASSES:
        for G in NETWORKS:
            for p in EXPONENTS if G.domain_dim in {None, F.domain_dim} else ():
                for quantity, query in (("lower", ab.lower_bound), ("upper", ab.upper_bound)):
                    found = next(record)
                    assert tuple(found) == module.COLUMNS
                    assert (found["functions"], found["network"], found["p"]) == (str(F), str(G), p)
                    assert found["quantity"] == quantity
                    try:
                        bound = query(F, G, p=p)
                    except ab.NotApplicableError as error:
                        assert (found["status"], found["reason"]) == ("refused", str(error))
                        assert found["value"] is found["theorem"] is found["certificate"] is None
                        continue
                    assert (found["value"], found["theorem"]) == (bound.number, bound.theorem.id)
                    assert (found["status"], found["rate"]) == (bound.status.value, str(bound.rate))
                    assert found["sources"] == list(dict.fromkeys(source.key for source in bound.sources))
                    assert found["reason"] is None and found["foreign"] == []
                    if bound.number is not None:
                        assert found["certificate"] == bound.certificate.to_dict() and ab.verify(found["certificate"])
    assert {found["status"] for found in expected} == {"certified", "rate", "refused"}
    assert json.loads(exactly(expected)) == list(expected)  # nothing but plain data


def test_sizes_of_networks():
    sizes = [(r["weights"], r["depth"]) for r in ab.sweep(CLASSES[0], NETWORKS[::2], 2, progress=False)]
    totals = NETWORKS[0].counted_sizes
    assert sizes == [(totals.weights, totals.depth), (None, None)]


def test_symbols_have_rates():
    s, d, W, L = sympy.symbols("s d W L", positive=True)
    F, G = ab.HolderBall(smoothness=s, dim=d), ab.NetworkSize(weights=W, depth=L)
    (record,) = ab.sweep(F, G, 2, progress=False)
    assert (record["value"], record["status"], record["certificate"]) == (None, "symbolic", None)
    assert (record["rate"], record["weights"]) == ("(L*W*log(W))**(-s/d)", "W")


def test_a_question_that_is_asked_twice_has_one_row(computed):
    found = ab.sweep([CLASSES[0]] * 3, [NETWORKS[0], replace(NETWORKS[0])], [2, "2", "4/2"], progress=False)
    assert len(found) == len(computed) == 1


def test_theorems_from_outside_count(tmp_path, computed):
    """Workers know what was registered here, and what is registered is part of the question."""

    class Trivial(ab.Theorem):
        """$E_p(F, G) \\ge 0$."""

        id, title, statement = "trivial", "Errors are not negative", "$E_p(F, G)\\ge0$."
        citations = (ab.Citation("Siegel2023"),)

        def refusal(self, query):
            return None

    ab.sweep(CLASSES[0], NETWORKS[0], 2, progress=False, directory=tmp_path)
    with ab.extensions(Trivial):
        ab.sweep(CLASSES[0], NETWORKS[0], 2, progress=False, directory=tmp_path)
        assert [question.theorems[-1].id == "trivial" for question in computed] == [False, True]
    ab.sweep(CLASSES[0], NETWORKS[0], 2, progress=False, directory=tmp_path)
    assert len(computed) == 2


# -------------------------------------------------------------------------------------------------------- tables


def test_tables_round_to_the_safe_side(expected):
    text = str(expected).splitlines()
    assert text[0].split() == list(module._SHOWN)
    assert len(text) == 2 + 2 * ROWS + 1
    shown = {"lower": 0, "upper": 0}
    for record, line in zip(expected, text[2:], strict=False):
        if record["value"] is not None:
            value = float(line.split(f"  {record['quantity']}  ")[1].split()[0])
            assert value <= record["value"] if record["quantity"] == "lower" else value >= record["value"]
            assert value == pytest.approx(record["value"], rel=1e-4)
            shown[record["quantity"]] += 1
    assert min(shown.values()) >= 6
    refused = sum(record["status"] == "refused" for record in expected)
    assert text[-1] == f"{refused} refused: each record (CSV, JSON) has the reason"


def test_csv_is_exact(expected):
    rows = list(csv.DictReader(io.StringIO(expected.to_csv())))
    for row, record in zip(rows, expected, strict=True):
        assert row["value"] == ("" if record["value"] is None else repr(record["value"]))
        assert row["sources"].split(";") == (record["sources"] or [""])
        assert row["reason"] == (record["reason"] or "") and row["p"] == str(record["p"])


def test_markdown_latex_and_html(expected):
    assert expected.to_markdown().count("\n") == 2 + 2 * ROWS
    assert (
        "| `LipschitzBall(dim=1, radius=1)` | `ReLUNetwork(widths=(8, 8), input_dim=1, bias=True)` | 1 | lower |"
        in (expected.to_markdown())
    )
    assert expected.to_latex().count(r"\\") == 1 + 2 * ROWS and r"input\_dim" in expected.to_latex()
    assert expected._repr_html_().count("<tr>") == 1 + 2 * ROWS


def test_to_frame(expected, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda data, columns: (data, columns)))
    assert expected.to_frame() == (list(expected.records), list(module.COLUMNS))
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ab.MissingPackageError, match="pip install pandas"):
        expected.to_frame()


# --------------------------------------------------------------------------------------------- workers and the store


@pytest.mark.parametrize("count", [1, 2, "3"])
def test_the_same_for_any_number_of_workers(expected, count, tmp_path):
    assert exactly(answers(workers=count, directory=tmp_path / "store")) == exactly(expected)
    assert len(list((tmp_path / "store").iterdir())) == 2 * ROWS


def test_threads_compute_the_same(expected):
    from joblib import parallel_config

    with parallel_config(backend="threading", n_jobs=4):
        assert exactly(answers()) == exactly(expected)


def test_a_killed_worker_is_a_named_error(tmp_path, slow):
    from joblib.externals.loky import reusable_executor

    def kill():
        wait_until(lambda: len(list(tmp_path.iterdir())) > 8, "answers")
        os.kill(next(iter(reusable_executor._executor._processes)), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ApproxBoundsError, match="a worker process was killed"):
        ab.sweep(SLOW, MANY, 2, workers=2, directory=tmp_path, progress=False)
    killer.join()
    assert exactly(ab.sweep(SLOW, MANY, 2, workers=2, directory=tmp_path, progress=False)) == exactly(slow)


def test_nothing_is_computed_twice(tmp_path, expected, computed):
    lower = ab.sweep(CLASSES, NETWORKS, EXPONENTS, directory=tmp_path, progress=False)
    assert len(computed) == ROWS and lower.records == expected.records[::2]
    assert exactly(answers(directory=tmp_path)) == exactly(expected)  # a bracket shares the lower bounds
    assert len(computed) == 2 * ROWS
    assert exactly(answers(directory=str(tmp_path), workers=2)) == exactly(expected)
    assert len(computed) == 2 * ROWS


def test_answers_of_another_version_are_not_taken(tmp_path, computed, monkeypatch):
    for version, count in (("0.1", 1), ("0.2", 2), ("0.1", 2)):
        monkeypatch.setattr(module, "__version__", version)
        ab.sweep(CLASSES[0], NETWORKS[0], 2, directory=tmp_path, progress=False)
        assert len(computed) == count


def test_a_class_of_the_same_name_from_outside_is_another_question(tmp_path):
    """An answer that takes foreign code at its word is never given for the library's own class."""

    class LinearSpace(ab.LinearSpace):
        "Its number of patterns is what its author says."

        def growth(self, thresholds=Thresholds.ANY):
            return ab.LinearSpace(dimension=1).growth(thresholds)

    (own,) = module._grid(CLASSES[0], NETWORKS[2], 2, module.QUANTITIES["lower"])
    (other,) = module._grid(CLASSES[0], LinearSpace(dimension=5), 2, module.QUANTITIES["lower"])
    record = dict.fromkeys(module.COLUMNS)
    store = module._Store(tmp_path)
    store.write(other, record)
    assert store.read(other) == record and store.read(own) is None


def test_workers_of_another_version_are_refused(monkeypatch):
    (question,) = module._grid(CLASSES[0], NETWORKS[0], 2, module.QUANTITIES["lower"])
    monkeypatch.setattr(module, "__version__", "0.0")
    with pytest.raises(ApproxBoundsError, match=r"a worker has version 0\.0 of approxbounds, this process 0\.1"):
        question.answer()


def _with_another_digit(data):
    """Sound JSON in which a digit of the record has become another one."""
    start = data.index(b'"record"')
    i = next(i for i in range(start, len(data)) if data[i : i + 1].isdigit() and data[i : i + 1] != b"9")
    return data[:i] + b"9" + data[i + 1 :]


def _forge(path, change):
    """Change the record and its digest, as somebody would who wants to be believed."""
    data = json.loads(path.read_text())
    if data["record"]["value"] is not None:
        change(data["record"])
    data["digest"] = module._digest(data["record"])
    path.write_text(json.dumps(data) + "\n")


DAMAGE = {
    "gone": lambda path, others: path.unlink(),
    "empty": lambda path, others: path.write_bytes(b""),
    "torn": lambda path, others: path.write_bytes(path.read_bytes()[:-20]),
    "garbled": lambda path, others: path.write_bytes(b"\xff" + path.read_bytes()[1:]),
    "another": lambda path, others: shutil.copy(others[0] if others[0] != path else others[1], path),
    "foreign": lambda path, others: path.write_text('{"record": 1}'),
    "list": lambda path, others: path.write_text("[]"),
    "deep": lambda path, others: path.write_text("[" * 10**5),
    "old": lambda path, others: path.write_text(path.read_text().replace("sweep-1", "sweep-0")),
    "a digit": lambda path, others: path.write_bytes(_with_another_digit(path.read_bytes())),
    "a pipe": lambda path, others: (path.unlink(), os.mkfifo(path)),
    "a forged value": lambda path, others: _forge(path, lambda record: record.update(value=0.9)),
    "a forged certificate": lambda path, others: _forge(path, lambda record: record["certificate"].update(p="9/4")),
    "a number without": lambda path, others: _forge(path, lambda record: record.update(certificate=None)),
    "incomplete": lambda path, others: path.write_text(path.read_text().replace('"rate"', '"speed"')),
}


@settings(max_examples=25)
@given(damage=st.dictionaries(st.integers(0, 2 * ROWS - 1), st.sampled_from(sorted(DAMAGE))))
def test_damaged_answers_are_computed_again(damage, expected, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    answers(directory=store)
    files = sorted(store.iterdir())
    content = [path.read_bytes() for path in files]
    for i, kind in damage.items():
        DAMAGE[kind](files[i], files)
    (store / "notes.txt").write_text("not ours")
    assert exactly(answers(directory=store)) == exactly(expected)
    assert [path.read_bytes() for path in files] == content
    assert (store / "notes.txt").read_text() == "not ours"


def test_certificates_of_stored_answers_are_verified_where_that_is_asked(tmp_path):
    ask = partial(ab.sweep, CLASSES[0], NETWORKS[0], 2, directory=tmp_path, progress=False)
    expected = ask()
    (path,) = tmp_path.iterdir()

    def higher(record):
        record["value"] = record["certificate"]["value"] = 0.9

    _forge(path, higher)
    assert ask().records[0]["value"] == 0.9  # consistent: only the kernel can tell
    assert exactly(ask(verify=True)) == exactly(expected) == exactly(ask())
    with pytest.raises(ab.ParameterError, match="verify=1"):
        ask(verify=1)


def test_a_directory_with_the_name_of_an_answer_is_left_alone(tmp_path):
    ask = partial(ab.sweep, CLASSES[0], [NETWORKS[0], NETWORKS[2]], 2, directory=tmp_path, progress=False)
    expected = ask()
    path = min(tmp_path.iterdir())
    path.unlink()
    path.mkdir()
    leftover = tmp_path / f".{path.name}.abcdefgh.tmp"
    leftover.write_bytes(b"{")
    os.utime(leftover, (0, 0))
    assert exactly(ask()) == exactly(expected)
    assert path.is_dir() and not leftover.exists()


# ------------------------------------------------------------------------------------------------- interruptions


def start(store, *options):
    command = [sys.executable, "-m", "approxbounds", "sweep", *SLOW_COMMAND, "--directory", str(store), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


@pytest.mark.parametrize("count", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sweep_goes_on(how, count, tmp_path, slow, computed):
    """Ctrl-C and kill -9 in the middle: what was stored is sound and is not computed again."""
    with start(tmp_path, "--workers", count) as process:
        wait_until(lambda: len(list(tmp_path.glob("[!.]*.json"))) >= 8, "answers")
        os.killpg(process.pid, how)  # its workers too, as a terminal does
        out, message = process.communicate(timeout=SECONDS)
    kept = len(list(tmp_path.glob("[!.]*.json")))
    assert 8 <= kept < len(MANY) and out == ""
    if how is signal.SIGINT:
        assert process.returncode == 1
        assert message == (
            f"approxbounds: stopped after {kept} of {len(MANY)} bounds; run again with directory {tmp_path} to go on\n"
        )
    assert exactly(ab.sweep(SLOW, MANY, 2, directory=tmp_path, progress=False)) == exactly(slow)
    assert len(computed) == len(MANY) - kept


def test_without_a_directory_ctrl_c_says_how_far_it_came(monkeypatch):
    def interrupted(question):
        raise KeyboardInterrupt

    monkeypatch.setattr(module._Question, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped after 0 of 36 bounds$"):
        answers()


def test_the_bar_goes_to_standard_error(tmp_path, capsys):
    answers(directory=tmp_path)
    assert capsys.readouterr() == ("", "")
    ab.sweep(CLASSES, NETWORKS, EXPONENTS, quantity="bracket", directory=tmp_path)
    out, err = capsys.readouterr()
    assert out == "" and "36/36" in err


# -------------------------------------------------------------------------------------------------------- cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("dask.distributed")
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def test_on_a_cluster_that_loses_a_worker(cluster, tmp_path, slow, expected, capsys):
    """In joblib's block and on the command line; then one of the two workers is killed half-way."""
    from dask.distributed import Client
    from joblib import parallel_config

    with Client(cluster.address, timeout=SECONDS), parallel_config(backend="dask"):
        assert exactly(answers()) == exactly(expected)
        store = tmp_path / "store"
        killed = []

        def kill():
            wait_until(lambda: store.exists() and len(list(store.iterdir())) >= 8, "answers")
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait(SECONDS)
            killed.append(len(list(store.iterdir())))

        killer = threading.Thread(target=kill)
        killer.start()
        found = ab.sweep(SLOW, MANY, 2, directory=store, progress=False)
        killer.join()
    assert exactly(found) == exactly(slow)
    assert killed[0] < len(MANY) and cluster.workers[0].returncode == -signal.SIGKILL
    command = ["sweep", *SLOW_COMMAND[:9], "-p", "2", "--dask", cluster.address, "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == list(slow.records[:8])


def test_a_cluster_without_the_packages_is_a_named_error(cluster, tmp_path, monkeypatch):
    """joblib itself would wait for ever."""
    (tmp_path / "only_here.py").write_text(
        "import approxbounds as ab\nclass Mine(ab.LipschitzBall):\n    'A class of which the cluster knows nothing.'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("only_here").Mine(dim=1)
    with (
        pytest.raises(ApproxBoundsError, match=r"needs the same packages .* 'only_here'"),
        workers.on_cluster(cluster.address),
    ):
        ab.sweep(mine, NETWORKS[0], 2, progress=False)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://127.0.0.1:x"])
def test_no_scheduler_is_bad_input(address, capsys, monkeypatch):
    pytest.importorskip("dask.distributed")
    monkeypatch.setattr(workers, "_PATIENCE", 0.5)
    assert main(["sweep", "lipschitz:dim=1", "relu:widths=8", "-p", "2", "--dask", address]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"approxbounds: dask='{address}': must be the address of a Dask scheduler")


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://127.0.0.1", "http://127.0.0.1:1", "tcp://127.0.0.1:x"])
def test_no_client_is_made_for_what_is_no_address(address, monkeypatch):
    """Dask would complain for 20 s of it when the process ends."""
    distributed = pytest.importorskip("dask.distributed")
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(ab.ParameterError, match=f"dask='{address}'"), workers.on_cluster(address):
        raise AssertionError("not reached")


def test_dask_is_optional(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert main(["sweep", "lipschitz:dim=1", "relu:widths=8", "-p", "2", "--dask", "tcp://127.0.0.1:1"]) == 2
    assert "needs Dask: pip install 'approxbounds[dask]'" in capsys.readouterr().err
