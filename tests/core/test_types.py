import copy

import numpy as np
import pytest

from backlight.core.types import TupleType, Type, broadcast_shapes, type_of


@pytest.mark.parametrize(
    ("dtype", "shape", "printed"),
    [
        ("float64", (), "Float64"),
        ("float64", (5,), "Vector Float64"),
        ("float32", (5, 10), "Matrix Float32"),
        ("float64", (2, 3, 4), "Tensor-3 Float64"),
        ("bool", (2,), "Vector Bool"),
        ("int64", (1, 1, 1, 1), "Tensor-4 Int64"),
        ("complex128", (), "Complex128"),
        ("uint8", (), "UInt8"),
    ],
)
def test_G4_types_print_with_their_rank_and_dtype(dtype, shape, printed):
    assert str(Type(dtype, shape)) == printed


def test_there_is_one_type_object_for_every_dtype_and_shape():
    t = Type("float64", (2, 3))
    assert t is Type(np.float64, [2, 3]) is Type(np.dtype("f8"), (2, 3)) is type_of(np.ones((2, 3)))
    assert copy.deepcopy(t) is t is copy.copy(t)
    assert (t.rank, t.size, t.nbytes, t.is_float) == (2, 6, 48, True)


def test_a_type_does_not_change():
    with pytest.raises(AttributeError) as caught:
        Type("float64", ()).shape = (2,)
    assert str(caught.value) == "a Type does not change: make another one, Type(dtype, shape), instead of setting 'shape'"


def test_a_tuple_of_types_prints_its_parts():
    assert str(TupleType([Type("float64", (3,)), Type("int64", ())])) == "(Vector Float64, Int64)"


@pytest.mark.parametrize(
    ("shapes", "out"),
    [
        ([(2, 3), (3,)], (2, 3)),
        ([(2, 1), (1, 3)], (2, 3)),
        ([(0,), (1,)], (0,)),
        ([(), ()], ()),
        ([(2,), (3,)], None),
        ([(4, 1, 3), (2, 1), ()], (4, 2, 3)),
    ],
)
def test_shapes_stretch_as_in_numpy(shapes, out):
    assert broadcast_shapes(*shapes) == out
    if out is not None:
        assert np.broadcast_shapes(*shapes) == out
