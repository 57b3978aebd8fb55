import threading
from pathlib import Path

import pytest

from backlight.run.native import store


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_what_was_saved_is_loaded(folder: Path) -> None:
    name = store.key("module", "processor")
    assert store.load(name) is None
    store.save(name, b"code")
    assert store.load(name) == b"code"
    assert [path.suffix for path in folder.iterdir()] == [".o"]


def test_the_name_depends_on_every_part_and_where_it_ends() -> None:
    assert len({store.key("a", "bc"), store.key("ab", "c"), store.key("abc"), store.key("a", "bc", "")}) == 4


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: b"x" + d[1:], lambda d: d[:-1] + b"?", lambda d: b""])
def test_a_damaged_entry_is_removed(folder: Path, damage: object) -> None:
    assert callable(damage)
    name = store.key("module")
    store.save(name, b"code")
    path = folder / f"{name}.o"
    path.write_bytes(damage(path.read_bytes()))
    assert store.load(name) is None
    assert not path.exists()


def test_the_least_used_go_first_when_there_are_too_many(folder: Path) -> None:
    import os

    for k in range(4):
        store.save(f"entry{k}", bytes(1000))
        os.utime(folder / f"entry{k}.o", (k, k))
    assert store.load("entry0") is not None  # used: now the newest
    store.prune(folder, limit=2500)
    assert sorted(path.stem for path in folder.iterdir()) == ["entry0", "entry3"]


def test_the_folder_is_looked_through_once_in_so_many_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [store.key(str(k)) for k in range(2000)]
    share = sum(store.due(name, store.BETWEEN_BYTES // 10) for name in names) / len(names)
    assert 0.08 < share < 0.12
    assert all(store.due(name, store.BETWEEN_BYTES) for name in names)
    monkeypatch.setattr(store, "LIMIT_BYTES", 20_000)
    monkeypatch.setattr(store, "BETWEEN_BYTES", 5000)
    most = 0
    for name in names[:300]:
        store.save(name, bytes(1000))
        most = max(most, len(list(folder.iterdir())))
    assert 19 < most < 60


def test_nothing_is_kept_when_the_store_is_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    store.save("entry", b"code")
    assert store.load("entry") is None
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_text("a file where the folder should be")
    store.save("entry", b"code")
    assert store.load("entry") is None


def test_many_writers_of_one_entry_leave_a_whole_one(folder: Path) -> None:
    writers = [threading.Thread(target=store.save, args=("entry", bytes([k]) * 5000)) for k in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    image = store.load("entry")
    assert image is not None
    assert len(set(image)) == 1
    assert [path.name for path in folder.iterdir()] == ["entry.o"]
