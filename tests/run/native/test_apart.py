"""The compiler in a process of its own: what it makes, what happens when it falls, and that nothing of it stays behind."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.run.native.test_image import TEXT

import backlight as bl
from backlight import errors, ops
from backlight.run.native import apart, compiler, host, image, processor

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/fd").exists() or not host.present(), reason="needs Linux, and a compiler"),
    pytest.mark.filterwarnings("error"),
]  # fmt: skip
AROUND = {**os.environ, "BACKLIGHT_COMPILER": "apart", "BACKLIGHT_CACHE": "off"}
FELL = ("compile: the compiler's process fell over: {}; nothing else is lost: run the graph without bl.compile, and report what "
        "it computes")  # fmt: skip


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test begins and ends without a process."""
    monkeypatch.setenv("BACKLIGHT_COMPILER", "apart")
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    apart.forget()
    yield
    apart.forget()
    apart.Setting.useless = False


def waiting() -> int:
    """The process that waits to be asked."""
    found = apart.Setting.waiting
    assert found is not None
    if not found.greeting:
        host.assemble(TEXT)
    return int(found.greeting[0])


def status(pid: int) -> tuple[str, int] | None:
    """What the system says a process does, and whose child it is; None where there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return words[0], int(words[1])


def gone(pid: int) -> None:
    """Wait until a process has ended; one that the first process of a container leaves unburied has."""
    while (found := status(pid)) is not None and (found[0] not in "ZX" or found[1] == os.getpid()):
        threading.Event().wait(0.01)


def lost(process: apart.Process | None) -> None:
    """Wait until a process is seen to be gone: it may be dead, and a thread of it not yet."""
    assert process is not None
    while process.alive():
        threading.Event().wait(0.01)


def stopped(pid: int) -> None:
    """Stop a process where it is, so that it cannot answer."""
    os.kill(pid, signal.SIGSTOP)
    while status(pid)[0] != "T":  # type: ignore[index]
        threading.Event().wait(0.01)


def stand_in(where: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let another program be started for the compiler: it has that as `compiler`."""
    path = where / "stand_in.py"
    path.write_text(textwrap.dedent(f"""
        import importlib.util, os, sys
        spec = importlib.util.spec_from_file_location("compiler", {compiler.__file__!r})
        compiler = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(compiler)
    """) + textwrap.dedent(text))
    monkeypatch.setattr(apart, "PROGRAM", str(path))


def said(text: str, **around: str) -> str:
    """What a process of its own prints, which compiles; it may warn of nothing."""
    words = [sys.executable, "-X", "dev", "-W", "error", "-c", "import os, signal, sys\nimport backlight as bl\n"
             "from backlight.run.native import apart, host\n" + textwrap.dedent(text)]
    done = subprocess.run(words, capture_output=True, text=True, env=AROUND | around, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# -- what it makes ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["native", "wasm"])
def test_the_same_object_file_is_made_here_and_apart(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT + f"; {'π' * apart.PIECE}\n"  # sent in several pieces
    found = [host.assemble(text, kind) for _ in range(2)]  # type: ignore[arg-type]
    assert apart.Setting.waiting is not None
    monkeypatch.setenv("BACKLIGHT_COMPILER", "here")
    apart.forget()
    assert found == [host.assemble(text, kind)] * 2  # type: ignore[arg-type]
    assert apart.Setting.waiting is None


def test_a_text_that_is_none_is_refused_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for where in ("apart", "here"):
        monkeypatch.setenv("BACKLIGHT_COMPILER", where)
        with pytest.raises(RuntimeError) as caught:
            host.assemble("define nothing")
        assert type(caught.value) is RuntimeError
        told.append(str(caught.value))
    assert told[0] == told[1] != ""
    waiting()  # and it still answers


def test_the_processor_is_read_as_the_compiler_reads_it() -> None:
    try:
        found = processor.vectors()
    except image.StrangeError:
        pytest.skip("another processor")
    host.llvm()
    assert found == {name[1:] for name in compiler.features().split(",") if name[0] == "+"} & set(processor.VECTORS)


@pytest.mark.skipif(not image.possible(), reason="another system")
def test_a_process_that_compiles_never_loads_the_compiler_and_that_loads_nothing_else() -> None:
    assert said("""
        f = bl.compile(bl.value_and_grad(lambda x: (4.0 * x + 1.0) ** 2))
        print(f(2.0), [name for name in sys.modules if name.startswith("llvmlite")])
        with open(f"/proc/{apart.Setting.waiting.greeting[0]}/maps") as maps:
            parts = maps.read()
        print("libllvmlite" in parts, "numpy" in parts)
    """, BACKLIGHT_COMPILER="") == "(81.0, 72.0) []\nTrue False\n"


def test_threads_share_one_process() -> None:
    found: dict[int, float] = {}

    def work(k: int) -> None:
        found[k] = bl.compile(lambda x: ops.sin(x) * (k + 0.5))(1.0)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == pytest.approx({k: np.sin(1.0) * (k + 0.5) for k in range(6)})
    assert len([p for p in apart.Setting.all if p.open]) == 1


def test_who_compiles_while_his_own_thread_does_gets_another_process() -> None:
    host.begin()
    first = waiting()
    busy = apart.take()
    assert len(host.assemble(TEXT)) > 0
    other = waiting()
    assert first != other
    apart.put(busy)
    assert not busy.open
    gone(first)
    assert waiting() == other


# -- where there is none --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("program", ["", None, "/usr/sbin/uwsgi", "/nowhere/python3"])
def test_where_python_is_no_program_it_is_compiled_here(program: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert bl.compile(lambda x: x * 2.0 + 1.0)(1.0) == 3.0
    assert apart.Setting.waiting is None


def test_a_word_that_is_no_choice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_COMPILER", "there")
    with pytest.raises(errors.ValueError) as caught:
        bl.compile(lambda x: x * 2.0)(1.0)
    assert str(caught.value) == "compile: BACKLIGHT_COMPILER is 'there'; set it to 'apart' or to 'here', or not at all"


ODD = {
    "ends at once": ("", True), "prints": ("print('no frame' * 99)", True), "cannot import": ("compiler.serve('/nowhere')", True),
    "ends when it is asked": ("compiler.assemble = lambda *_, **__: os._exit(0)\ncompiler.serve(sys.argv[1])", False),
    "is killed each time": ("compiler.assemble = lambda *_, **__: os.kill(os.getpid(), 9)\ncompiler.serve(sys.argv[1])", False),
    "is ended each time": ("compiler.assemble = lambda *_, **__: os.kill(os.getpid(), 15)\ncompiler.serve(sys.argv[1])", False),
    "answers with letters": ("compiler.OBJECT = b'x'\ncompiler.serve(sys.argv[1])", False),
    "answers with another's mark": ("""
        def assemble(*_, **__):
            compiler.MARK = b'blc0'
            return b''
        compiler.assemble = assemble
        compiler.serve(sys.argv[1])
    """, False),
    "answers with damage": ("""
        write = compiler.write
        compiler.write = lambda to, data: write(to, data[:-1] + b'?' if len(data) > 200 and data[1:4] == b'ELF' else data)
        compiler.serve(sys.argv[1])
    """, False),
    "ends in the middle": ("""
        write = compiler.write
        compiler.write = lambda to, data: write(to, data) if data[1:4] != b'ELF' else (write(to, data[:50]), os._exit(0))
        compiler.serve(sys.argv[1])
    """, False),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_where_no_process_answers_it_is_compiled_here(odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, useless = ODD[odd]
    wanted = compiler.assemble(TEXT, "native")
    stand_in(tmp_path, monkeypatch, text)
    assert host.assemble(TEXT) == wanted
    assert (apart.Setting.useless, apart.Setting.waiting) == (useless, None)
    if useless:  # and it is not tried again
        (tmp_path / "stand_in.py").unlink()
        assert host.assemble(TEXT) == wanted


# -- when it falls ----------------------------------------------------------------------------------------------------------
def test_the_compilers_own_fall_is_an_error_and_the_next_module_is_made() -> None:
    wrong = """
        declare i32 @llvm.wasm.bitmask.v4i32(<4 x i32>)
        define i32 @run(<4 x i32> %x) {
          %z = call i32 @llvm.wasm.bitmask.v4i32(<4 x i32> %x)
          ret i32 %z
        }
    """
    names = [f"%x{k}" for k in range(20)]
    crowded = f"""
        define void @run({", ".join(f"i64 {name}" for name in names)}) {{
          call void asm sideeffect "nop", "{",".join("r" for _ in names)}"({", ".join(f"i64 {name}" for name in names)})
          ret void
        }}
    """
    falls = {wrong: "LLVM ERROR: Cannot select: intrinsic %llvm.wasm.bitmask",
             crowded: "error: inline assembly requires more registers than available"}
    for text, said in falls.items():
        with pytest.raises(errors.CompilerError) as caught:
            host.assemble(text)
        assert str(caught.value) == FELL.format(said)
        assert isinstance(caught.value, RuntimeError)
        assert host.assemble(TEXT) == compiler.assemble(TEXT, "native")


def asked_while(does: Callable[[int], None]) -> list[object]:
    """What comes of a request to a process that is stopped, after something is done to it."""
    host.begin()
    pid, found = waiting(), []
    stopped(pid)

    def ask() -> None:
        try:
            found.append(host.assemble(TEXT))
        except Exception as error:
            found.append(error)

    asker = threading.Thread(target=ask)
    asker.start()
    does(pid)
    asker.join()
    gone(pid)
    return found


def test_a_process_that_is_killed_from_outside_is_replaced() -> None:
    assert asked_while(lambda pid: os.kill(pid, signal.SIGKILL)) == [compiler.assemble(TEXT, "native")]
    assert waiting() > 0


def test_a_process_that_dies_of_a_wrong_address_says_so() -> None:
    def hurt(pid: int) -> None:
        while apart.Setting.waiting is not None:  # until it is asked: before, nobody would care
            threading.Event().wait(0.001)
        os.kill(pid, signal.SIGSEGV)
        os.kill(pid, signal.SIGCONT)

    (error,) = asked_while(hurt)
    assert isinstance(error, errors.CompilerError)
    assert str(error) == FELL.format("Fatal Python error: Segmentation fault")
    assert host.assemble(TEXT) == compiler.assemble(TEXT, "native")


def test_a_process_that_has_died_meanwhile_is_not_asked() -> None:
    host.begin()
    pid = waiting()
    os.kill(pid, signal.SIGKILL)
    lost(apart.Setting.waiting)
    host.begin()
    assert waiting() != pid


def test_an_interrupt_does_not_wait_for_the_compiler() -> None:
    host.begin()
    pid = waiting()
    stopped(pid)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    helper = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            helper.start()
            host.assemble(TEXT)
            helper.join()
    finally:
        signal.signal(signal.SIGINT, before)
    helper.join()
    os.kill(pid, signal.SIGCONT)
    assert host.assemble(TEXT) == compiler.assemble(TEXT, "native")


def test_whoever_asked_for_it_to_be_ended_by_his_pipes_is_not_ended_by_ours() -> None:
    assert said("""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        ends = os.pipe()
        os.close(ends[0])
        for _ in range(2):
            try:
                with apart.unsignalled():
                    os.write(ends[1], b"x")
            except BrokenPipeError:
                print("gone", signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending())
    """) == "gone set() set()\n" * 2


# -- nothing stays behind -----------------------------------------------------------------------------------------------------
PATIENT = "compiler.IDLE_S = 1e6\ncompiler.serve(sys.argv[1])"


def test_it_is_nobodys_child_and_ends_when_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "compiler.IDLE_S = 0.2\ncompiler.serve(sys.argv[1])")
    host.begin()
    process = apart.Setting.waiting
    assert process is not None
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    lost(process)
    host.begin()
    assert apart.Setting.waiting is not process


def test_it_has_nothing_open_that_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, PATIENT)
    ends = os.pipe()
    try:
        for end in ends:
            os.set_inheritable(end, True)
        host.begin()
        pid = waiting()
        held = [os.stat(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
        assert os.fstat(ends[0]).st_ino not in [found.st_ino for found in held]
        assert [stat.S_ISFIFO(found.st_mode) for found in held] == [True] * 4
        assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
        with open("/proc/self/stat") as mine, open(f"/proc/{pid}/stat") as its:
            groups = [file.read().rpartition(")")[2].split()[2] for file in (mine, its)]
        assert groups[0] != groups[1]  # what a terminal sends to ours does not reach it
    finally:
        for end in ends:
            os.close(end)
    apart.forget()
    gone(pid)


def test_it_ends_with_the_process_that_asks_even_where_a_copy_of_that_lives_on(tmp_path: Path) -> None:
    program = tmp_path / "stand_in.py"
    with pytest.MonkeyPatch.context() as patch:
        stand_in(tmp_path, patch, PATIENT)
    ends = os.pipe()
    os.set_inheritable(ends[0], True)
    words = [sys.executable, "-c", textwrap.dedent(f"""
        import os
        from backlight.run.native import apart, host
        apart.PROGRAM = {str(program)!r}
        host.assemble({TEXT!r})
        print(apart.Setting.waiting.greeting[0], flush=True)
        if not os.fork():
            host.assemble({TEXT!r})
            print(apart.Setting.waiting.greeting[0], flush=True)
            os.close(1)
            os.read({ends[0]}, 1)
            os._exit(0)
        os._exit(0)
    """)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, env=AROUND, timeout=300, pass_fds=[ends[0]])
    first, second = map(int, done.stdout.split())
    assert first != second
    gone(first)
    assert status(second) is not None  # the copy's own, while the copy lives
    os.close(ends[1])
    os.close(ends[0])
    gone(second)


def test_whoever_is_given_orphans_buries_it() -> None:
    assert said("""
        import ctypes
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # as the first process of a container is
        text = "define void @run() { ret void }"
        for _ in range(3):
            host.assemble(text)
            pid = int(apart.Setting.waiting.greeting[0])
            os.kill(pid, 9)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it lies there, and all threads of it are gone
            host.begin()  # which finds it dead
            apart.bury()
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                print("buried")
    """) == "buried\n" * 3


def test_a_process_without_input_and_output_compiles(tmp_path: Path) -> None:
    words = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", textwrap.dedent(f"""
        import os
        import backlight as bl
        from backlight.run.native import apart
        z = bl.compile(lambda x: x * 2.0 + 1.0)(1.0)
        with open({str(tmp_path / "said")!r}, "w") as file:
            print(z, min(apart.Setting.waiting.open) > 3, file=file)
    """)]
    subprocess.run(words, env=AROUND, timeout=300, check=True)
    assert (tmp_path / "said").read_text() == "3.0 True\n"


def test_a_process_ends_without_a_warning_whatever_it_had_begun() -> None:
    assert said("host.begin()") == said("host.begin(); apart.take(); apart.take()") == ""
