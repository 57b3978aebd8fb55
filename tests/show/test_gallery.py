"""The gallery: every picture is what its function draws, and the page is what the functions say."""

import re
from xml.etree import ElementTree

import pytest
from docs.make_gallery import FOLDER, PAGE, PICTURES, files, page
from tests.show.golden import same

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


# A page without its picture, its script and its looks, which are golden by themselves; numbers to ten digits, since the last
# ones depend on the processor.
PARTS = re.compile(r"<style>.*?</style>|<svg .*?</svg>|<script>.*?</script>", re.DOTALL)
DIGITS = re.compile(r"\d+\.\d{9,}(e[+-]?\d+)?|\d+(\.\d+)?e[+-]\d+")


def words(page: str) -> str:
    """The stories and the table of a page, one element a line."""
    rounded = DIGITS.sub(lambda found: f"{float(found[0]):.10g}", PARTS.sub("", page))
    return re.sub(r"(</li>|</tr>|</template>|</section>|</details>)", r"\1\n", rounded)


@pytest.mark.parametrize("name", PICTURES)
def test_the_stories_and_the_table_of_every_page_are_golden(name: str) -> None:
    shown = PICTURES[name]()
    if not isinstance(shown, Drawing):
        same(f"gallery/{name}.html", words(shown.html()))


def test_the_page_of_the_gallery_is_written_by_its_functions() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")


def test_no_picture_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file for name in PICTURES for file in files(name)}
