"""A small pool of threads, written in LLVM assembly: no Python while it works, and little waiting about.

A step that is worth it is cut into units, and whoever is free takes a portion of them; portions differ by one unit at most.
Helpers watch for a new job for some tens of microseconds and then sleep, so that a waiting program costs nothing; the caller
always works too, and waits only for helpers that have really begun, so that a helper which the system has not woken delays
nobody. A second caller finds the pool taken and does its step alone. The units decide what is computed, never who computes it:
the same bits on any number of threads.

A step has room in the arena for what it must copy together; the thread that asked for the step takes that, and helpers,
whose stacks are large enough, take theirs.

What there is to do stands in one line of the cache: a word, in which portions are taken, and what to call, which is read after
a portion was taken and so belongs to it. A helper that is awake has begun after that line came to it, twice: once to look, once
to take. The word counts, from the lowest byte on, the portions taken by helpers, those taken by the caller, all portions,
and in the other five bytes the jobs.

The state is one block: the word, function, table and count at 0, portions done by helpers at 128, taken at 256, sleepers at
384, helpers at 392, stop at 400, rings of the bell at 408, lock at 512, bell at 640.
"""

from __future__ import annotations

import platform

STATE_BYTES, STATE_ALIGN, TAKEN, SLEEPERS, HELPERS, STOP, RINGS = 1024, 128, 256, 384, 392, 400, 408
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
  %lock = getelementptr i8, ptr %pool, i64 512
  %bell = getelementptr i8, ptr %pool, i64 640
  call i32 @pthread_mutex_init(ptr %lock, ptr null)
  call i32 @pthread_cond_init(ptr %bell, ptr null)
  ret void
}}

; Take portions until none is left: the caller from the front, helpers from the back, so that from step to step each finds in its
; own cache what it wrote before. As many are taken as there are, so the two never meet. A step is told whether it runs in the
; thread that asked for it. Return how many were taken.
define internal i64 @bl.pool.work(ptr %pool, i1 %mine) #0 {{
entry:
  %at.step = getelementptr i8, ptr %pool, i64 8
  %at.table = getelementptr i8, ptr %pool, i64 16
  %at.count = getelementptr i8, ptr %pool, i64 24
  %one = select i1 %mine, i64 256, i64 1
  br label %again
again:
  %taken = phi i64 [0, %entry], [%taken.next, %do]
  %seen = load atomic i64, ptr %pool seq_cst, align 8
  br label %look
look:
  %word = phi i64 [%seen, %again], [%found, %take]
  %back = and i64 %word, 255
  %front.wide = lshr i64 %word, 8
  %front = and i64 %front.wide, 255
  %portions.wide = lshr i64 %word, 16
  %portions = and i64 %portions.wide, 255
  %all = add i64 %back, %front
  %more = icmp ult i64 %all, %portions
  br i1 %more, label %take, label %done
take:
  %wanted = add i64 %word, %one
  %pair = cmpxchg ptr %pool, i64 %word, i64 %wanted seq_cst seq_cst
  %found = extractvalue {{ i64, i1 }} %pair, 0
  %mine.now = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %mine.now, label %do, label %look
do:
  %taken.next = add i64 %taken, 1
  %top = add i64 %portions, -1
  %last.left = sub i64 %top, %back
  %portion = select i1 %mine, i64 %front, i64 %last.left
  %step = load ptr, ptr %at.step
  %table = load ptr, ptr %at.table
  %count = load i64, ptr %at.count
  %before = mul i64 %portion, %count
  %until = add i64 %before, %count
  %first = udiv i64 %before, %portions
  %last = udiv i64 %until, %portions
  call void %step(ptr %table, i64 %first, i64 %last, i1 %mine)
  br label %again
done:
  ret i64 %taken
}}

; What a helper does all its life: watch the word, help, and after a while without a new job sleep until the bell rings.
define void @bl.pool.help(ptr %pool) #0 {{
entry:
  %done = getelementptr i8, ptr %pool, i64 128
  %sleepers = getelementptr i8, ptr %pool, i64 384
  %stop = getelementptr i8, ptr %pool, i64 400
  %rings = getelementptr i8, ptr %pool, i64 408
  %lock = getelementptr i8, ptr %pool, i64 512
  %bell = getelementptr i8, ptr %pool, i64 640
  br label %watch
watch:
  %seen = phi i64 [0, %entry], [%job, %left], [%seen, %spin.on], [%seen, %wake]
  %spins = phi i64 [0, %entry], [0, %left], [%spins.next, %spin.on], [0, %wake]
  %word = load atomic i64, ptr %pool seq_cst, align 8
  %job = lshr i64 %word, 24
  %new = icmp ne i64 %job, %seen
  br i1 %new, label %begin, label %spin
spin:
  %spins.next = add i64 %spins, 1
  %tired = icmp sgt i64 %spins.next, {spins}
  br i1 %tired, label %sleep, label %spin.on
spin.on:
  {pause}
  br label %watch
begin:
  %taken = call i64 @bl.pool.work(ptr %pool, i1 false)
  %helped = icmp ne i64 %taken, 0
  br i1 %helped, label %tell, label %left
tell:
  atomicrmw add ptr %done, i64 %taken seq_cst
  br label %left
left:
  br label %watch
sleep:
  call i32 @pthread_mutex_lock(ptr %lock)
  atomicrmw add ptr %sleepers, i64 1 seq_cst
  %rung = load i64, ptr %rings
  br label %check
check:
  %leave = load atomic i64, ptr %stop seq_cst, align 8
  %leaving = icmp ne i64 %leave, 0
  br i1 %leaving, label %wake, label %asleep
asleep:
  %word.now = load atomic i64, ptr %pool seq_cst, align 8
  %job.now = lshr i64 %word.now, 24
  %called = icmp ne i64 %job.now, %seen
  %rings.now = load i64, ptr %rings
  %ringing = icmp ne i64 %rings.now, %rung
  %up = or i1 %called, %ringing
  br i1 %up, label %wake, label %wait
wait:
  call i32 @pthread_cond_wait(ptr %bell, ptr %lock)
  br label %check
wake:
  atomicrmw sub ptr %sleepers, i64 1 seq_cst
  call i32 @pthread_mutex_unlock(ptr %lock)
  br i1 %leaving, label %end, label %watch
end:
  ret void
}}

; Ring the bell: wake whoever sleeps.
define void @bl.pool.ring(ptr %pool) #0 {{
  %rings = getelementptr i8, ptr %pool, i64 408
  %lock = getelementptr i8, ptr %pool, i64 512
  %bell = getelementptr i8, ptr %pool, i64 640
  call i32 @pthread_mutex_lock(ptr %lock)
  %rung = load i64, ptr %rings
  %more = add i64 %rung, 1
  store i64 %more, ptr %rings
  call i32 @pthread_cond_broadcast(ptr %bell)
  call i32 @pthread_mutex_unlock(ptr %lock)
  ret void
}}

; Do all units of a step, with whoever helps; a short one wakes nobody. A step of no units is nothing but the bell.
define void @bl.pool.share(ptr %pool, ptr %step, ptr %table, i64 %count, i64 %portions, i1 %wake) #0 {{
entry:
  %done = getelementptr i8, ptr %pool, i64 128
  %taken = getelementptr i8, ptr %pool, i64 256
  %sleepers = getelementptr i8, ptr %pool, i64 384
  %at.helpers = getelementptr i8, ptr %pool, i64 392
  %before = load atomic i64, ptr %sleepers seq_cst, align 8
  %helpers = load i64, ptr %at.helpers
  %bell = icmp eq i64 %count, 0
  br i1 %bell, label %rouse, label %ask
rouse:
  %any = icmp ne i64 %before, 0
  br i1 %any, label %pull, label %leave
pull:
  call void @bl.pool.ring(ptr %pool)
  ret void
leave:
  ret void
ask:
  %awake = icmp slt i64 %before, %helpers
  %call = or i1 %awake, %wake
  br i1 %call, label %take, label %alone
take:
  %pair = cmpxchg ptr %taken, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %mine, label %job, label %alone
alone:
  call void %step(ptr %table, i64 0, i64 %count, i1 true)
  ret void
job:
  %at.step = getelementptr i8, ptr %pool, i64 8
  %at.table = getelementptr i8, ptr %pool, i64 16
  %at.count = getelementptr i8, ptr %pool, i64 24
  store atomic i64 0, ptr %done seq_cst, align 8
  store ptr %step, ptr %at.step
  store ptr %table, ptr %at.table
  store i64 %count, ptr %at.count
  %old = load atomic i64, ptr %pool seq_cst, align 8
  %number = lshr i64 %old, 24
  %number.next = add i64 %number, 1
  %number.high = shl i64 %number.next, 24
  %portions.high = shl i64 %portions, 16
  %word = or i64 %number.high, %portions.high
  store atomic i64 %word, ptr %pool seq_cst, align 8
  %asleep = load atomic i64, ptr %sleepers seq_cst, align 8
  %some = icmp ne i64 %asleep, 0
  %waking = and i1 %some, %wake
  br i1 %waking, label %ring, label %work
ring:
  call void @bl.pool.ring(ptr %pool)
  br label %work
work:
  %own = call i64 @bl.pool.work(ptr %pool, i1 true)
  %others = sub i64 %portions, %own
  br label %wait
wait:
  %turns = phi i64 [0, %work], [%turns.next, %wait.on], [0, %polite]
  %turns.next = add i64 %turns, 1
  %so.far = load atomic i64, ptr %done seq_cst, align 8
  %missing = icmp ne i64 %so.far, %others
  br i1 %missing, label %still, label %end
still:
  %long = icmp sgt i64 %turns.next, {spins}
  br i1 %long, label %polite, label %wait.on
polite:
  call i32 @sched_yield()
  br label %wait
wait.on:
  {pause}
  br label %wait
end:
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
