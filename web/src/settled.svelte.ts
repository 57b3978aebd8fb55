// Ask again once things have come to rest: an explanation need not follow every frame of a slider.

const REST_MS = 160;

/** Call `act` soon, and again whenever one of `watch`'s values has changed and then stayed for a while. */
export function settled(watch: () => readonly unknown[], act: () => void): void {
  let done: readonly unknown[] | null = null;
  $effect(() => {
    const now = watch();
    if (done?.length === now.length && now.every((x, at) => Object.is(x, done?.[at]))) return undefined;
    const timer = setTimeout(() => {
      done = now;
      act();
    }, done ? REST_MS : 0);
    return () => clearTimeout(timer);
  });
}
