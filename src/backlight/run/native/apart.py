"""The compiler in a process of its own: started, asked, and let go.

LLVM takes a hundred megabytes and never gives them back; what it does in another process is gone with that, an end that it
comes to is an error here and not the end of a person's session, and an interrupt need not wait for it. The process is
started when something is about to be compiled, so that it gets ready while the graph is lowered and written.

It is nobody's child: a shell starts it and ends at once, so that it is never left unburied, and nobody who waits for children
of his own is told of it. It sees that we are gone, or have lost interest, by the end of its input, which no other process
holds open: not those that are started here, and a copy of this process closes it first of all.
"""

from __future__ import annotations

import binascii
import contextlib
import functools
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import ClassVar, NoReturn
from weakref import WeakSet

from backlight import errors
from backlight.run.native import compiler

PROGRAM = os.path.abspath(compiler.__file__)
SHELL = "/bin/sh"
SCRIPT = '"$@" <&3 3<&- &'  # in the background, where a shell gives no input unless it is told to
GREETED_S = 60.0  # at the latest: a Python that says nothing for so long is none
TRIES = 2
SAID_BYTES = 1 << 14  # of what it says when it falls over
FALLS = ("LLVM ERROR", "Fatal Python error", "error: ")  # how that begins
PIECE = 1 << 16  # letters of a text that are sent at once: it is never here twice
LETTERS = {kind: letter for letter, kind in compiler.KINDS.items()}


class UnavailableError(Exception):
    """Raised where no process can compile: it is done here then."""


class GoneError(Exception):
    """Raised where a process ended before it answered."""


class Process:
    """A compiler that runs beside us: how to reach it, and how to be rid of it."""

    def __init__(self) -> None:
        self.open: list[int] = []
        self.greeting: list[str] = []
        self.said, self.heard = b"", False
        Setting.all.add(self)
        try:
            self.start()
        except OSError as error:
            self.close()
            raise UnavailableError from error

    def start(self) -> None:
        """Start it, by a shell that is gone before this returns."""
        import select  # Python's own `subprocess` would bring a megabyte along

        bury()
        theirs = []
        try:
            for mine in (1, 0, 0):  # we write requests, read answers, read what is said besides
                ends = [high(end) for end in os.pipe()]
                self.open.append(ends[mine])
                theirs.append(ends[1 - mine])
            words = [SHELL, "-c", SCRIPT, SHELL, sys.executable, "-I", "-S", *["-B"] * sys.dont_write_bytecode,
                     PROGRAM, str(folder())]
            actions = [(os.POSIX_SPAWN_DUP2, end, at) for end, at in zip(theirs, (3, 1, 2), strict=True)]
            shell = os.posix_spawn(SHELL, words, os.environ, file_actions=actions, setpgroup=0, setsigmask=[],
                                   setsigdef=[signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP])
        finally:
            for end in theirs:
                os.close(end)
        Setting.unburied.append(shell)
        with contextlib.suppress(ChildProcessError):  # somebody else waits for whatever child there is
            os.waitpid(shell, 0)
        Setting.unburied.remove(shell)
        self.requests, self.answers, self.words = self.open
        self.poll = select.poll()
        for end in (self.answers, self.words):
            self.poll.register(end, select.POLLIN)

    def alive(self) -> bool:
        """Return whether it can be asked, as far as is known."""
        import select

        return bool(self.open) and not any(event & ~select.POLLIN for _, event in self.poll.poll(0))

    def close(self) -> None:
        """Let it go: it ends by itself, whatever it is doing."""
        if len(self.greeting) > 1 and self.greeting[1] == str(os.getpid()):  # orphans are ours to bury
            Setting.unburied.append(int(self.greeting[0]))
            self.greeting = []
        while self.open:
            os.close(self.open.pop())

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        while self.open:
            close(self.open.pop())

    def ask(self, text: str, kind: str) -> tuple[bytes, bytes]:
        """Return the answer to a request. Raises: GoneError, DamagedError where there is none."""
        if not self.greeting:
            letter, data = compiler.received(functools.partial(self.read, patience_s=GREETED_S))
            if letter != compiler.GREETING:
                raise compiler.DamagedError
            self.greeting = data.decode().splitlines()
        check = size = 0
        for piece in pieces(text):
            check, size = binascii.crc32(piece, check), size + len(piece)
        try:
            with unsignalled():
                compiler.write(self.requests, compiler.HEAD.pack(compiler.MARK, LETTERS[kind], check, size))
                for piece in pieces(text):
                    compiler.write(self.requests, piece)
        except BrokenPipeError:
            self.ended()
        letter, data = compiler.received(self.read)
        if letter not in (compiler.OBJECT, compiler.REFUSAL):
            raise compiler.DamagedError
        return letter, data

    def read(self, size: int, patience_s: float | None = None) -> bytes:
        """Return so many bytes of an answer."""
        found = bytearray()
        while len(found) < size:
            ready = self.poll.poll(None if patience_s is None else patience_s * 1e3)
            if not ready:
                raise GoneError
            for end, _ in ready:
                if not self.open:  # a handler of signals has made a copy of this process, which this is now
                    raise GoneError
                if end == self.words:
                    self.listen()
                    continue
                part = os.read(end, min(size - len(found), 1 << 20))
                if not part:
                    self.ended()
                found += part
        return bytes(found)

    def listen(self) -> None:
        """Take in what it says besides."""
        part = os.read(self.words, SAID_BYTES)
        if not part:
            self.poll.unregister(self.words)
            self.heard = True
        self.said = (self.said + part)[-SAID_BYTES:]

    def ended(self) -> NoReturn:
        """Hear its last words."""
        while self.open and not self.heard:
            self.listen()
        raise GoneError

    def fall(self) -> str:
        """Return what it said when it fell over; nothing where it did not."""
        lines = self.said.decode(errors="replace").splitlines()
        return next((line[line.index(fall) :] for line in lines for fall in FALLS if fall in line), "")


class Setting:
    """The process that waits to be asked, all that are open, who is to be buried, and whether there is any use in trying."""

    waiting: Process | None = None
    all: ClassVar[WeakSet[Process]] = WeakSet()
    unburied: ClassVar[list[int]] = []
    useless = False


def possible() -> bool:
    """Return whether a process can be started: this Python is a program that we know how to call, and so are its parts."""
    if Setting.useless or not hasattr(os, "posix_spawn") or getattr(sys, "frozen", False):
        return False
    called = os.path.basename(sys.executable or "")
    parts = sys.executable, SHELL, PROGRAM
    return called.startswith(("python", "pypy")) and all(map(os.path.isfile, parts)) and folder() is not None


@functools.cache
def folder() -> str | None:
    """Return where llvmlite lies; None where that is no folder."""
    found = importlib.util.find_spec("llvmlite")
    places = (found.submodule_search_locations or []) if found is not None else []
    return next((os.path.dirname(os.path.abspath(place)) for place in places if os.path.isdir(place)), None)


def begin() -> None:
    """Have a process that gets ready, if none waits."""
    with contextlib.suppress(UnavailableError):
        put(take())


def take() -> Process:
    """Return a process that nobody else asks: a handler of signals may compile while its own thread does."""
    found, Setting.waiting = Setting.waiting, None
    if found is not None and found.alive():
        return found
    if found is not None:
        found.close()
    return Process()


def put(process: Process) -> None:
    """Let the next one have it."""
    if Setting.waiting is None:
        Setting.waiting = process
    else:
        process.close()


def assemble(text: str, kind: str) -> bytes:
    """Return the object file of a module.

    Raises: RuntimeError for a text that is none; CompilerError where the compiler falls over; UnavailableError where none answers.
    """
    known = False
    for _ in range(TRIES):
        process = take()
        try:
            letter, data = process.ask(text, kind)
        except (GoneError, compiler.DamagedError):
            fall, known = process.fall() if process.greeting else "", known or bool(process.greeting)
            process.close()
            if fall:
                raise errors.CompilerError(
                    f"compile: the compiler's process fell over: {fall}; nothing else is lost: run the graph without bl.compile, "
                    "and report what it computes"
                ) from None
            continue
        except BaseException:
            process.close()
            raise
        put(process)
        if letter == compiler.REFUSAL:
            raise RuntimeError(data.decode())
        return data
    Setting.useless = not known  # none was ever heard of: the next would not be either
    raise UnavailableError


def pieces(text: str) -> Iterator[bytes]:
    """Return a text as bytes, bit by bit."""
    return (text[start : start + PIECE].encode() for start in range(0, len(text), PIECE))


def high(end: int) -> int:
    """Return an end of a pipe under a number that has no meaning of its own, as 0 to 3 have here or for the shell."""
    if end > 3:
        return end
    import fcntl

    try:
        return fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 4)
    finally:
        os.close(end)


@contextlib.contextmanager
def unsignalled() -> Iterator[None]:
    """Let nobody be ended who writes to a process that is gone: a person may have asked for that, of his own pipes."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
    try:
        yield
    except BrokenPipeError:
        if signal.SIGPIPE not in before and signal.SIGPIPE in signal.sigpending():
            signal.sigwait([signal.SIGPIPE])
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def bury() -> None:
    """Wait for those that have ended and are ours: the first process of a container is everybody's last parent."""
    for pid in list(Setting.unburied):
        try:
            gone = os.waitpid(pid, os.WNOHANG)[0]
        except ChildProcessError:
            gone = pid
        if gone:
            Setting.unburied.remove(pid)


def forget() -> None:
    """Let go of all: this process is a copy, and what the other one started is the other one's."""
    Setting.waiting = None
    Setting.unburied.clear()
    for process in list(Setting.all):
        process.greeting = []
        process.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
