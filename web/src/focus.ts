// Where the focus goes when the button that was pressed is gone: to the panel that changed, not back to the top of the page.

import { tick } from "svelte";

/** Act, and leave the focus in the panel of this page if what had it has gone with what it changed. */
export async function keepingFocus(event: Event, page: string, act: () => void): Promise<void> {
  const from = event.currentTarget as HTMLElement;
  const root = from.getRootNode() as Document | ShadowRoot;
  act();
  await tick();
  if (!from.isConnected) root.getElementById(`${page}-panel`)?.focus({ preventScroll: true });
}
