"""The command line: results on standard output, messages on standard error, exit status 0, 1 or 2."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import approxbounds as ab
from approxbounds.cli import main
from approxbounds.cli.help import COMMANDS, EXAMPLES
from approxbounds.cli.text import parse_functions, parse_network
from approxbounds.registry import LOWER_THEOREMS, THEOREMS

LOWER = ["lower", "lipschitz:dim=2", "relu:widths=10", "-p", "2"]


def run(capsys, *arguments):
    try:
        status = main(list(map(str, arguments)))
    except SystemExit as stop:  # argparse
        status = stop.code
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def run_json(capsys, *arguments):
    status, out, err = run(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_ctrl_c_is_a_message(capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(ab, "lower_bound", interrupted)
    assert run(capsys, *LOWER) == (1, "", "approxbounds: interrupted\n")


def test_lower_is_the_library(capsys):
    data = run_json(capsys, *LOWER)
    bound = ab.lower_bound(ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2), p=2)
    assert data["value"] == bound.value
    assert (
        data["theorem"] == bound.theorem.id == "Tosc" and data["status"] == "certified" and data["direction"] == "lower"
    )
    assert data["rate"] == str(bound.rate) and data["expression"] == str(bound.expression)
    assert {other["theorem"] for other in data["others"]} == {t.id for t in LOWER_THEOREMS} - {"Tosc"}
    assert ab.verify(data["certificate"])


def test_text_never_shows_more_than_is_certified(capsys):
    status, out, err = run(capsys, *LOWER)
    assert (status, err) == (0, "")
    shown = float(out.split(">=")[1].split()[0])
    value = run_json(capsys, *LOWER)["value"]
    assert value * (1 - 1e-7) < shown <= value
    upper = ["upper", "lipschitz:dim=2", "heaviside:widths=20x50", "-p", "2"]
    shown = float(run(capsys, *upper)[1].split("<=")[1].split()[0])
    value = run_json(capsys, *upper)["value"]
    assert value <= shown < value * (1 + 1e-7)


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        ("holder:smoothness=3/2,dim=2,radius=0.1", ab.HolderBall(smoothness="3/2", dim=2, radius="1/10")),
        ("lipschitz:dim=3", ab.LipschitzBall(dim=3)),
        ("monotone:dim=1", ab.MonotoneFunctions(dim=1)),
        ("entropy:exponent=1,norm=inf", ab.EntropyClass(exponent=1, norm="inf")),
    ],
)
def test_function_classes(functions, expected):
    assert parse_functions(functions) == expected


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("relu:widths=8x4,input_dim=2", ab.ReLUNetwork(widths=(8, 4), input_dim=2)),
        (
            "heaviside:widths=50^3,input_dim=2,bias=false",
            ab.HeavisideNetwork(widths=(50,) * 3, input_dim=2, bias=False),
        ),
        ("relu-power:widths=5,input_dim=1,power=3", ab.ReLUPowerNetwork(widths=(5,), input_dim=1, power=3)),
        (
            "feedforward:widths=5,input_dim=1,degree=0,pieces=4,continuous=false",
            ab.FeedForwardNetwork(widths=(5,), input_dim=1, degree=0, pieces=4),
        ),
        ("size:weights=1000,depth=4", ab.NetworkSize(weights=1000, depth=4)),
        ("linear:dimension=7", ab.LinearSpace(dimension=7)),
        ("finite:bits=64", ab.FiniteClass(bits=64)),
        ("relu:widths=8,input_dim=2,bits=4", ab.ReLUNetwork(widths=(8,), input_dim=2, bits=4)),
        (
            "skip:widths=3x2,input_dim=1,layer_weights=6x8x6",
            ab.SkipNetwork(widths=(3, 2), input_dim=1, layer_weights=(6, 8, 6)),
        ),
        ("free-knot-splines:knots=5,degree=2,smooth=true", ab.FreeKnotSplines(knots=5, degree=2, smooth=True)),
        ("norm-bounded:norms=1x3/2,input_dim=2", ab.NormBoundedNetwork(norms=(1, "3/2"), input_dim=2)),
        (
            "relu:widths=8,input_dim=2+relu-power:widths=4^2,input_dim=2+linear:dimension=5",
            ab.Union(
                members=(
                    ab.ReLUNetwork(widths=(8,), input_dim=2),
                    ab.ReLUPowerNetwork(widths=(4, 4), input_dim=2),
                    ab.LinearSpace(dimension=5),
                )
            ),
        ),
    ],
)
def test_network_classes(network, expected):
    assert parse_network(network) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x".join(["64"] * 28) + "-", "values joined by x"),  # no time that doubles with each layer
        ("x".join(["64"] * 100_000) + "-", "values joined by x"),
        ("1^9999x" * 1000 + "1", "at most 10000 entries"),  # refused before the list is written out
        ("64^0", "values joined by x"),
        ("64x", "values joined by x"),
        ("x64", "values joined by x"),
    ],
    ids=len,
)
def test_hostile_lists_are_refused_at_once(text, part):
    with pytest.raises(ab.ParameterError, match=part):
        parse_network(f"relu:widths={text},input_dim=2")


def test_members_of_unions_take_the_dimension_of_the_functions():
    union = parse_network("relu:widths=8+linear:dimension=3+heaviside:widths=4x4", ab.LipschitzBall(dim=3))
    assert [member.domain_dim for member in union.members] == [3, 3, 3]


def test_symbols_give_rates(capsys):
    data = run_json(capsys, "lower", "holder:smoothness=s,dim=d", "size:weights=W,depth=L", "-p", "2")
    assert data["value"] is None and data["certificate"] is None
    assert data["rate"] == "(L*W*log(W))**(-s/d)"
    assert run(capsys, "lower", "holder:smoothness=s,dim=d", "size:weights=W,depth=L", "-p", "p")[0] == 0


@pytest.mark.parametrize("p", ["inf", "Inf", "INF", "Infinity", "oo", "OO"])
def test_infinity_in_any_case(capsys, p):
    data = run_json(capsys, "lower", "monotone:dim=2", "relu:widths=4", "-p", p)
    assert (data["theorem"], data["value"], data["p"]) == ("Tjump", 0.5, "inf")


@pytest.mark.parametrize("name", ["pi", "E", "I", "zoo", "GoldenRatio", "log", "exp"])
def test_names_that_mean_something_in_formulas_are_no_symbols(capsys, name):
    for words in (
        [f"holder:smoothness={name},dim=2", "relu:widths=4"],
        ["lipschitz:dim=2", f"size:weights=9,depth={name}"],
    ):
        assert run(capsys, "lower", *words, "-p", "2") == (
            *(2, ""),
            f"approxbounds: symbol='{name}': has a meaning of its own in formulas; take another name\n",
        )
    data = run_json(capsys, "lower", "holder:smoothness=beta,dim=e", "size:weights=N,depth=S", "-p", "gamma")
    assert "(N*S*log(N))**(-beta/e)" in data["rate"]


@pytest.mark.parametrize("network", ["finite:size=10", "finite:bits=10", "linear:dimension=10"])
def test_rates_of_numeric_classes_with_a_symbolic_dimension_name_their_size(capsys, network):
    data = run_json(capsys, "lower", "lipschitz:dim=d", network, "-p", "2")  # the number of inputs is d, too
    symbol = "D" if network.startswith("linear") else "b"
    assert data["rate"] == f"{symbol}**(-1/d)"
    assert run_json(capsys, "pdim", f"{network},input_dim=d")["rate"] == symbol


def test_json_says_what_was_asked(capsys):
    F, G = "lipschitz:dim=2", "relu:widths=4"
    texts = {"functions": str(ab.LipschitzBall(dim=2)), "network": str(ab.ReLUNetwork(widths=(4,), input_dim=2))}
    none = dict.fromkeys(("functions", "network", "p", "eps", "gamma"))
    for words, asked in {
        ("lower", F, G, "-p", "5/2"): texts | {"p": "5/2"},
        ("upper", F, G, "-p", "p"): texts | {"p": "p"},
        ("pdim", G + ",input_dim=2"): {"network": texts["network"]},
        ("fat", G + ",input_dim=2", "--gamma", "0.1"): {"network": texts["network"], "gamma": "1/10"},
        ("packing", F, "--eps", "e", "-p", "inf"): {"functions": texts["functions"], "p": "inf", "eps": "e"},
        ("bits", F, G, "-p", "2", "--error", "0.1"): texts | {"p": 2, "error": "1/10"},
        ("weights", F, "-p", "2", "--error", "1", "--depth", "3"): {
            **{"functions": texts["functions"], "p": 2, "error": 1, "depth": 3, "degree": 1, "pieces": 2}
        },
    }.items():
        data = run_json(capsys, *words)
        expected = none | asked
        assert {name: data[name] for name in expected} == expected
    data = run_json(capsys, "bracket", F, G, "-p", "2")
    assert [{name: data[side][name] for name in none} for side in data] == [none | texts | {"p": 2}] * 2


def test_bracket_pdim_packing_explain_list(capsys):
    data = run_json(capsys, "bracket", "monotone:dim=2", "heaviside:widths=4x9", "-p", "inf")
    assert data["lower"]["value"] == data["upper"]["value"] == 0.5
    assert run_json(capsys, "pdim", "relu:widths=10,input_dim=2")["value"] == 306
    packing = run_json(capsys, "packing", "lipschitz:dim=2", "-p", "2", "--eps", "0.01")
    assert packing["value"] == ab.LipschitzBall(dim=2).packing("0.01", p=2).value
    deep = ["lipschitz:dim=2", "relu:widths=30x30x30", "-p", "2"]  # T3 is the best
    explained = run_json(capsys, "explain", *deep)
    assert len(explained["steps"]) == 6 and "@article{Siegel2023" in explained["bibtex"]
    status, out, _ = run(capsys, "explain", *deep, "--bibtex")
    assert status == 0 and out.startswith("**Claim.**") and "@article{Cover1965" in out
    assert "allow $k=10$" in run(capsys, "explain", "lipschitz:dim=1", "heaviside:widths=9", "-p", "2", "--upper")[1]
    listed = run_json(capsys, "list")
    assert {entry["name"] for entry in listed["networks"]} == set(ab.NETWORK_CLASSES)
    assert {entry["id"] for entry in listed["theorems"]} == set(ab.THEOREMS)
    text = " ".join(run(capsys, "list")[1].split())
    assert all(f" {name}: " in text for name in (*ab.FUNCTION_CLASSES, *ab.NETWORK_CLASSES, *ab.THEOREMS))
    for entry in (*listed["functions"], *listed["networks"], *listed["theorems"]):
        assert entry["keys"] and ", ".join(entry["keys"]) in text


@pytest.mark.parametrize("columns", [40, 80])
def test_lists_and_help_fit_the_terminal(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in ([], *([name] for name in COMMANDS)):
        text = run(capsys, *command, "--help")[1].partition("\n\n")[2]  # argparse itself indents the usage line
        lines = [line for line in text.split("\n") if not line.startswith("  approxbounds ")]  # examples to copy
        assert max(map(len, lines)) <= columns and "example" in text
    words = (line.split() for line in run(capsys, "list")[1].split("\n") if len(line) > columns)
    assert all(len(line) == 1 for line in words)  # a key longer than the terminal


def test_the_examples_of_the_help_work(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert EXAMPLES.keys() == COMMANDS.keys()
    for name, lines in EXAMPLES.items():
        for line in lines:
            status, out, err = run(capsys, *line.partition(" >")[0].split())
            assert line.split()[0] == name and (status, err) == (0, "") and out


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["lowr"], "; did you mean lower?"),
        (["lower", "hoelder:smoothness=1,dim=2", "relu:widths=4", "-p", "2"], "; did you mean holder?"),
        (["lower", "holder:smothness=1,dim=2", "relu:widths=4", "-p", "2"], "; did you mean smoothness?"),
        (["lower", "lipschitz:dim=2", "ReLUs:widths=4", "-p", "2"], "; did you mean relu?"),
        (["lower", "relu:widths=4", "lipschitz:dim=2", "-p", "2"], "function classes (F) come before network classes"),
        (["table", "lipshitz:dim=2", "relu:widths=4", "-p", "2"], "the most similar are lipschitz"),
    ],
)
def test_what_was_perhaps_meant_is_said(capsys, arguments, meant):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "") and meant in err


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("low", ["lower"]),
        ("lower hol", ["holder:"]),
        ("lower holder:s", ["smoothness="]),
        ("lower holder:dim=2,ra", ["2,radius="]),  # what bash takes for the word begins after the =
        ("verify --j", ["--json"]),
        ("table lipschitz", ["lipschitz:", "lipschitz-functions:"]),
        ("completion z", ["zsh"]),
        ("nonsense x", []),
        ("--v", ["--version"]),
        ("lower holder:dim=", []),  # a value, not the name once more
        ("lower lipschitz:dim=2 relu:widths=8+rel", ["8+relu:", "8+relu-power:"]),
        ("lower lipschitz:dim=2 relu:widths=8+skip:lay", ["layer_weights="]),  # of the second member
        ("sweep --quantity b", ["bracket"]),
        ("lower --certificate l", []),  # a file, which the shell completes
        ("completion ", ["bash", "zsh"]),  # options only once a - is typed
    ],
)
def test_completion_in_bash(capsys, tmp_path, line, found):
    """The script itself, called as bash calls it: a word ends at colons and equals signs, too."""
    script = tmp_path / "completion"
    script.write_text(run(capsys, "completion", "bash")[1])
    words = [word for word in re.split(r"( |[:=])", f"approxbounds {line}") if word.strip()]
    words += [""] if line.endswith(" ") else []
    array = " ".join(map(shlex.quote, words))
    call = f'COMP_LINE="approxbounds {line}" COMP_POINT=999; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}'
    shown = f'. {script}; {call}; _approxbounds; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.split() == found and done.stderr == ""
    script = run(capsys, "completion", "zsh")[1]
    assert script.startswith("autoload -U +X bashcompinit && bashcompinit\n")
    assert "compopt" not in script and "-o nospace -F" in script  # zsh has no compopt


@pytest.mark.parametrize("command", [["verify", "{}"], ["sweep", "@{}", "-p", "2"]])
def test_a_pipe_with_a_name_is_refused_at_once(tmp_path, command):
    """Opening it would wait for somebody to write, perhaps for ever."""
    os.mkfifo(tmp_path / "pipe")
    line = [sys.executable, "-m", "approxbounds", *(word.format(tmp_path / "pipe") for word in command)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stderr.endswith("pipe': cannot be read (is not an ordinary file)\n")


def test_fat(capsys, tmp_path):
    path = tmp_path / "fat.json"
    command = ["fat", "norm-bounded:norms=1x1,input_dim=2", "--gamma", "0.1", "--certificate", path]
    data = run_json(capsys, *command)
    G = ab.NormBoundedNetwork(norms=(1, 1), input_dim=2)
    assert data["value"] == G.fat_shattering("1/10").value and data["direction"] == "upper"
    assert run(capsys, "verify", path)[0] == 0
    assert "fat_1/10(G) <= " in run(capsys, *command)[1]
    assert "gamma**2" in run(capsys, *command[:2], "--gamma", "gamma")[1]


def test_weights(capsys, tmp_path):
    path = tmp_path / "weights.json"
    command = ["weights", "lipschitz:dim=2", "--error", "1e-3", "-p", "2", "--depth", "3"]
    data = run_json(capsys, *command, "--certificate", path)
    need = ab.required_weights(ab.LipschitzBall(dim=2), error="1e-3", p=2, depth=3)
    assert (data["asked"], data["value"], data["error"]) == ("weights", need.value, "1/1000")
    assert data["bound"] == need.bound.value and not data["limited"] and ab.verify(data["certificate"])
    assert run(capsys, "verify", path)[0] == 0
    path.write_text(json.dumps(data))  # the whole output
    assert run(capsys, "verify", path)[0] == 0
    text = run(capsys, *command)[1]
    assert text.startswith(f"at least {need.value} weights for E_2(F, G) <= 1/1000") and "T3: Hypercube" in text
    other = run_json(capsys, *command, "--degree", "0", "--pieces", "3")
    assert (
        other["value"]
        == ab.required_weights(ab.LipschitzBall(dim=2), error="1e-3", p=2, depth=3, degree=0, pieces=3).value
    )
    nothing = run_json(capsys, *command[:2], "--error", "2", *command[4:])
    assert (nothing["value"], nothing["bound"], nothing["certificate"]) == (7, None, None)


def test_sufficient(capsys, tmp_path):
    path = tmp_path / "sufficient.json"
    command = ["sufficient", "lipschitz:dim=2", "--error", "1e-1", "-p", "2", "--depth", "3"]
    kind = {"error": "1/10", "p": 2, "depth": 3}
    data = run_json(capsys, *command, "--certificate", path)
    found = ab.sufficient_weights(ab.LipschitzBall(dim=2), **kind)
    assert (data["weights"], data["network"], data["error"]) == (found.weights, str(found.network), "1/10")
    assert data["bound"] == found.bound.value <= 0.1 and ab.verify(data["certificate"])
    assert run(capsys, "verify", path)[0] == 0
    equal = run_json(capsys, *command, "--width", "--degree", "0")
    assert equal["width"] == ab.sufficient_width(ab.LipschitzBall(dim=2), **kind, degree=0).width
    assert run(capsys, *command)[1].startswith(f"{found}\nE_2(F, G) <= ")


def test_weights_bracket(capsys):
    command = ["weights-bracket", "lipschitz:dim=1", "--error", "1e-2", "-p", "2", "--depth", "2", "--degree", "0"]
    data = run_json(capsys, *command)
    assert (data["required"]["value"], data["sufficient"]["weights"]) == (85, 85)
    assert all(ab.verify(part["certificate"]) for part in data.values())
    assert run(capsys, *command)[1].startswith(
        "between 85 and 85 weights for E_2(F, G) <= 1/100\n\nat least 85 weights"
    )


def test_bits(capsys):
    command = ["bits", "lipschitz:dim=2", "relu:widths=8x8x8", "-p", "2", "--error"]
    data = run_json(capsys, *command, "3e-3")
    assert (data["asked"], data["value"]) == ("bits", 4) and "bits=3" in data["excluded"]
    assert ab.verify(data["certificate"])
    data = run_json(capsys, *command, "1e-6")  # no Infinity in JSON
    assert data["value"] == "inf" and ab.verify(data["certificate"])
    assert run(capsys, *command, "1e-6")[1].startswith("no number of bits suffices")


def test_table(capsys):
    classes = ["monotone:dim=2", "relu:widths=20x100", "lipschitz:dim=2", "linear:dimension=9+relu:widths=9"]
    exponents = ["-p", "1", "inf"]
    records = run_json(capsys, "table", *classes, *exponents)
    functions = [parse_functions(classes[0]), parse_functions(classes[2])]
    networks = [parse_network(text, functions[0]) for text in (classes[1], classes[3])]
    found = ab.compare(functions, networks, [1, "inf"])
    assert records == found.records() and len(records) == 8
    assert records[0]["norms"] == "differ"
    for name, text in {
        "text": found.to_text(),
        "markdown": found.to_markdown(),
        "latex": found.to_latex(),
        "csv": found.to_csv(),
    }.items():
        assert run(capsys, "table", *classes, *exponents, "--format", name) == (0, text.rstrip("\n") + "\n", "")
    assert run_json(capsys, "table", *classes, classes[1], classes[0], "-p", "1", "-p", "inf", "2/2") == records
    symbolic = run_json(capsys, "table", "holder:smoothness=s,dim=d", "size:weights=W,depth=L", "-p", "p")
    assert [record["norms"] for record in symbolic] == ["same order"]


def test_networks_in_tables_take_the_dimension_of_each_class(capsys):
    records = run_json(capsys, "table", "lipschitz:dim=2", "monotone:dim=3", "relu:widths=4", "-p", "2")
    networks = [str(ab.ReLUNetwork(widths=(4,), input_dim=dim)) for dim in (2, 3)]
    assert [record["network"] for record in records] == networks


def test_certificate_file_and_verify(capsys, tmp_path):
    path = tmp_path / "bound.json"
    assert run(capsys, *LOWER, "--certificate", path)[0] == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["bound.json"]
    assert run_json(capsys, "verify", path)["accepted"] is True
    data = json.loads(path.read_text())
    data["value"] *= 1.001
    path.write_text(json.dumps(data))
    status, out, err = run(capsys, "verify", path)
    assert status == 1 and "above what its data support" in out and "rejected" in err
    path.write_text(json.dumps(run_json(capsys, *LOWER)))  # the whole output of lower
    assert run(capsys, "verify", path)[0] == 0


def test_verify_reads_standard_input():
    certificate = ab.ReLUNetwork(widths=(3,), input_dim=1).pseudo_dimension().certificate.to_json()
    command = [sys.executable, "-m", "approxbounds", "verify", "-"]
    done = subprocess.run(command, input=certificate, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("accepted")


def test_closed_standard_streams():
    def status(command):
        script = f"{sys.executable} -m approxbounds {command}"
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)

    done = status("verify - <&-")
    assert done.returncode == 2 and done.stderr.endswith("file='-': cannot be read (standard input is closed)\n")
    assert (status("list >&-").returncode, status("list >&-").stderr) == (0, "")
    assert (status("verify /nowhere 2>&-").returncode, status("verify /nowhere 2>&-").stdout) == (2, "")


def test_narrow_encodings_and_binary_input():
    command = [sys.executable, "-m", "approxbounds"]
    narrow = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*command, "list"], capture_output=True, check=False, env=narrow)
    assert (done.returncode, done.stderr) == (0, b"") and rb"H\xf6lder class" in done.stdout
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([*command, "verify", "-"], input=b"\xff\xfe", capture_output=True, check=False, env=strict)
    assert done.returncode == 2 and done.stderr.startswith(b"approxbounds: file='-': cannot be read ('utf-8' codec")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([*LOWER, "-p", "3"], 2, "--p: may be given only once"),
        ([*LOWER, "--p", "2"], 2, "--p: may be given only once"),
        ([*LOWER, "--certificate", "a", "--certificate", "a"], 2, "--certificate: may be given only once"),
        ([*LOWER, "--certificate", ""], 2, "certificate='': must be the name of a file"),
        ([*LOWER, "--certificate", "-"], 2, "certificate='-': must be the name of a file (--json shows"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "2", "--certificate", ""], 1, "excluded"),
        (["table", "lipschitz:dim=2", "relu:widths=4", "-p", "2", "--json", "--format", "csv"], 2, "not allowed with"),
        (["sweep", "lipschitz:dim=2", "relu:widths=4", "-p", "2", "--format", "csv", "--json"], 2, "not allowed with"),
        (["lower", "holder:smoothness=-1,dim=2", "relu:widths=10", "-p", "2"], 2, "smoothness='-1'"),
        (["lower", "holder:smoothness=1", "relu:widths=10,input_dim=2", "-p", "2"], 2, "also needs dim"),
        (["lower", "hoelder:smoothness=1,dim=2", "relu:widths=10", "-p", "2"], 2, "NAME one of holder"),
        (["lower", "holder:smoothness=1,dim=2,speed=3", "relu:widths=10", "-p", "2"], 2, "speed=3"),
        (["lower", "holder:smoothness=1,dim=2,dim=3", "relu:widths=10", "-p", "2"], 2, "each once"),
        (["lower", "lipschitz:dim=2", "relu:widths=10x0", "-p", "2"], 2, "widths[1]='0'"),
        (["lower", "lipschitz:dim=2", "relu:widths=10;20", "-p", "2"], 2, "widths='10;20'"),
        (["lower", "lipschitz:dim=2", "relu:widths=10,input_dim=3", "-p", "2"], 2, "input_dim=3"),
        (["lower", "lipschitz:dim=2", "relu:widths=10", "-p", "0.5"], 2, "p='0.5'"),
        (["lower", "lipschitz:dim=2", "relu:widths=10", "-p", "nan"], 2, "p='nan'"),
        (["lower", "lipschitz:dim=2", "relu:widths=10"], 2, "--p"),
        (["lower", "lipschitz:dim=__import__('os')", "relu:widths=10", "-p", "2"], 2, "dim="),
        (["lower", "entropy:exponent=1,norm=2", "relu:widths=10,input_dim=2", "-p", "1"], 1, "not known for p = 1"),
        (
            ["upper", "lipschitz:dim=2", "relu:widths=8,bits=3", "-p", "2"],
            1,
            "no theorem gives an upper bound",
        ),
        (["upper", "lipschitz:dim=2", "linear:dimension=4", "-p", "2"], 1, "no theorem gives an upper bound"),
        (["packing", "lipschitz:dim=2", "-p", "2", "--eps", "-1"], 2, "eps='-1'"),
        (["packing", "lipschitz:dim=2", "-p", "2", "--eps", "5"], 1, "eps=5 is too large"),
        (["pdim", "relu:widths=10"], 2, "input_dim"),
        (["verify", "/does/not/exist.json"], 2, "cannot be read"),
        (["certify"], 2, "invalid choice"),
        (["fat", "relu:widths=8,input_dim=2"], 2, "--gamma"),
        (["fat", "relu:widths=8,input_dim=2", "--gamma", "0"], 2, "gamma='0'"),
        (["fat", "relu:widths=8,input_dim=2", "--gamma", "1+1"], 2, "gamma='1+1'"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3"], 2, "--error"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "-1"], 2, "error='-1'"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "1", "--error", "1"], 2, "depth='1'"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "L", "--error", "1"], 2, "depth='L'"),
        (["weights", "lipschitz:dim=d", "-p", "2", "--depth", "3", "--error", "1"], 2, "dim=d"),
        (["weights", "barron:dim=2", "-p", "2", "--depth", "3", "--error", "1"], 1, "at most a rate"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "1", "--degree", "-1"], 2, "degree='-1'"),
        (["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "eps"], 2, "error='eps'"),
        (["sufficient", "lipschitz:dim=2", "-p", "2", "--depth", "3"], 2, "--error"),
        (["sufficient", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "eps"], 2, "error='eps'"),
        (["sufficient", "lipschitz:dim=2", "-p", "2", "--depth", "L", "--error", "1"], 2, "depth='L'"),
        (["sufficient", "lipschitz:dim=d", "-p", "2", "--depth", "3", "--error", "1"], 2, "dim=d"),
        (["sufficient", "barron:dim=2", "-p", "2", "--depth", "3", "--error", "1"], 1, "at most a rate"),
        (["sufficient", "monotone:dim=2", "-p", "inf", "--depth", "3", "--error", "0.1"], 1, "no number of weights"),
        (["weights-bracket", "lipschitz:dim=2", "-p", "q", "--depth", "3", "--error", "1"], 2, "p=q"),
        (["bits", "lipschitz:dim=2", "relu:widths=4", "-p", "2", "--error", "eps", "--json"], 2, "error='eps'"),
        (["bits", "lipschitz:dim=2", "linear:dimension=4", "-p", "2", "--error", "1"], 2, "a field bits"),
        (["bits", "lipschitz:dim=2", "relu:widths=4,bits=3", "-p", "2", "--error", "1"], 2, "bits=3"),
        (["bits", "lipschitz:dim=2", "relu:widths=4", "-p", "2", "--error", "1/0"], 2, "error='1/0'"),
        (["table", "lipschitz:dim=2", "relu:widths=4"], 2, "--p"),
        (["table", "lipschitz:dim=2", "-p", "2"], 2, "one network class"),
        (["table", "relu:widths=4,input_dim=2", "-p", "2"], 2, "one function class"),
        (["table", "lipschitz:dim=2", "perceptron:widths=4", "-p", "2"], 2, "class='perceptron:widths=4': must begin"),
        (["table", "monotone:dim=3", "relu:widths=4,input_dim=2", "-p", "2"], 2, "F=MonotoneFunctions(dim=3)"),
        (["table", "lipschitz:dim=2", "relu:widths=4", "-p", "2", "--format", "pdf"], 2, "invalid choice: 'pdf'"),
        (["pdim", "union:members=4x4"], 2, "joined by +"),
        (["pdim", "relu:widths=8,input_dim=2+relu:widths=4,input_dim=3"], 2, "input_dim"),
        (["pdim", "relu:widths=8,input_dim=2+perceptron:widths=4"], 2, "input_dim='2+perceptron:widths"),
        ([], 2, "COMMAND"),
    ],
)
def test_bad_input(capsys, arguments, status, message):
    found, out, err = run(capsys, *arguments)
    assert found == status
    assert message in err and out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", "{" * 10_000, '{"value": NaN}', "\x00", "1" * 2_000_000])
def test_malformed_certificates(capsys, tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(text)
    status, out, err = run(capsys, "verify", "bad.json")
    assert status == 2 and out == "" and err.count("\n") == 1 and "Traceback" not in err
    assert err.startswith(("approxbounds: bad.json: certificate=", "approxbounds: file='bad.json': must have at most"))


def test_what_is_wrong_in_a_certificate_is_said_with_its_file(capsys, tmp_path):
    path = tmp_path / "bound.json"
    run(capsys, *LOWER, "--certificate", path)
    path.write_text(path.read_text().replace('"dim": 2', '"dim": 0'))
    assert run(capsys, "verify", path) == (2, "", f"approxbounds: {path}: dim=0: must be an integer from 1 to 10000\n")


def test_certificate_path_that_cannot_be_written(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *LOWER, "--certificate", "missing/bound.json")
    assert (status, out) == (2, "")
    assert err == "approxbounds: certificate='missing/bound.json': cannot be written (No such file or directory)\n"


def test_certificate_of_a_rate_is_refused(capsys, tmp_path):
    path = tmp_path / "rate.json"
    status, _, err = run(capsys, "lower", "lipschitz:dim=d", "size:weights=W,depth=2", "-p", "2", "--certificate", path)
    assert status == 1 and "symbols" in err and not path.exists()


def test_certificate_of_what_is_not_excluded_is_refused(capsys, tmp_path):
    path = tmp_path / "nothing.json"
    command = ["weights", "lipschitz:dim=2", "-p", "2", "--depth", "3", "--error", "1", "--certificate", path]
    status, out, err = run(capsys, *command)
    assert (status, out) == (1, "") and "no certificate" in err and not path.exists()


def test_version(capsys):
    assert run(capsys, "--version")[1].strip() == f"approxbounds {ab.__version__}"


def test_large_exponents(capsys):
    for smoothness in ("5/2", "2"):
        command = ["lower", f"holder:smoothness={smoothness},dim=2", "relu:widths=50^6", "-p", "1000000"]
        assert "gamma" not in run_json(capsys, *command)["expression"]  # of a million, it would have millions of digits
        assert run(capsys, *command)[0] == 0


def test_text_does_not_wait_for_closed_forms(capsys, monkeypatch):
    def expression(self, query):
        raise AssertionError("the closed form is not shown")

    monkeypatch.setattr(type(THEOREMS["Tosc"]), "expression", expression)
    assert run(capsys, *LOWER)[0] == 0
    with pytest.raises(AssertionError):
        run(capsys, *LOWER, "--json")


def test_closed_pipe_is_quiet():
    """The reader is gone before anything is written, as with ``| head -0``."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "approxbounds", "list"]
    done = subprocess.run(command, check=False, stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
