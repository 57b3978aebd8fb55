"""The pool of this process: as many helpers as there are further processors to run on, made when first needed.

Another number of threads means another pool; plans that are there already are told (`follow`). A pool is never freed: its
helpers sleep in it until the process ends, a builtin may still have its address, and a call in another thread may be
looking at it. After a fork the helpers are in the other process: calls that know a pool from there do their work alone, and
the first plan that is made here makes a pool for all. Where `threadpoolctl` is at work, the pool is one of those that it
shows and limits: it finds us by NumPy's library, which is always there.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from weakref import WeakSet

from backlight import errors
from backlight.run.emit import pool as written
from backlight.run.native import host, kept
from backlight.run.native.memory import Memory, memory

LOCK = host.LOCK  # the same for the pool and the compiler, which makes the pool's code: two would be taken in either order
MOST = 64
STACK_BYTES = 1 << 20  # of a helper: whatever a person asked for threads of their own


@dataclass(eq=False)
class Pool:
    """The state block, its code, and the threads that help."""

    state: Memory
    code: host.Loaded
    helpers: list[threading.Thread] = field(default_factory=list)

    @property
    def address(self) -> int:
        """Where the state lies."""
        return self.state.address

    @property
    def share(self) -> int:
        """The address of the function that shares out a step."""
        return self.code.addresses["bl.pool.share"]

    def close(self) -> None:
        """Let it be taken for ever: whoever has its address works alone."""
        ctypes.c_int64.from_address(self.address + written.TAKEN).value = 1

    def stop(self) -> None:
        """Send the helpers home."""
        ctypes.c_int64.from_address(self.address + written.STOP).value = 1
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.addresses["bl.pool.ring"])(self.address)
        for helper in self.helpers:
            helper.join()


class Follower(Protocol):
    """Something that keeps the address of the pool."""

    def use_pool(self, pool: Pool | None) -> None:
        """Take another pool."""


class Setting:
    """How many threads are wanted, the pool that was made for them, all pools there ever were, and who keeps an address."""

    wanted: int | None = None
    pool: Pool | None = None
    made: ClassVar[list[Pool]] = []
    followers: ClassVar[WeakSet[Follower]] = WeakSet()
    offered = False


def available() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(count: int | None = None) -> int:
    """Return how many threads compiled code uses; with `count`, set it first.

    By default as many as there are processors for this process, or `BACKLIGHT_THREADS` if that is set. The number
    changes the time, never a bit of a result.
    Raises: ValueError if `count` is not between 1 and 64.

    >>> threads() >= 1
    True
    """
    offer()
    with LOCK:
        before = Setting.wanted
        if count is not None:
            if not 1 <= count <= MOST:
                raise errors.ValueError(f"threads: {count} threads cannot be used; give a number from 1 to {MOST}")
            before_it, Setting.wanted = Setting.pool, count
            if before_it is not None and before != count:
                Setting.pool = None
                before_it.stop()
        if Setting.wanted is None:
            asked = os.environ.get("BACKLIGHT_THREADS", "")
            Setting.wanted = min(max(int(asked), 1), MOST) if asked.isdecimal() else min(available(), MOST)
        found = Setting.wanted if sys.platform != "win32" else 1
    if count is not None and before != count and Setting.followers:
        now = pool()
        for follower in list(Setting.followers):
            follower.use_pool(now)
    return found


def follow(plan: Follower) -> Pool | None:
    """Return the pool, and tell this plan when there is another one."""
    Setting.followers.add(plan)
    return pool()


def offer() -> None:
    """Show the pool to threadpoolctl, if it is at work in this process: it finds libraries by the names of their files."""
    tool = sys.modules.get("threadpoolctl")
    if Setting.offered or tool is None or not hasattr(tool, "register"):
        return
    Setting.offered = True

    class BacklightController(tool.LibController):  # type: ignore[misc, name-defined]
        """Our pool, as threadpoolctl has it."""

        user_api = "backlight"
        internal_api = "backlight"
        filename_prefixes = ("_multiarray_umath",)

        def get_num_threads(self) -> int:
            return threads()

        def set_num_threads(self, num_threads: int) -> None:
            threads(min(max(num_threads, 1), MOST))

        def get_version(self) -> str | None:
            return None

    tool.register(BacklightController)


def pool() -> Pool | None:
    """Return the pool, made if need be; None if one thread is all there is."""
    count = threads()
    if count == 1:
        return None
    with LOCK:
        if Setting.pool is not None:
            return Setting.pool
        made = Setting.pool = make(count - 1)
    for follower in list(Setting.followers):  # those that came from before a fork
        follower.use_pool(made)
    return made


def make(helpers: int) -> Pool:
    """Return a new pool with this many helpers."""
    code = kept.loaded_own("pool", lambda: written.text(host.attributes()), written.SYMBOLS)
    made = Pool(memory(written.STATE_BYTES, written.STATE_ALIGN), code)
    ctypes.memset(made.address, 0, written.STATE_BYTES)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))  # the interpreter may be gone before the last helper is
    Setting.made.append(made)
    ctypes.c_int64.from_address(made.address + written.HELPERS).value = helpers
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    call(code.addresses["bl.pool.prepare"])(made.address)
    before = threading.stack_size(STACK_BYTES)
    try:
        for k in range(helpers):
            work = call(code.addresses["bl.pool.help"])
            thread = threading.Thread(target=work, args=(made.address,), name=f"backlight-{k + 1}", daemon=True)
            thread.start()
            made.helpers.append(thread)
    finally:
        threading.stack_size(before)
    return made


HELD: list[Any] = []  # the compiler's inner lock, while a process is copied


def hold() -> None:
    """Wait until nobody compiles, nor gives back what the compiler made: a lock that is held is copied as held."""
    LOCK.acquire()
    HELD.append(host.inner_lock())
    HELD[-1].__enter__()


def let_go() -> None:
    """Let others compile again."""
    HELD.pop().__exit__(None, None, None)
    LOCK.release()


def forget() -> None:
    """Forget the pools: after a fork the helpers are not in this process, and what they held they hold for ever."""
    Setting.pool = None
    for left in Setting.made:
        left.close()
    let_go()


if hasattr(os, "register_at_fork"):  # nobody compiles in another thread while the process is copied
    os.register_at_fork(before=hold, after_in_parent=let_go, after_in_child=forget)
