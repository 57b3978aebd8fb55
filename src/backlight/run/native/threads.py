"""The pool of this process: as many helpers as there are further processors to run on, made when first needed.

Another number of threads means another pool; plans that are there already are told (`follow`). A pool that was left keeps
its state block, since a call in another thread may still be looking at it. Where `threadpoolctl` is at work, the pool is
one of those that it shows and limits: it finds us by the compiler's library.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from weakref import WeakSet

from backlight import errors
from backlight.run.emit import pool as written
from backlight.run.native import host, kept

LOCK = threading.Lock()
MOST = 64


@dataclass
class Pool:
    """The state block, its code, and the threads that help."""

    state: ctypes.Array[ctypes.c_char]
    code: host.Loaded
    helpers: list[threading.Thread] = field(default_factory=list)

    @property
    def address(self) -> int:
        """Where the state lies."""
        return ctypes.addressof(self.state)

    @property
    def share(self) -> int:
        """The address of the function that shares out a step."""
        return self.code.addresses["bl.pool.share"]

    def stop(self) -> None:
        """Send the helpers home."""
        ctypes.c_int64.from_address(self.address + 392).value = 1
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.addresses["bl.pool.ring"])(self.address)
        for helper in self.helpers:
            helper.join()


class Follower(Protocol):
    """Something that keeps the address of the pool."""

    def use_pool(self, pool: Pool | None) -> None:
        """Take another pool."""


class Setting:
    """How many threads are wanted, the pool that was made for them, pools that were left, and who keeps an address."""

    wanted: int | None = None
    pool: Pool | None = None
    left: ClassVar[list[Pool]] = []
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
            if Setting.pool is not None and before != count:
                Setting.pool.stop()
                Setting.left.append(Setting.pool)
                Setting.pool = None
            Setting.wanted = count
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
        filename_prefixes = ("libllvmlite",)

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
        if Setting.pool is None:
            Setting.pool = make(count - 1)
        return Setting.pool


def make(helpers: int) -> Pool:
    """Return a new pool with this many helpers."""
    code = kept.loaded_text(written.text(host.triple(), host.attributes()), written.SYMBOLS)
    made = Pool(ctypes.create_string_buffer(written.STATE_BYTES), code)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    call(code.addresses["bl.pool.prepare"])(made.address)
    for k in range(helpers):
        work = call(code.addresses["bl.pool.help"])
        thread = threading.Thread(target=work, args=(made.address,), name=f"backlight-{k + 1}", daemon=True)
        thread.start()
        made.helpers.append(thread)
    return made


def forget() -> None:
    """Forget the pool: after a fork the helpers are not in this process."""
    Setting.pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
