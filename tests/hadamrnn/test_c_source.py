"""The C file of a network: compiled without a warning, and equal to the integer path bit by bit."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from hadamrnn_oracles import coded_model

import hadamrnn as hr
from hadamrnn.networks.hadamard import hadamard

COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-O1"]
CHECKED = ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")

OPTIONS = {
    "QORNN": {},
    "QORNN, relu, 3 bits": {"activation": "relu", "hidden": 7, "recurrent_bits": 3, "bits": 5, "many_to_many": True},
    "QORNN, modrelu": {"activation": "modrelu", "many_to_many": True},
    "QORNN, ternary": {"recurrent_bits": 1, "bits": 1, "inputs": 1, "outputs": 1, "many_to_many": True},
    "QORNN, wide codes": {"recurrent_bits": 13, "bits": 16, "activation": "relu"},
    "HadamRNN": {"kind": "hadamrnn", "inputs": 1},
    "HadamRNN, n = 1": {"kind": "hadamrnn", "hidden": 1},
    "HadamRNN, blocks of 4": {"kind": "hadamrnn", "block": 4, "hidden": 12, "many_to_many": True},
    "HadamRNN, Paley, blocks": {"kind": "hadamrnn", "block": 12, "hidden": 36, "bits": 3, "many_to_many": True},
    "HadamRNN, 2 x 12, relu": {"kind": "hadamrnn", "hidden": 24, "activation": "relu", "many_to_many": True},
    "HadamRNN, 12 x 16, modrelu": {"kind": "hadamrnn", "hidden": 192, "activation": "modrelu", "inputs": 5},
    "HadamRNN, 20 x 28": {"kind": "hadamrnn", "hidden": 560, "bits": 4},
}


def integers(model, x, *, share=1.0, bits=12):
    """With a range of the states that is a share of the measured one."""
    largest = 1.0 if x.ndim == 2 else float(np.abs(x).max())
    ranges = hr.Ranges(share * largest, share * model.largest_state(x))
    return hr.IntegerNetwork(hr.Packed.of(model), ranges=ranges, activation_bits=bits)


def draw(inputs, *, tokens):
    rng = np.random.default_rng(0)
    return rng.integers(0, inputs, (9, 4)) if tokens else rng.normal(size=(9, 4, inputs)).astype(np.float32)


def compiled(folder, network, name="net"):
    """The program that the file is by itself; with sanitizers where the compiler has them."""
    source, program = folder / f"{name}.c", folder / name
    source.write_text(hr.c_source(network, name=name))
    command = [COMPILER, *STRICT, f"-D{name.upper()}_MAIN", source, "-o", program]
    if subprocess.run([*command, *CHECKED], capture_output=True, check=False).returncode:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return program


def outputs(program, x, config):
    """What the program prints for a batch, as ``predict`` returns it."""
    text = "\n".join(str(value) for value in x.swapaxes(0, 1).ravel().tolist())
    words = [program, str(len(x)), *(["tokens"] if x.ndim == 2 else [])]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = np.array([float(word) for word in done.stdout.split()])
    steps = len(x) if config.many_to_many else 1
    found = found.reshape(x.shape[1], steps, config.outputs).swapaxes(0, 1)
    return found if config.many_to_many else found[0]


@needs_compiler
@pytest.mark.parametrize("option", OPTIONS)
def test_the_program_has_the_outputs_of_the_integer_path(option, tmp_path):
    model = coded_model(**OPTIONS[option])
    samples = [draw(model.config.inputs, tokens=tokens) for tokens in (False, True)]
    for share, bits in ((1.0, 10), (0.3, 4)):
        network = integers(model, samples[0], share=share, bits=bits)
        program = compiled(tmp_path, network)
        for x in samples:
            assert (outputs(program, x, model.config) == network.predict(x)).all()
    assert network.saturation > 0 and np.ptp(network.predict(samples[0])) > 0


@needs_compiler
def test_real_numbers_become_the_nearest_integers_ties_to_even(tmp_path):
    model = coded_model(inputs=1)
    network = hr.IntegerNetwork(hr.Packed.of(model), ranges=hr.Ranges(7.0, 50.0), activation_bits=4)
    x = np.array([*np.arange(-9, 9.25, 0.25), 1e30, -1e30, 0.49999997, -0.49999997], dtype=np.float32)[None, :, None]
    assert (outputs(compiled(tmp_path, network), x, model.config) == network.predict(x)).all()


@needs_compiler
@pytest.mark.parametrize(
    "words, text",
    [
        ([], ""),
        (["0"], ""),
        (["x"], ""),
        (["2", "tokens", "more"], ""),
        (["2"], "1 2 3"),
        (["2"], "1 2"),
        (["2"], "1 2 x 4"),
        (["2", "tokens"], "1"),
        (["2", "tokens"], "1 2"),
        (["2", "tokens"], "-1 0"),
        (["2", "tokens"], "4294967296 0"),
    ],
)
def test_the_program_refuses_what_it_cannot_read(words, text, tmp_path):
    program = compiled(tmp_path, integers(coded_model(), draw(2, tokens=False)))
    done = subprocess.run([program, *words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


@needs_compiler
def test_two_networks_in_one_program(tmp_path):
    """The file is included, under names of the user's."""
    models = {"left": coded_model(), "Right_2": coded_model(kind="hadamrnn", hidden=12)}
    x = draw(2, tokens=True)
    calls, expected = [], []
    for name, model in models.items():
        network = integers(model, x)
        (tmp_path / f"{name}.c").write_text(hr.c_source(network, name=name))
        steps = "".join(f"if (!{name}_token(&{name}, {token})) return 1;\n" for token in x[:, 0])
        steps += f"if ({name}_token(&{name}, 2) || {name}_token(&{name}, -1)) return 1;\n{name}_outputs(&{name}, y);\n"
        calls.append(
            f'{name}_state {name};\n{name}_start(&{name});\n{steps}printf("%.17g %d\\n", y[0], (int)sizeof {name});'
        )
        size = int(re.search(r"needs, (\d+) bytes", hr.c_source(network))[1])
        expected.append((network.predict(x)[0, 0], size))
    lines = ["#include <stdio.h>", *(f'#include "{name}.c"' for name in models)]
    (tmp_path / "both.c").write_text("\n".join([*lines, "int main(void) {\ndouble y[3];", *calls, "return 0; }\n"]))
    subprocess.run([COMPILER, *STRICT, "both.c", "-o", "both"], cwd=tmp_path, check=True)
    shown = subprocess.run([tmp_path / "both"], capture_output=True, text=True, check=True).stdout.split()
    assert [(float(y), int(size)) for y, size in zip(shown[::2], shown[1::2], strict=True)] == expected


def test_the_arrays_are_those_of_the_exported_file():
    model = coded_model(kind="hadamrnn", hidden=24)
    packed, text = hr.Packed.of(model), hr.c_source(integers(model, draw(2, tokens=False)))
    for name in ("U", "V", "u"):
        listed = re.search(rf"uint8_t net_{name}\[\] = {{(.*?)}};", text, re.DOTALL)[1]
        assert bytes(map(int, listed.split(","))) == packed.stored(name)
    listed = re.search(r"uint8_t net_paley_12\[\] = {(.*?)};", text, re.DOTALL)[1]
    bits = np.unpackbits(np.array(listed.split(","), np.uint8))
    assert (1 - 2 * bits.reshape(12, 12).astype(int) == hadamard(12)).all()
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", ["1net", "net\n", "a b"])
def test_names_that_are_none_in_c_are_refused(name):
    with pytest.raises(hr.ParameterError, match=r"^name=.*must be a letter"):
        hr.c_source(integers(coded_model(), draw(2, tokens=False)), name=name)
