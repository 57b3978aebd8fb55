"""A small pool of threads, written in LLVM assembly: no Python while it works, and little waiting about.

A step that is worth it is cut into units, and whoever is free takes a portion of them; portions differ by one unit at most.
Helpers watch for a new job for some tens of microseconds and then sleep, so that a waiting program costs nothing; the caller
always works too, and waits only for helpers that have really begun, so that a helper which the system has not woken delays
nobody. A second caller finds the pool taken and does its step alone. The units decide what is computed, never who computes it:
the same bits on any number of threads.

A step has room in the arena for what it must copy together; the thread that asked for the step takes that, and helpers,
whose stacks are large enough, take theirs.

The state is one block: job (function, table, count, portions) at 0, epoch at 64, portions taken at 128 and by helpers at 136,
helpers at work at 192, job open at 256, taken at 320, sleepers at 384, stop at 392, lock at 448, bell at 576.
"""

from __future__ import annotations

import platform

STATE_BYTES, TAKEN, STOP = 1024, 320, 392
SPINS = 1500  # pauses of some 50 cycles: about 20 microseconds

TEXT = """
declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @sched_yield()
{declare_pause}

define void @bl.pool.prepare(ptr %pool) #0 {{
  %lock = getelementptr i8, ptr %pool, i64 448
  %bell = getelementptr i8, ptr %pool, i64 576
  call i32 @pthread_mutex_init(ptr %lock, ptr null)
  call i32 @pthread_cond_init(ptr %bell, ptr null)
  ret void
}}

; Take units until none is left: the caller from the front, helpers from the back, so that from step to step each finds in its
; own cache what it wrote before. As many portions are taken as there are, so the two never meet. A step is told whether it runs
; in the thread that asked for it.
define internal void @bl.pool.work(ptr %pool, i1 %mine) #0 {{
entry:
  %next = getelementptr i8, ptr %pool, i64 128
  %back = getelementptr i8, ptr %pool, i64 136
  %at.table = getelementptr i8, ptr %pool, i64 8
  %at.count = getelementptr i8, ptr %pool, i64 16
  %at.portions = getelementptr i8, ptr %pool, i64 24
  %step = load ptr, ptr %pool
  %table = load ptr, ptr %at.table
  %count = load i64, ptr %at.count
  %portions = load i64, ptr %at.portions
  %top = add i64 %portions, -1
  br label %again
again:
  %front = phi i64 [0, %entry], [%front.next, %do]
  %portion = atomicrmw add ptr %next, i64 1 seq_cst
  %more = icmp slt i64 %portion, %portions
  br i1 %more, label %where, label %done
where:
  br i1 %mine, label %do, label %behind
behind:
  %given = atomicrmw add ptr %back, i64 1 seq_cst
  %last.left = sub i64 %top, %given
  br label %do
do:
  %chosen = phi i64 [%front, %where], [%last.left, %behind]
  %front.next = add i64 %front, 1
  %before = mul i64 %chosen, %count
  %until = add i64 %before, %count
  %first = sdiv i64 %before, %portions
  %last = sdiv i64 %until, %portions
  call void %step(ptr %table, i64 %first, i64 %last, i1 %mine)
  br label %again
done:
  ret void
}}

; What a helper does all its life.
define void @bl.pool.help(ptr %pool) #0 {{
entry:
  %epoch = getelementptr i8, ptr %pool, i64 64
  %active = getelementptr i8, ptr %pool, i64 192
  %open = getelementptr i8, ptr %pool, i64 256
  %sleepers = getelementptr i8, ptr %pool, i64 384
  %stop = getelementptr i8, ptr %pool, i64 392
  %lock = getelementptr i8, ptr %pool, i64 448
  %bell = getelementptr i8, ptr %pool, i64 576
  br label %watch
watch:
  %seen = phi i64 [0, %entry], [%now, %left], [%seen, %spin.on]
  %spins = phi i64 [0, %entry], [0, %left], [%spins.next, %spin.on]
  %now.spin = load atomic i64, ptr %epoch seq_cst, align 8
  %new = icmp ne i64 %now.spin, %seen
  br i1 %new, label %begin, label %spin
spin:
  %spins.next = add i64 %spins, 1
  %tired = icmp sgt i64 %spins.next, {spins}
  br i1 %tired, label %sleep, label %spin.on
spin.on:
  {pause}
  br label %watch
sleep:
  call i32 @pthread_mutex_lock(ptr %lock)
  atomicrmw add ptr %sleepers, i64 1 seq_cst
  br label %check
check:
  %now.sleep = load atomic i64, ptr %epoch seq_cst, align 8
  %woken = icmp ne i64 %now.sleep, %seen
  br i1 %woken, label %wake, label %wait
wait:
  call i32 @pthread_cond_wait(ptr %bell, ptr %lock)
  br label %check
wake:
  atomicrmw sub ptr %sleepers, i64 1 seq_cst
  call i32 @pthread_mutex_unlock(ptr %lock)
  br label %begin
begin:
  %now = phi i64 [%now.spin, %watch], [%now.sleep, %wake]
  %leave = load atomic i64, ptr %stop seq_cst, align 8
  %leaving = icmp ne i64 %leave, 0
  br i1 %leaving, label %end, label %join
join:
  atomicrmw add ptr %active, i64 1 seq_cst
  %is.open = load atomic i64, ptr %open seq_cst, align 8
  %late = icmp eq i64 %is.open, 0
  br i1 %late, label %left, label %helping
helping:
  call void @bl.pool.work(ptr %pool, i1 false)
  br label %left
left:
  atomicrmw sub ptr %active, i64 1 seq_cst
  br label %watch
end:
  ret void
}}

; Ring the bell: wake whoever sleeps.
define void @bl.pool.ring(ptr %pool) #0 {{
entry:
  %epoch = getelementptr i8, ptr %pool, i64 64
  %sleepers = getelementptr i8, ptr %pool, i64 384
  atomicrmw add ptr %epoch, i64 1 seq_cst
  %count = load atomic i64, ptr %sleepers seq_cst, align 8
  %any = icmp ne i64 %count, 0
  br i1 %any, label %wake, label %done
wake:
  %lock = getelementptr i8, ptr %pool, i64 448
  %bell = getelementptr i8, ptr %pool, i64 576
  call i32 @pthread_mutex_lock(ptr %lock)
  call i32 @pthread_cond_broadcast(ptr %bell)
  call i32 @pthread_mutex_unlock(ptr %lock)
  br label %done
done:
  ret void
}}

; Do all units of a step, with whoever helps.
define void @bl.pool.share(ptr %pool, ptr %step, ptr %table, i64 %count, i64 %portions) #0 {{
entry:
  %next = getelementptr i8, ptr %pool, i64 128
  %back = getelementptr i8, ptr %pool, i64 136
  %active = getelementptr i8, ptr %pool, i64 192
  %open = getelementptr i8, ptr %pool, i64 256
  %taken = getelementptr i8, ptr %pool, i64 320
  %pair = cmpxchg ptr %taken, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %mine, label %job, label %alone
alone:
  call void %step(ptr %table, i64 0, i64 %count, i1 true)
  ret void
job:
  %at.table = getelementptr i8, ptr %pool, i64 8
  %at.count = getelementptr i8, ptr %pool, i64 16
  %at.portions = getelementptr i8, ptr %pool, i64 24
  store ptr %step, ptr %pool
  store ptr %table, ptr %at.table
  store i64 %count, ptr %at.count
  store i64 %portions, ptr %at.portions
  store atomic i64 0, ptr %next seq_cst, align 8
  store atomic i64 0, ptr %back seq_cst, align 8
  store atomic i64 1, ptr %open seq_cst, align 8
  call void @bl.pool.ring(ptr %pool)
  call void @bl.pool.work(ptr %pool, i1 true)
  store atomic i64 0, ptr %open seq_cst, align 8
  br label %wait
wait:
  %turns = phi i64 [0, %job], [%turns.next, %wait.on], [0, %polite]
  %turns.next = add i64 %turns, 1
  %busy = load atomic i64, ptr %active seq_cst, align 8
  %none = icmp eq i64 %busy, 0
  br i1 %none, label %done, label %still
still:
  %long = icmp sgt i64 %turns.next, {spins}
  br i1 %long, label %polite, label %wait.on
polite:
  call i32 @sched_yield()
  br label %wait
wait.on:
  {pause}
  br label %wait
done:
  store atomic i64 0, ptr %taken seq_cst, align 8
  ret void
}}
"""

SYMBOLS = ["bl.pool.prepare", "bl.pool.help", "bl.pool.ring", "bl.pool.share"]


def text(attributes: str) -> str:
    """Return the module of the pool."""
    x86 = platform.machine() in {"x86_64", "AMD64", "i686"}
    pause = "call void @llvm.x86.sse2.pause()" if x86 else ""
    declare = "declare void @llvm.x86.sse2.pause()" if x86 else ""
    body = TEXT.format(pause=pause, declare_pause=declare, spins=SPINS)
    return f'{body}\nattributes #0 = {{ {attributes} }}\n'
