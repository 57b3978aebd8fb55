"""One file that holds everything: the page of a graph or a run."""

import re
from html.parser import HTMLParser

import pytest
from tests.show import scenes
from tests.show.golden import same

from backlight import api, ops
from backlight.show.html import fragment, html
from backlight.show.view import neighbourhood, view

VOID = {"meta", "rect", "path", "image", "mspace", "br", "img", "input", "link", "mprescripts", "none"}


class Reader(HTMLParser):
    """Checks that every element is closed, and gathers what the tests ask about."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


PERCEPTRON = api.backprop(scenes.perceptron(), **scenes.PERCEPTRON)


def test_the_page_of_a_run_is_whole_and_small_and_needs_no_network() -> None:
    page = html(PERCEPTRON)
    read(page)
    same("square.html", html(api.backprop(scenes.square(), x=2.0)))
    assert len(page.encode()) < 300_000
    assert "default-src 'none'" in page
    for tag, attributes in read(page).seen:
        for name in ("src", "href"):
            link = attributes.get(name)
            assert link is None or link.startswith("data:"), (tag, link)


def test_every_card_has_a_story_and_the_way_to_its_neighbours() -> None:
    stories = {
        attributes["data-story"]: attributes for tag, attributes in read(html(PERCEPTRON)).seen if tag == "template"
    }
    assert sorted(stories, key=lambda number: int(number or -1)) == [str(k) for k in range(PERCEPTRON.graph.forward_count)]
    assert stories["5"]["data-up"] == "6"
    assert stories["5"]["data-down"] == "4 0"
    assert "data-down" not in stories["0"]


def test_a_story_has_upstream_local_and_downstream_with_formulas() -> None:
    page = html(api.backprop(scenes.square(), x=2.0))
    story = re.search(r'<template data-story="2".*?</template>', page, re.S).group()  # type: ignore[union-attr]
    assert "<math" in story
    assert "upstream × local = " in story


def test_arrays_that_can_be_read_are_there_with_every_digit() -> None:
    page = html(PERCEPTRON)
    assert "<td>-0.28097816610177784</td>" in page
    assert "value, all 50 numbers" in page


def test_the_same_is_there_as_a_table() -> None:
    page = html(api.backprop(scenes.square(), x=2.0))
    assert '<tr><th scope="row">4</th><td>4·x + 1</td><td>Float64</td><td>+ :: a → a → a</td><td>()</td><td>2 3</td>' in page


def test_a_graph_before_a_run_has_a_page_too() -> None:
    page = html(scenes.square())
    read(page)
    assert "no value yet" in page


def test_names_cannot_break_out_of_the_page() -> None:
    nodes = tuple(n._replace(name='"><script>alert(1)</script>') if n.name == "x" else n for n in scenes.square().nodes)
    for subject in (scenes.square().with_(nodes=nodes), api.backprop(scenes.square().with_(nodes=nodes), **{nodes[0].name: 2.0})):
        assert [tag for tag, _ in read(html(subject)).seen].count("script") == 1


def test_a_view_can_be_given() -> None:
    run = api.backprop(scenes.shared(), x=3.0, y=-4.0, z=5.0)
    page = html(run, seen=neighbourhood(view(run), 4))
    assert {a["data-story"] for tag, a in read(page).seen if tag == "template"} == {"2", "3", "4", "6"}


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_theme_is_the_readers_unless_it_is_fixed(theme: str) -> None:
    assert ("prefers-color-scheme" in html(scenes.square(), theme=theme)) == (theme == "auto")  # type: ignore[arg-type]


def test_a_fragment_holds_the_picture_alone() -> None:
    text = fragment(api.run(scenes.graph_of(lambda x: ops.sigmoid(x), x=0.0), x=0.0))
    assert text.startswith('<div style="overflow:auto"><svg ')
    read(text)
