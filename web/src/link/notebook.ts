// A notebook's kernel behind anywidget's model: wishes and news are custom messages, the document is a trait that is saved.

import type { Document, News, Wish } from "../wire";
import { completed } from "../state/address";
import type { Host } from "./host";

/** The part of anywidget's model that is used. */
export interface Model {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(name: string, call: (message: { readonly news?: News }, buffers?: readonly DataView[]) => void): void;
  off(name: string, call?: unknown): void;
}

export function notebookHost(model: Model): Host {
  let stop: () => void = () => undefined;
  let kept = ""; // the document as the page wrote it last, to tell an echo from a change that Python made
  return {
    kind: "notebook",
    send(wish: Wish) {
      model.send(wish);
    },
    listen(hear) {
      const call = (message: { readonly news?: News }, buffers: readonly DataView[] = []): void => {
        const view = buffers[0];
        if (!message.news) return;
        const bytes = view ? new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength) : new Uint8Array();
        hear({ type: "news", news: message.news, bytes: bytes.slice() });
      };
      const changed = (): void => {
        const given = model.get("document");
        if (given && JSON.stringify(given) !== kept) hear({ type: "document", document: completed(given) });
      };
      model.on("msg:custom", call);
      model.on("change:document", changed);
      stop = () => {
        model.off("msg:custom", call);
        model.off("change:document", changed);
      };
      hear({ type: "up" });
    },
    keep(document: Document) {
      kept = JSON.stringify(document);
      model.set("document", document);
      model.save_changes();
    },
    close() {
      stop();
    },
  };
}
