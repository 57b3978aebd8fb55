// An exported file: the news that a session would send were written into the page. Nobody answers wishes, and whatever can
// be shown without answers is shown.

import type { Document, News, Wish } from "../wire";
import { through } from "../state/address";
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
  /** The stories of single numbers: of which nodes, and the recorded news as deflated JSON in base64. */
  readonly numbers?: { readonly nodes: readonly number[]; readonly packed: string };
}

export function embeddedHost(recording: Recording): Host {
  let hear: Parameters<Host["listen"]>[0] = () => undefined;
  let unpacked: Promise<ReadonlyMap<string, Recorded>> | null = null;
  const known = byWish(recording.news);
  return {
    kind: "file",
    answers: (wish) => known.has(key(wish)) || (ofNumber(wish) && (recording.numbers?.nodes.includes(wish.node) ?? false)),
    send(wish) {
      const answer = (same: Recorded): void => hear({ type: "news", news: { ...same.news, to: wish.id } as News, bytes: decoded(same.bytes) });
      const same = known.get(key(wish));
      if (same) queueMicrotask(() => answer(same));
      else if (ofNumber(wish) && recording.numbers) {
        unpacked ??= opened(recording.numbers.packed);
        void unpacked.then((found) => {
          const told = found.get(key(wish));
          if (told) answer(told);
        });
      }
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

function byWish(news: readonly Recorded[]): ReadonlyMap<string, Recorded> {
  return new Map(news.flatMap((recorded) => (recorded.wish ? [[key(recorded.wish), recorded] as const] : [])));
}

function ofNumber(wish: Wish): wish is Extract<Wish, { readonly kind: "story" }> {
  return wish.kind === "story" && wish.element.length > 0;
}

async function opened(packed: string): Promise<ReadonlyMap<string, Recorded>> {
  const bytes = await through(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)), new DecompressionStream("deflate-raw"));
  return byWish(JSON.parse(new TextDecoder().decode(bytes)) as readonly Recorded[]);
}

function key(wish: Wish): string {
  return JSON.stringify({ ...wish, id: 0 });
}

function decoded(text: string | undefined): Uint8Array {
  return text === undefined ? new Uint8Array() : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
