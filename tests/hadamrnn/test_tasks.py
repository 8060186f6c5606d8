"""Tasks: what their batches hold, which part they come from, and their metrics."""

import json
import math
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_files import LABELS, SENTENCES, activity, joined, mnist, reviews, table

import hadamrnn as hr
from hadamrnn import HadamRNN
from hadamrnn.errors import ParameterError
from hadamrnn.tasks import (
    TASKS,
    ActivityTask,
    AddingTask,
    CopyTask,
    ImageTask,
    ReviewTask,
    SentimentTask,
    TextTask,
)
from hadamrnn.tasks.base import PARTS, StoredTask, split


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """One task of each kind."""
    folder = tmp_path_factory.mktemp("tasks")
    mnist(folder)
    table(folder / "table.tsv", ("sentence", "label"), zip(SENTENCES, LABELS, strict=True))
    reviews(folder / "reviews.npz")
    activity(folder / "activity.npz")
    (folder / "text.txt").write_text("abcdefghij klm.\n" * 100, encoding="utf-8")
    tasks = (
        CopyTask(length=30, copies=4, train_size=50, test_size=20),
        AddingTask(length=20, train_size=50, test_size=20),
        ImageTask(path=folder, permuted=True),
        SentimentTask(path=folder / "table.tsv", length=5),
        ReviewTask(path=folder / "reviews.npz", length=6, words=12),
        TextTask(path=folder / "text.txt", length=20),
        ActivityTask(path=folder / "activity.npz"),
    )
    return {task.name: task for task in tasks}


@pytest.fixture(params=list(TASKS))
def task(request, every):
    return every[request.param]


# every task ---------------------------------------------------------------------------------------------------------


def test_batches_have_the_shapes_and_types_that_the_task_states(task):
    for part in PARTS:
        batches = list(task.train(8, 0) if part == "train" else getattr(task, part)(8))
        assert sum(batch.x.shape[1] for batch in batches) == task.sizes[part]
        assert all(batch.x.shape[1] == 8 for batch in batches[:-1])
        for x, y in batches:
            steps, count = x.shape[:2]
            assert x.flags.c_contiguous
            if task.tokens:
                assert x.shape == (steps, count) and x.dtype == np.int64 and 0 <= x.min() <= x.max() < task.inputs
            else:
                assert x.shape == (steps, count, task.inputs) and x.dtype == np.float32 and np.isfinite(x).all()
            if task.loss == "mse":
                assert y.shape == (count, task.outputs) and y.dtype == np.float32
            else:
                assert y.shape == ((steps, count) if task.many_to_many else (count,)) and y.dtype == np.int64
                assert y.min() >= 0 and y.max() < task.outputs
    assert task.steps(8) == len(list(task.train(8, 0)))


def test_an_epoch_is_fixed_by_seed_and_number(task):
    first, again = joined(task.train(8, 3)), joined(task.train(8, 3))
    other = joined(task.train(8, 4))
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[0], other[0])


def test_held_out_parts_do_not_depend_on_the_batch_size(task):
    for part in (task.validation, task.test):
        assert all(map(np.array_equal, joined(part(1)), joined(part(7))))
        assert all(map(np.array_equal, joined(part(7)), joined(part(1000))))


def test_an_epoch_visits_each_stored_sequence_once(every):
    whole = [task for task in every.values() if isinstance(task, StoredTask) and not isinstance(task, TextTask)]
    assert len(whole) >= 4  # a text has windows instead
    for task in whole:
        one, two = (joined(task.train(8, epoch)) for epoch in (0, 1))
        assert not np.array_equal(one[0], two[0])
        assert len(one[1]) == len(two[1]) == task.sizes["train"]
        assert sorted(one[0].reshape(len(one[0]), -1).tolist()) == sorted(two[0].reshape(len(two[0]), -1).tolist())


def test_settings_recreate_a_task(task):
    settings = json.loads(json.dumps(asdict(task)))
    again = TASKS[task.name](**settings)
    assert again == task
    assert json.loads(json.dumps(again.record())) == task.record()
    assert all(map(np.array_equal, joined(again.train(8, 1)), joined(task.train(8, 1))))


def test_another_seed_gives_other_data(task):
    other = replace(task, seed=1)
    assert not np.array_equal(joined(other.train(8, 0))[0], joined(task.train(8, 0))[0])
    if not isinstance(task, TextTask):  # which is split by position
        assert other.record()["checksum"] != task.record()["checksum"]


def test_the_three_parts_are_drawn_apart():
    task = CopyTask(length=100, copies=20, train_size=50, test_size=50)
    parts = [
        joined(batches)[0].argmax(axis=2)[:, :20] for batches in (task.train(50, 0), task.validation(50), task.test(50))
    ]
    assert len(np.unique(np.concatenate(parts), axis=0)) == 150


@pytest.mark.parametrize(
    "call", [lambda task, v: task.train(v, 0), lambda task, v: task.test(v), lambda t, v: t.steps(v)]
)
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "8", None])
def test_bad_batch_sizes(every, call, value):
    with pytest.raises(ParameterError, match="batch_size="):
        call(every["copy"], value)


@pytest.mark.parametrize("value", [-1, 1.5, False, None])
def test_bad_epochs(every, value):
    with pytest.raises(ParameterError, match="epoch="):
        every["image"].train(8, value)


def test_bad_settings(task):
    """Every field of every task refuses what it is not."""
    for field in fields(task):
        bad = [1.5, b"x", [1]] + ([] if "str" in str(field.type) else ["1", None])
        bad += [] if field.type is bool else [True]
        bad += [-1] if field.type is int else []
        for value in bad:
            with pytest.raises(ParameterError, match=f"^{field.name}="):
                replace(task, **{field.name: value})


@given(count=st.integers(3, 2000), seed=st.integers(0, 10), test=st.booleans())
def test_split_is_a_partition(count, seed, test):
    parts = split(np.random.default_rng(seed), count, test=test)
    assert set(parts) == set(PARTS if test else PARTS[:2])
    assert sorted(np.concatenate(list(parts.values()))) == list(range(count))
    assert all(len(part) >= 1 for part in parts.values())


def test_no_more_than_5000_are_held_out():
    parts = split(np.random.default_rng(0), 100_000, test=True)
    assert [len(parts[part]) for part in PARTS] == [90_000, 5_000, 5_000]


# metrics ------------------------------------------------------------------------------------------------------------


def test_accuracy(every):
    y = np.array([0, 1, 2, 3])
    outputs = np.eye(10)[[0, 1, 5, 3]]
    assert every["image"].metrics(outputs, y) == {"accuracy": 0.75}


def test_copy_metrics(every):
    task = every["copy"]
    y = next(task.test(5)).y
    outputs = np.eye(task.outputs)[y]
    assert task.metrics(outputs, y) == {"accuracy": 1, "accuracy_copied": 1}
    outputs[-1, :, :] = np.eye(task.outputs)[0]
    assert task.metrics(outputs, y) == {"accuracy": pytest.approx(1 - 1 / 30), "accuracy_copied": 0.75}


def test_the_copy_baseline_is_the_loss_of_a_network_without_memory():
    task = CopyTask(length=40, symbols=5, copies=3)
    y = next(task.test(64)).y
    logits = np.full((40, 64, 6), -np.inf)
    logits[:-3, :, 0] = 0
    logits[-3:, :, 1:] = -math.log(5)
    loss = -np.take_along_axis(logits, y[..., None], axis=2).mean()
    assert task.baseline == pytest.approx(loss)


def test_the_adding_baseline_is_the_error_of_always_one():
    task = AddingTask(length=10, test_size=20_000)
    y = next(task.test(20_000)).y
    error = task.metrics(np.ones_like(y), y)["mse"]
    assert error == pytest.approx(task.baseline, abs=5 * math.sqrt(7 / 180 / 20_000))  # 5 deviations of (S - 1)^2


@pytest.mark.parametrize("shift", [0.0, 1e4, -1e4])
def test_bits_per_character(every, shift):
    task = every["text"]
    y = next(task.test(3)).y
    uniform = np.full((*y.shape, task.outputs), shift, np.float32)
    assert task.metrics(uniform, y)["bits_per_character"] == pytest.approx(math.log2(task.outputs))
    sure = 50 * np.eye(task.outputs, dtype=np.float32)[y] + np.float32(shift)
    assert task.metrics(sure, y) == {"accuracy": 1, "bits_per_character": pytest.approx(0, abs=1e-9)}
    halves = np.full_like(uniform, -np.inf)
    np.put_along_axis(halves, np.stack([y, (y + 1) % task.outputs], axis=-1), np.float32(shift), axis=-1)
    assert task.metrics(halves, y)["bits_per_character"] == pytest.approx(1)


def test_outputs_of_another_shape_are_refused(every):
    for name, shape in (("copy", (30, 5, 8)), ("copy", (5, 9)), ("image", (5, 9)), ("adding", (5,))):
        y = next(every[name].test(5)).y
        with pytest.raises(ParameterError, match=r"outputs\.shape="):
            every[name].metrics(np.zeros(shape), y)


# copy and adding ----------------------------------------------------------------------------------------------------


@given(blanks=st.integers(0, 20), symbols=st.integers(2, 12), copies=st.integers(1, 12), seed=st.integers(0, 10**9))
def test_copy_sequences(blanks, symbols, copies, seed):
    task = CopyTask(length=2 * copies + 1 + blanks, symbols=symbols, copies=copies, seed=seed, train_size=5)
    x, y = next(task.train(5, 0))
    assert ((x == 0) | (x == 1)).all() and (x.sum(axis=2) == 1).all()
    tokens = x.argmax(axis=2)
    assert ((tokens[:copies] >= 1) & (tokens[:copies] <= symbols)).all()
    assert (tokens[-copies - 1] == symbols + 1).all()
    assert not tokens[copies : -copies - 1].any() and not tokens[-copies:].any()
    assert np.array_equal(y[-copies:], tokens[:copies]) and not y[:-copies].any()


def test_copy_draws_every_symbol_equally_often():
    y = next(CopyTask(length=21, test_size=8_000).test(8_000)).y[-10:]
    counts = np.bincount(y.ravel(), minlength=9)
    assert counts[0] == 0 and abs(counts[1:] - 10_000).max() < 5 * math.sqrt(80_000 / 8 * 7 / 8)


@given(length=st.integers(2, 60), seed=st.integers(0, 10**9))
def test_adding_sequences(length, seed):
    x, y = next(AddingTask(length=length, seed=seed, train_size=6).train(6, 0))
    values, marks = x[..., 0], x[..., 1]
    assert ((values >= 0) & (values < 1)).all() and ((marks == 0) | (marks == 1)).all()
    assert (marks[: length // 2].sum(axis=0) == 1).all() and (marks[length // 2 :].sum(axis=0) == 1).all()
    assert np.allclose((values * marks).sum(axis=0), y[:, 0], atol=1e-6)


def test_adding_marks_every_step():
    x, _ = next(AddingTask(length=9, test_size=2_000).test(2_000))
    counts = x[..., 1].sum(axis=1)
    assert abs(counts[:4] - 500).max() < 100 and abs(counts[4:] - 400).max() < 100


def test_the_shortest_copy_sequence():
    CopyTask(length=21)
    with pytest.raises(ParameterError, match="length=20: must be at least 2 copies"):
        CopyTask(length=20)


def test_a_network_reads_every_task(task):
    settings = {"inputs": task.inputs, "outputs": task.outputs, "many_to_many": task.many_to_many, "loss": task.loss}
    model = HadamRNN(hidden=8, embedding=4 if task.tokens else None, **settings)
    batch = next(task.train(8, 0))
    loss, gradients = model.loss_and_gradients(batch)
    assert math.isfinite(loss) and np.isfinite(gradients.flat).all()
    metrics = task.metrics(model.predict(batch.x), batch.y)
    assert all(math.isfinite(value) for value in metrics.values())
    if "mse" in metrics:
        assert metrics["mse"] == pytest.approx(loss, rel=1e-4)
    if "bits_per_character" in metrics:
        assert metrics["bits_per_character"] * math.log(2) == pytest.approx(loss, rel=1e-4)


def test_its_own_sizes_and_rates_fit_every_task(task):
    model = hr.model_for(task)
    assert model.config.hidden == task.defaults.hidden and (model.config.embedding is None or task.tokens)
    assert hr.Settings(**task.defaults.besides((), hr.Settings)).decay == task.defaults.decay
    assert task.defaults.epochs >= 1
