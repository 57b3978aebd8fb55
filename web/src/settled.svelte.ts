// Ask again once things have come to rest: an explanation need not follow every frame of a slider.

import type { Store } from "./store.svelte";

const REST_MS = 160;

/** Call `act` soon, and again whenever one of `watch`'s values has changed and then stayed for a while. */
export function settled(store: Store, watch: () => readonly unknown[], act: () => void): void {
  let done: readonly unknown[] | null = null;
  $effect(() => {
    const now = watch();
    if (done?.length === now.length && now.every((x, at) => Object.is(x, done?.[at]))) return undefined;
    store.due += 1;
    const timer = setTimeout(() => {
      done = now;
      act();
      over();
    }, done ? REST_MS : 0);
    let over = (): void => {
      store.due -= 1;
      over = () => undefined;
    };
    return () => {
      clearTimeout(timer);
      over();
    };
  });
}
