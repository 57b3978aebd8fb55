// An exported file: the news that a session would send were written into the page. Nobody answers wishes, and whatever can
// be shown without answers is shown.

import type { Document, News, Wish } from "../wire";
import type { Host } from "./host";

/** One recorded news: what was said, and its bytes in base64 where it had some. */
export interface Recorded {
  readonly news: News;
  readonly bytes?: string;
  /** For an explanation: the wish that it answers. */
  readonly wish?: Wish;
}

export interface Recording {
  readonly document: Document;
  readonly news: readonly Recorded[];
}

export function embeddedHost(recording: Recording): Host {
  let hear: Parameters<Host["listen"]>[0] = () => undefined;
  return {
    kind: "file",
    send(wish) {
      const same = recording.news.find((recorded) => recorded.wish && alike(recorded.wish, wish));
      if (same) queueMicrotask(() => hear({ type: "news", news: { ...same.news, to: wish.id } as News, bytes: decoded(same.bytes) }));
    },
    listen(listener) {
      hear = listener;
      for (const { news, bytes, wish } of recording.news) if (!wish) hear({ type: "news", news, bytes: decoded(bytes) });
    },
    close() {
      hear = () => undefined;
    },
  };
}

function alike(a: Wish, b: Wish): boolean {
  return JSON.stringify({ ...a, id: 0 }) === JSON.stringify({ ...b, id: 0 });
}

function decoded(text: string | undefined): Uint8Array {
  return text === undefined ? new Uint8Array() : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
