from backlight.core.table import TABLE
from backlight.live import wire as w
from backlight.live.lessons import LESSONS
from backlight.live.welcome import welcome, words
from backlight.read.text import makers, read_value
from backlight.read.text.names import functions


def test_completion_knows_every_operation_that_can_be_called_and_what_it_does() -> None:
    known = {word.name: word for word in words()}
    assert set(known) == {name for name, op in TABLE.items() if name in functions() and op.kind != "leaf"}
    sigmoid = known["sigmoid"]
    assert (sigmoid.label, sigmoid.insert, sigmoid.docs) == ("sigmoid(x)", "sigmoid(", TABLE["sigmoid"].doc)
    assert known["softmax"].label == "softmax(x, axis=-1)"


def test_whatever_makes_an_array_makes_one() -> None:
    for name, insert, _ in makers():
        made = read_value(insert.format(shape="2, 3", seed=1))
        assert made.shape == (2, 3), name


def test_the_first_news_hold_all_that_the_page_begins_with() -> None:
    said = welcome(w.Document("x"))
    assert said.lessons == LESSONS
    assert said.document == w.Document("x")
    assert said.optimizers[0].name == "descent"
