// What stands behind the page: a server, a notebook's kernel, or nothing but the file that it was opened from.

import type { Document, News, Wish } from "../wire";

export type HostNews =
  | { readonly type: "up" }
  | { readonly type: "down" }
  | { readonly type: "news"; readonly news: News; readonly bytes: Uint8Array }
  /** Python changed the document that a notebook keeps. */
  | { readonly type: "document"; readonly document: Document };

export interface Host {
  readonly kind: "studio" | "notebook" | "file";
  /** Send a wish; where nobody answers (a file), nothing happens. */
  send(wish: Wish): void;
  /** Whether a wish will be answered, where not every one is. */
  answers?(wish: Wish): boolean;
  /** Be told what the host has to say, from now on. */
  listen(hear: (said: HostNews) => void): void;
  /** Keep the document where the host keeps things (a notebook's model). */
  keep?(document: Document): void;
  close(): void;
}
