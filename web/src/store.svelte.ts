// The one place where things happen: it holds the state, hands events to `next`, and does what follows from the change:
// the block is filled, the module is run, wishes are sent, the address is written.

import type { Host, HostNews } from "./link/host";
import type { Trained } from "./descent";
import { Block } from "./numbers/block";
import { literal } from "./numbers/literal";
import type { GraphView } from "./scene/view";
import { documentOf, fragmentOf, LONGEST } from "./state/address";
import type { Event } from "./state/event";
import { next } from "./state/next";
import { START, type Purpose, type State } from "./state/state";
import { needed, type Need } from "./state/wishes";
import { NEW_DOCUMENT, type Document, type News, type Open, type Wish } from "./wire";

const CATCH_UP_MS = 120; // after the finger rests the session hears where it came to rest
const ADDRESS_MS = 250;
const STAGE_MS = 900;
const AGAIN_MS = 600; // after the session said that wishes came too fast
const PATIENCE_MS = 15_000; // longer than a session may take

/** A wish before it has its number. */
export type Asked<W extends Wish = Wish> = W extends Wish ? Omit<W, "id"> : never;

let pages = 0; // in this window: a notebook may hold several

export class Store {
  /** What the names of this page's elements begin with, so that several pages of one notebook do not share them. */
  readonly id = pages++ === 0 ? "bl" : `bl${pages}`;
  state: State = $state.raw(START);
  tooLong = $state.raw(0);
  readonly block = new Block();
  readonly host: Host;
  /** How many explanations will be asked for as soon as things have come to rest. */
  due = 0;
  /** The canvas, once it is there. */
  view: GraphView | null = null;
  /** Called with a file that the session made. */
  keepFile: (name: string, media: string, bytes: Uint8Array) => void = () => undefined;

  private synced: Document = NEW_DOCUMENT; // what the session was told, or will hear with the wish under way
  private readonly memories = new WeakMap<object, ReadonlyMap<number, readonly number[]>>(); // of optimisers, by the inputs they go with
  private inBlock: Document = NEW_DOCUMENT; // whose values the block holds
  private opening = false;
  private valuesWish = 0; // the newest wish that values answer
  private stale = false; // whether the page is ahead of the session
  private timers = { catchUp: 0, address: 0, stage: 0, opening: 0, again: 0 };
  private written = "";

  constructor(host: Host) {
    this.host = host;
  }

  /** Begin: from the address, from what the host was started with, or from the first lesson. */
  async begin(start: Document | null, addressed: boolean): Promise<void> {
    let document = start;
    if (addressed) {
      try {
        document = (await documentOf(location.hash)) ?? start;
      } catch (error) {
        this.dispatch({ type: "notice", words: error instanceof Error ? error.message : String(error) });
      }
      addEventListener("hashchange", () => void this.follow());
    }
    if (this.host.kind === "file") {
      this.dispatch({ type: "link", link: "none" });
      this.synced = this.inBlock = start ?? NEW_DOCUMENT; // the recorded values are those of the recorded document
    }
    if (document) this.load(document);
    this.host.listen((said) => this.hear(said));
  }

  /** Whether everything that was asked for has come and nothing is about to be asked: what is seen stays until somebody acts. */
  get atRest(): boolean {
    const { graph, opened, mistake, heard, asked, live, absent, waiting } = this.state;
    if (!graph || this.due > 0 || this.opening || this.stale || waiting.size > 0) return false;
    return mistake !== null || (heard >= asked && opened?.revision === graph.revision && (live || absent !== ""));
  }

  dispatch(event: Event): void {
    const before = this.state;
    const after = next(before, event);
    if (after === before) return;
    this.state = after;
    if (before.document !== after.document) {
      if (event.type === "undo" || event.type === "redo") this.recall();
      this.follows();
      this.host.keep?.(after.document);
      if (!this.timers.address) this.timers.address = window.setTimeout(() => void this.write(), ADDRESS_MS);
    }
    if (before.playing !== after.playing || before.document.look.step !== after.document.look.step) this.pace();
  }

  load(document: Document, lesson = ""): void {
    this.dispatch({ type: "load", document, lesson });
  }

  /** Steps of descent were taken here: the document follows the block, and the optimiser's memory goes with it. */
  trained(made: Trained): void {
    this.dispatch({ type: "trained", ...made });
    this.memories.set(this.state.document.inputs, this.block.remembered());
    this.dispatch({ type: "numbers", live: true });
  }

  /** Whether the story of a number can be had: a file holds only some. */
  canTell(node: number, element: readonly number[]): boolean {
    return this.host.answers?.({ kind: "story", node, element, id: 0 }) ?? true;
  }

  /** Send a wish and remember what for. */
  ask<W extends Wish>(wish: Asked<W>, purpose: Purpose): void {
    this.flush();
    const id = this.state.counter + 1;
    this.dispatch({ type: "asked", id, purpose });
    this.host.send({ ...wish, id } as unknown as Wish);
  }

  /** Make sure that the session knows the values as they are, before something is asked of it. */
  flush(): void {
    if (!this.stale) return;
    window.clearTimeout(this.timers.catchUp);
    this.move();
  }

  close(): void {
    for (const timer of Object.values(this.timers)) window.clearTimeout(timer);
    this.host.close();
  }

  private hear(said: HostNews): void {
    if (said.type === "down") {
      this.opening = false;
      this.dispatch({ type: "link", link: "down" });
      return;
    }
    if (said.type === "up") {
      this.dispatch({ type: "link", link: "up" });
      if (this.state.document.text !== "") this.open(this.state.graph?.revision ?? 0);
      return;
    }
    if (said.type === "document") this.dispatch({ type: "document", document: said.document });
    else this.heed(said.news, said.bytes);
  }

  private heed(news: News, bytes: Uint8Array): void {
    const answersOpen = news.to === this.state.asked;
    if (news.kind === "graph" && (answersOpen || this.host.kind === "file")) this.block.open(news);
    this.dispatch({ type: "news", news });
    switch (news.kind) {
      case "welcome": {
        const first = news.document ?? news.lessons[0]?.document ?? null;
        const lesson = news.document ? "" : (news.lessons[0]?.key ?? "");
        if (this.state.document.text === "" && first) this.load(first, lesson);
        break;
      }
      case "opened":
        this.synced = { ...this.synced, inputs: this.state.document.inputs };
        this.opened();
        break;
      case "mistake":
        if (answersOpen) this.opened();
        else if (news.to === 0) this.timers.again = window.setTimeout(() => this.again(), AGAIN_MS); // wishes were dropped
        break;
      case "values":
        if (news.revision === this.state.graph?.revision) {
          const current = !this.stale && news.to >= this.valuesWish;
          this.block.fill(bytes, current);
          if (current) this.inBlock = this.synced;
          this.dispatch({ type: "numbers", live: this.block.live });
          if (current && news.to !== this.state.asked) this.check();
        }
        requestAnimationFrame(() => this.host.send({ kind: "ack", frame: news.frame, id: 0 }));
        break;
      case "code":
        void this.block.start(news, bytes).then((live) => {
          if (live) this.catchUp();
        });
        break;
      case "file":
        this.keepFile(news.name, news.media, bytes);
        break;
      default:
    }
  }

  /** What the optimiser remembered when the inputs were as they are again. */
  private recall(): void {
    const memory = this.block.remembered();
    const before = this.memories.get(this.state.document.inputs);
    this.block.set(before ?? new Map([...memory].map(([node, numbers]) => [node, numbers.map(() => 0)])));
  }

  /** The module has just started, with the values of the last frame; the finger may have moved on meanwhile. */
  private catchUp(): void {
    this.dispatch({ type: "numbers", live: true });
    this.follows();
  }

  /** What the newest document asks for, compared with what lies in the block and with what the session knows. */
  private follows(): void {
    const document = this.state.document;
    const done = this.put(needed(this.inBlock, document));
    if (done) this.inBlock = document;
    if (this.state.link === "none") return;
    const need = needed(this.synced, document);
    window.clearTimeout(this.timers.catchUp);
    this.stale = need.kind !== "nothing";
    if (need.kind === "open") this.open(this.state.graph?.revision ?? 0);
    else if (this.stale && !done) this.move();
    else if (this.stale) this.timers.catchUp = window.setTimeout(() => this.flush(), CATCH_UP_MS);
  }

  /** Other values into the block; false where they cannot be had without the session. */
  private put(need: Need): boolean {
    const node = this.state.graph?.rate ?? -1;
    const values = need.kind === "values" ? this.nodes(need.values) : need.kind === "rate" && node >= 0 ? new Map([[node, [need.rate]]]) : null;
    if (need.kind === "nothing") return true;
    if (!values || values.size === 0 || !this.block.set(values)) return false;
    this.dispatch({ type: "numbers", live: true });
    return true;
  }

  private nodes(values: Readonly<Record<string, string>>): Map<number, readonly number[]> {
    const found = new Map<number, readonly number[]>();
    for (const { name, node } of this.state.opened?.inputs ?? []) {
      const numbers = literal(values[name] ?? "")?.numbers;
      if (numbers) found.set(node, numbers);
    }
    return found;
  }

  /** The whole document to the session; one at a time, the newest after the one under way. */
  private open(known: number): void {
    if (this.state.link !== "up" || this.opening || this.state.document.text.trim() === "") return;
    this.opening = true;
    this.stale = false;
    window.clearTimeout(this.timers.catchUp);
    this.synced = this.state.document;
    const id = this.state.counter + 1;
    this.valuesWish = id;
    this.dispatch({ type: "asked", id, purpose: { about: "open" } });
    const wish: Open = { kind: "open", document: this.synced, known, id };
    this.host.send(wish);
    window.clearTimeout(this.timers.opening);
    this.timers.opening = window.setTimeout(() => this.again(), PATIENCE_MS);
  }

  private opened(): void {
    this.opening = false;
    window.clearTimeout(this.timers.opening);
    this.follows();
  }

  /** A document that was sent and never answered is sent again. */
  private again(): void {
    if (!this.opening) return;
    this.opening = false;
    this.synced = NEW_DOCUMENT;
    this.follows();
  }

  private move(): void {
    if (this.state.link !== "up" || this.opening) return;
    const need = needed(this.synced, this.state.document);
    if (need.kind === "open" || need.kind === "rate") {
      this.open(this.state.graph?.revision ?? 0);
      return;
    }
    this.stale = false;
    if (need.kind === "nothing") return;
    this.synced = { ...this.synced, inputs: this.state.document.inputs };
    const id = this.state.counter + 1;
    this.valuesWish = id;
    this.dispatch({ type: "asked", id, purpose: { about: "values" } });
    this.host.send({ kind: "move", values: need.values, id });
  }

  /** What is wrong with the values where the slider came to rest. */
  private check(): void {
    const id = this.state.counter + 1;
    this.dispatch({ type: "asked", id, purpose: { about: "check" } });
    this.host.send({ kind: "check", id });
  }

  /** The next stage after a while, as long as it plays. */
  private pace(): void {
    window.clearTimeout(this.timers.stage);
    if (!this.state.playing) return;
    this.timers.stage = window.setTimeout(() => {
      this.dispatch({ type: "place", place: this.state.document.look.step + 1 });
    }, STAGE_MS / this.state.speed);
  }

  private async write(): Promise<void> {
    this.timers.address = 0;
    const fragment = await fragmentOf(this.state.document);
    this.tooLong = fragment.length > LONGEST ? fragment.length : 0;
    if (this.host.kind === "notebook" || fragment.length > LONGEST) return;
    this.written = fragment;
    history.replaceState(history.state, "", `#${fragment}`);
  }

  private async follow(): Promise<void> {
    if (location.hash.slice(1) === this.written) return;
    try {
      const document = await documentOf(location.hash);
      if (document) this.load(document);
    } catch (error) {
      this.dispatch({ type: "notice", words: error instanceof Error ? error.message : String(error) });
    }
  }
}

