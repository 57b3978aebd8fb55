"""Every example in a docstring is run."""

import doctest
import importlib
import io
from pathlib import Path

import pytest

import backlight

PACKAGE = Path(backlight.__file__).parent


def module_names() -> list[str]:
    files = (path.relative_to(PACKAGE.parent).with_suffix("") for path in sorted(PACKAGE.rglob("*.py")))
    return [".".join(path.parts).removesuffix(".__init__") for path in files if path.name != "__main__"]


@pytest.mark.parametrize("name", module_names())
def test_every_example_in_a_docstring_prints_what_it_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == "backlight":
            raise
        pytest.skip(f"{error.name} is not installed")
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder().find(module, extraglobs={"bl": backlight}):
        runner.run(test, out=said.write)
    assert not said.getvalue(), said.getvalue()
