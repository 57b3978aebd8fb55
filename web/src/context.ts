// The store, for every component below the page.

import { getContext, setContext } from "svelte";
import type { Store } from "./store.svelte";

const KEY = Symbol("store");

export function provide(store: Store): void {
  setContext(KEY, store);
}

export function useStore(): Store {
  return getContext<Store>(KEY);
}
