// The module that serves three hosts: the studio's page, a notebook (anywidget's contract), and an exported file.

import typeface from "../../src/backlight/show/fonts/STIXTwoMath.woff2?inline";
import { mount as attach, unmount } from "svelte";
import App from "./App.svelte";
import { embeddedHost, type Recording } from "./link/embedded";
import type { Host } from "./link/host";
import { notebookHost, type Model } from "./link/notebook";
import { socketHost } from "./link/socket";
import { completed } from "./state/address";
import { Store } from "./store.svelte";
import type { Document, Welcome } from "./wire";

/** Formulas in a typeface whose brackets and sums stretch, also where none is installed. */
function letters(): void {
  const face = new FontFace("Backlight Math", `url(${typeface})`);
  document.fonts.add(face);
  void face.load();
}

/** Show the page in an element; the function that comes back takes it away. */
export function mount(element: HTMLElement, host: Host, start: Document | null, addressed: boolean): { readonly store: Store; readonly close: () => void } {
  letters();
  const store = new Store(host);
  store.keepFile = (name, media, bytes) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes.slice()], { type: media }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const app = attach(App, { target: element, props: { store } });
  void store.begin(start, addressed);
  const close = (): void => {
    store.close();
    void unmount(app);
  };
  return { store, close };
}

/** A page of its own: the studio's, whose greeting lies in it, or an exported file, whose news do. */
function alone(element: HTMLElement): void {
  for (const whole of [document.documentElement, document.body, element]) Object.assign(whole.style, { height: "100%", margin: "0" });
  element.replaceChildren();
  const recording = embedded<Recording>("backlight-news");
  const host = recording ? embeddedHost(recording) : socketHost(location, embedded<Welcome>("backlight-welcome"));
  const { store } = mount(element, host, recording ? completed(recording.document) : null, true);
  Object.assign(globalThis, { backlight: store }); // for those who look behind the scenes, and for the tests
}

/** The data that was written into the page under a name. */
function embedded<T>(id: string): T | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : null;
}

/** anywidget's contract. */
export default {
  render({ model, el }: { readonly model: Model; readonly el: HTMLElement }): () => void {
    el.style.height = "640px";
    const given = model.get("document");
    const { close } = mount(el, notebookHost(model), given === undefined || given === null ? null : completed(given), false);
    return close;
  },
};

const place = document.getElementById("backlight");
if (place) alone(place);
