"""The gallery: every picture is what its function draws, and the page is what the functions say."""

from xml.etree import ElementTree

import pytest
from docs.make_gallery import FOLDER, PAGE, PICTURES, files, page

from backlight.show.drawing import Drawing


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_gallery_is_what_its_function_draws(name: str) -> None:
    for file, text in files(name).items():
        assert text == (FOLDER / file).read_text(encoding="utf-8"), f"{file}: run docs/make_gallery.py and look at it"
        if file.endswith(".svg"):
            ElementTree.fromstring(text)


@pytest.mark.parametrize("name", PICTURES)
def test_every_run_of_the_gallery_has_a_page_of_its_own(name: str) -> None:
    shown = PICTURES[name]()
    if not isinstance(shown, Drawing):
        made = shown.html()
        assert len(made.encode()) < 300_000
        assert made.count("<template data-story=") == len({card.number for card in shown.seen.cards})


def test_the_page_of_the_gallery_is_written_by_its_functions() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")


def test_no_picture_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file for name in PICTURES for file in files(name)}
