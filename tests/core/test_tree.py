import pytest

from backlight.core.tree import flatten, leaves, tree_map
from backlight.errors import InputError


def test_a_nest_is_rebuilt_around_other_leaves():
    value = {"a": [1, (2, 3)], "b": None, "c": {}}
    found, nest = flatten(value)
    assert found == [("a.0", 1), ("a.1.0", 2), ("a.1.1", 3)]
    assert nest.around([10, 20, 30]) == {"a": [10, (20, 30)], "b": None, "c": {}}
    assert leaves(value) == [1, 2, 3]
    assert tree_map(lambda x, y: x + y, value, value) == {"a": [2, (4, 6)], "b": None, "c": {}}


def test_nests_of_two_kinds_do_not_map():
    with pytest.raises(InputError) as caught:
        tree_map(lambda x, y: x, [1, 2], [1])
    assert str(caught.value) == "tree_map: the first nest has 2 leaves and nest 2 has 1"


def test_a_list_that_holds_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(InputError) as caught:
        flatten(value, "p")
    assert str(caught.value) == "p.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.…: nested more than 100 deep: does it hold itself?"
