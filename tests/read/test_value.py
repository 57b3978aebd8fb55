"""Values as one types them behind a name and an equals sign."""

import math

import numpy as np
import pytest

from backlight import errors
from backlight.read.text import read_value

PLAIN = [
    ("2", 2),
    ("-1", -1),
    ("−1", -1),
    ("1e-3", 0.001),
    (" .5 ", 0.5),
    ("inf", math.inf),
    ("-inf", -math.inf),
    ("true", True),
    ("[1, -2.5, 3]", [1, -2.5, 3]),
    ("(1, 2)", [1, 2]),
    ("[[1, 2],\n [3, 4]]", [[1, 2], [3, 4]]),
    ("[true, false]", [True, False]),
]


@pytest.mark.parametrize(("text", "wanted"), PLAIN, ids=[p[0] for p in PLAIN])
def test_numbers_and_lists_stay_plain_so_that_the_graph_gives_them_its_dtype(text, wanted):
    found = read_value(text)
    assert found == wanted
    assert type(found) is type(wanted)


def test_nan_is_a_number_too():
    assert math.isnan(read_value("nan"))


ARRAYS = [
    ("pi/2", np.float64(math.pi / 2)),
    ("2*[1, 2]", np.array([2.0, 4.0])),
    ("-[1, 2]", np.array([-1.0, -2.0])),
    ("zeros(2, 3)", np.zeros((2, 3))),
    ("ones([2])", np.ones(2)),
    ("eye(2)", np.eye(2)),
    ("range(3)", np.array([0.0, 1.0, 2.0])),
    ("linspace(0, 1, 3)", np.array([0.0, 0.5, 1.0])),
    ("normal(5, 10, seed=1)", np.random.default_rng(1).standard_normal((5, 10))),
    ("normal(4, mean=3, std=2)", np.random.default_rng(0).standard_normal(4) * 2 + 3),
    ("uniform(4, low=-1, high=1, seed=7)", np.random.default_rng(7).random(4) * 2 - 1),
]


@pytest.mark.parametrize(("text", "wanted"), ARRAYS, ids=[a[0] for a in ARRAYS])
def test_arrays_come_from_formulas_shapes_and_draws(text, wanted):
    found = read_value(text)
    assert found.dtype == wanted.dtype
    assert found.tolist() == wanted.tolist()


def caret(message: str, text: str, column: int, width: int) -> str:
    return f"line 1, column {column}: {message}\n    {text}\n    {' ' * (column - 1)}{'^' * width}"


BAD = [
    ("x", errors.InputError, "'x' has no value here: expected numbers", 1, 1),
    ("1; 2", errors.SyntaxError, "expected one value, as in 2, [1, 2] or normal(3, seed=1)", 1, 4),
    ("a = 1", errors.SyntaxError, "expected one value, as in 2, [1, 2] or normal(3, seed=1)", 1, 5),
    ("", errors.SyntaxError, "the text is empty: expected a formula, as in 4*x + 1", 1, 1),
    ("[1, [2]]", errors.SyntaxError, "the items of this array differ: rows and numbers are mixed", 1, 8),
    ("[[1, 2], [3]]", errors.SyntaxError, "the rows of this array differ: 1 item and 2 items", 1, 13),
    ("[[1, 2], 3]", errors.SyntaxError, "the items of this array differ: rows and numbers are mixed", 1, 11),
    ("normal(2, sed=1)", errors.SyntaxError, "normal: has no setting 'sed'; did you mean 'seed' or 'std'?", 11, 3),
    ("zeros(2, seed=1)", errors.SyntaxError, "zeros: has no setting 'seed'; it has none", 10, 4),
    ("normal(2, seed=-1)", errors.SyntaxError, "normal: seed must be a whole number from 0", 16, 2),
    ("normal(2, std=big)", errors.SyntaxError, "normal: std must be a number", 15, 3),
    ("normal(-1)", errors.SyntaxError, "normal(shape…): sizes are whole numbers from 0", 1, 10),
    ("eye(2, 3)", errors.SyntaxError, "eye(n): sizes are whole numbers from 0", 1, 9),
    ("zeros(99999, 99999)", errors.LimitError, "zeros: 9999800001 numbers are more than the limit, 134217728", 1, 19),
    ("eye(99999)", errors.LimitError, "eye: 9999800001 numbers are more than the limit, 134217728", 1, 10),
]


@pytest.mark.parametrize(("text", "kind", "message", "column", "width"), BAD, ids=[b[0] for b in BAD])
def test_a_bad_value_is_an_error_that_says_what_was_expected(text, kind, message, column, width):
    with pytest.raises(kind) as error:
        read_value(text)
    assert str(error.value) == caret(message, text, column, width)


def test_a_formula_that_would_fill_the_memory_is_refused():
    with pytest.raises(errors.LimitError) as error:
        read_value("broadcast_to(1, shape=[99999, 99999]) + 1")
    assert str(error.value) == "broadcast_to: 9999800001 numbers are more than the limit, 134217728"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("w.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    np.save("words.npy", np.array(["a"]))
    np.save("objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "table.csv").write_text("\ufeffa,b\n1,2\n3,-4.5e1\n", "utf-8")
    (tmp_path / "column.csv").write_text("1\n2\n3\n")
    (tmp_path / "row.csv").write_text("1; 2; 3\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "text.csv").write_text("1,2\n3,x\n")
    (tmp_path / "empty.csv").write_text("a,b\n")
    (tmp_path / "latin.csv").write_bytes(b"\xe4\n1\n")
    return tmp_path


def test_arrays_come_from_files(folder):
    found = read_value("@w.npy")
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read_value("@table.csv").tolist() == [[1, 2], [3, -45]]
    assert read_value("@column.csv").tolist() == [1, 2, 3]
    assert read_value("@row.csv").tolist() == [1, 2, 3]


FILES = [
    ("@none.npy", "@none.npy: there is no such file"),
    ("@w.txt", "@w.txt: a file of values ends in .npy or .csv"),
    ("@words.npy", "@words.npy: holds no array of numbers"),
    ("@objects.npy", "@objects.npy: cannot be read: Object arrays cannot be loaded when allow_pickle=False"),
    ("@ragged.csv", "@ragged.csv: row 2 has 1 numbers, and the first has 2"),
    ("@text.csv", "@text.csv: row 2: 'x' is not a number"),
    ("@empty.csv", "@empty.csv: holds no numbers"),
]


@pytest.mark.parametrize(("text", "message"), FILES, ids=[f[0] for f in FILES])
def test_a_bad_file_is_an_error_that_names_it(folder, text, message):
    with pytest.raises(errors.FileError) as error:
        read_value(text)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["@broken.npy", "@latin.csv"])
def test_a_damaged_file_is_an_error_that_names_it_and_the_reason(folder, text):
    with pytest.raises(errors.FileError) as error:
        read_value(text)
    assert str(error.value).startswith(f"{text}: cannot be read: ")
