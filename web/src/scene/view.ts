// The canvas itself: it paints when something has changed, at most once a frame, and turns hands into camera movements.

import type { Block } from "../numbers/block";
import { reached, type Walk } from "../state/walk";
import type { Graph } from "../wire";
import { between, fitted, inWindow, onSheet, panned, revealing, visible, zoomed, type Camera, type Size } from "./camera";
import { cardLines, edgeLines, numberAt } from "./card";
import { CARD_ZOOM, detail, distances } from "./detail";
import type { Inks } from "./inks";
import { Painter } from "./paint";
import { plansOf, type Marks, type Plan, type Scene } from "./scene";
import { Snapshot } from "./snapshot";
import { Strengths } from "./strength";

const GLIDE_MS = 220;
const PACKET_MS = 650;
const CLICK_PX = 5; // a hand that moved less has clicked
const NEAR = 1;
const CROWD = 2500; // boxes in sight, from which on they are painted once and then moved
const AFAR = CARD_ZOOM * 0.999; // nearer, the room for the words on the edges is needed
const SOME = 40; // the same while nothing but the camera changes

export interface Shown {
  readonly graph: Graph;
  readonly block: Block;
  readonly version: number;
  readonly walk: Walk;
  readonly place: number;
  readonly marks: Marks;
  readonly inks: Inks;
  readonly still: boolean; // reduced motion
  readonly speed: number;
}

export interface Calls {
  /** A card was chosen, by its place, or nothing: -1; and one of its numbers, by where it lies in the array, or -1. */
  readonly choose: (place: number, number: number) => void;
  readonly open: (place: number) => void;
  readonly moved: (camera: Camera, byHand: boolean) => void;
}

export class GraphView {
  /** How many frames were painted, in how many of them something moved by itself, the milliseconds that the last one took, and what it showed. */
  painted: { readonly frames: number; readonly moving: number; readonly last_ms: number; readonly of: Shown | null; readonly camera: Camera | null } = { frames: 0, moving: 0, last_ms: 0, of: null, camera: null };
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  private readonly canvas: HTMLCanvasElement;
  private readonly calls: Calls;
  private readonly painter = new Painter();
  private readonly snapshot = new Snapshot();
  private readonly strengths = new Strengths();
  private readonly fingers = new Map<number, { readonly x: number; readonly y: number }>();
  private shown: Shown | null = null;
  private plans: { readonly near: Plan; readonly far: Plan } | null = null;
  /** The one that is shown: from afar the one whose layers stand closer together. The camera is on its sheet. */
  private plan: Plan | null = null;
  private near: ReadonlyMap<number, number> = new Map();
  private window: Size = { width: 1, height: 1 };
  private frame = 0;
  private travelled = 0;
  private glide: { readonly from: Camera; readonly to: Camera; readonly since: number } | null = null;
  private started = 0; // when the current stage began
  private byHand = false;
  private readonly stops: (() => void)[] = [];

  constructor(canvas: HTMLCanvasElement, calls: Calls) {
    this.canvas = canvas;
    this.calls = calls;
    this.listen();
  }

  /** Show this from now on. */
  show(shown: Shown): void {
    const before = this.shown;
    this.shown = shown;
    if (!this.plan || this.plan.of !== shown.graph) {
      const y = this.plan?.drop(this.camera.y) ?? this.camera.y;
      this.plans = plansOf(shown.graph);
      this.plan = this.planAt(this.camera.zoom);
      this.camera = { ...this.camera, y: this.plan?.lift(y) ?? y };
      if (!this.byHand) this.fit(before === null || shown.still);
    }
    if (!before || before.marks.selected !== shown.marks.selected || before.graph !== shown.graph) {
      const chosen = shown.graph.cards.flatMap((card, place) => (card.node === shown.marks.selected ? [place] : []));
      this.near = distances(shown.graph.cards.length, chosen.length > 0 ? (this.plan?.edges ?? []) : [], chosen, NEAR);
    }
    if (before?.place !== shown.place) this.started = performance.now();
    this.dirty();
  }

  /** All of the picture in the window. */
  fit(atOnce = false): void {
    if (!this.plans) return;
    this.byHand = false;
    const { near, far } = this.plans;
    const whole = fitted(near.whole, this.window);
    if (whole.zoom >= CARD_ZOOM) this.turn(near);
    else this.turn(far);
    this.go(whole.zoom >= CARD_ZOOM ? whole : fitted(far.whole, this.window, AFAR), atOnce);
    this.calls.moved(this.glide?.to ?? this.camera, false);
  }

  private planAt(zoom: number): Plan | null {
    return this.plans && (zoom >= CARD_ZOOM ? this.plans.near : this.plans.far);
  }

  /** Go over to the other plan; what was at this height of the sheet stays where it is in the window. */
  private turn(plan: Plan | null, y = this.camera.y): void {
    if (!plan || plan === this.plan) return;
    const by = this.plan ? plan.lift(this.plan.drop(y)) - y : 0;
    this.camera = { ...this.camera, y: this.camera.y + by };
    this.plan = plan;
  }

  /** Put the camera somewhere, as a link says: on the sheet as it was laid out. */
  look(camera: Camera): void {
    this.byHand = true;
    this.glide = null;
    this.plan = this.planAt(camera.zoom);
    this.camera = { ...camera, y: this.plan?.lift(camera.y) ?? camera.y };
    this.dirty();
  }

  /** Bring a card into sight. */
  reveal(place: number): void {
    const box = this.plan?.boxes[place];
    if (!box) return;
    const to = revealing(this.glide?.to ?? this.camera, box, this.window);
    if (to.x !== this.camera.x || to.y !== this.camera.y) this.go(to, this.shown?.still ?? false);
  }

  zoom(factor: number, px = this.window.width / 2, py = this.window.height / 2): void {
    this.hand(zoomed(this.camera, factor, px, py, this.window), onSheet(this.camera, px, py, this.window).y);
  }

  pan(dx: number, dy: number): void {
    this.hand(panned(this.camera, dx, dy));
  }

  /** What is written on the cards and the edges that the walk has come to: the picture in words, as it is painted. */
  says(): { readonly cards: readonly { readonly node: number; readonly lines: readonly string[] }[]; readonly edges: readonly { readonly consumer: number; readonly operand: number; readonly number: number; readonly lines: readonly string[] }[] } {
    if (!this.shown || !this.plan) return { cards: [], edges: [] };
    const { graph, walk, place } = this.shown;
    const scene = this.scene(this.plan, this.shown, 1);
    const built = (at: number): boolean => reached(walk.built, graph.cards[at]?.node ?? -1, place);
    return {
      cards: graph.cards.flatMap((card, at) => (built(at) ? [{ node: card.node, lines: cardLines(scene, card).map(({ text }) => text) }] : [])),
      edges: graph.routes.flatMap((route) => {
        const [consumer, operand] = [graph.cards[route.consumer]?.node ?? -1, graph.cards[route.operand]?.node ?? -1];
        return built(route.consumer) ? [{ consumer, operand, number: route.number, lines: edgeLines(scene, route).map(({ text }) => text) }] : [];
      }),
    };
  }

  get size(): Size {
    return this.window;
  }

  /** Where a card is in the window. */
  where(place: number): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null {
    const box = this.plan?.boxes[place];
    if (!box) return null;
    const { x, y } = inWindow(this.camera, box.left, box.top, this.window);
    return { x, y, width: (box.right - box.left) * this.camera.zoom, height: (box.bottom - box.top) * this.camera.zoom };
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  private hand(camera: Camera, held = camera.y): void {
    this.byHand = true;
    this.glide = null;
    this.camera = camera;
    this.turn(this.planAt(camera.zoom), held);
    this.calls.moved({ ...this.camera, y: this.plan?.drop(this.camera.y) ?? this.camera.y }, true);
    this.dirty();
  }

  private go(to: Camera, atOnce: boolean): void {
    if (atOnce) {
      this.camera = to;
      this.glide = null;
    } else this.glide = { from: this.camera, to, since: performance.now() };
    this.dirty();
  }

  private dirty(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.paint(now));
  }

  private paint(now: number): void {
    this.frame = 0;
    const { shown, plan } = this;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!shown || !plan || !context) return;
    if (this.glide) {
      const share = Math.min(1, Math.max(0, now - this.glide.since) / GLIDE_MS);
      this.camera = between(this.glide.from, this.glide.to, 1 - (1 - share) ** 3);
      if (share >= 1) this.glide = null;
    }
    const begun = performance.now();
    const progress = shown.still || shown.place < 0 ? 1 : Math.min(1, ((now - this.started) * shown.speed) / PACKET_MS);
    this.strengths.measure(shown.graph, shown.block, shown.version, shown.marks.secret);
    const ratio = this.canvas.width / Math.max(1, this.window.width);
    const scene = this.scene(plan, shown, progress);
    const count = progress >= 1 ? plan.cards.within(visible(this.camera, this.window)).length : 0;
    const crowd = count > CROWD || (count > SOME && this.painted.of === shown && this.painted.camera !== this.camera);
    let blurred = false;
    if (crowd) {
      blurred = this.snapshot.draw(context, shown, this.camera, this.window, ratio, now, (onto, window) => {
        this.painter.paint(onto, { ...scene, window }, this.strengths, ratio);
      });
    } else this.painter.paint(context, scene, this.strengths, ratio);
    const moving = this.glide !== null || progress < 1;
    this.painted = { frames: this.painted.frames + 1, moving: this.painted.moving + (moving ? 1 : 0), last_ms: performance.now() - begun, of: shown, camera: this.camera };
    if (moving || blurred) this.dirty();
  }

  private scene(plan: Plan, shown: Shown, progress: number): Scene {
    const { block, version, walk, place, marks, inks } = shown;
    return { plan, camera: this.camera, window: this.window, inks, block, version, walk, place, progress, marks, near: this.near };
  }

  private listen(): void {
    const { canvas } = this;
    const on = <K extends keyof HTMLElementEventMap>(name: K, call: (event: HTMLElementEventMap[K]) => void, options?: AddEventListenerOptions): void => {
      canvas.addEventListener(name, call, options);
      this.stops.push(() => canvas.removeEventListener(name, call, options));
    };
    const size = new ResizeObserver(() => this.resize());
    size.observe(canvas);
    this.stops.push(() => size.disconnect());
    on("wheel", (event) => {
      event.preventDefault();
      const { x, y } = this.local(event);
      if (event.ctrlKey || event.deltaMode !== 0 || Math.abs(event.deltaY) >= 40) this.zoom(Math.exp(-event.deltaY / 400), x, y);
      else this.pan(-event.deltaX, -event.deltaY);
    }, { passive: false });
    on("pointerdown", (event) => {
      this.fingers.set(event.pointerId, this.local(event));
      if (this.fingers.size === 1) this.travelled = 0;
      canvas.setPointerCapture(event.pointerId);
    });
    on("pointermove", (event) => this.drag(event));
    on("pointerup", (event) => {
      const click = this.fingers.size === 1 && this.travelled <= CLICK_PX;
      this.fingers.delete(event.pointerId);
      if (click) {
        const place = this.cardAt(this.local(event));
        this.calls.choose(place, this.numberOf(place, this.local(event)));
      }
    });
    on("pointercancel", (event) => void this.fingers.delete(event.pointerId));
    on("dblclick", (event) => {
      const place = this.cardAt(this.local(event));
      if (place >= 0) this.calls.open(place);
    });
  }

  private drag(event: PointerEvent): void {
    const here = this.local(event);
    const before = this.fingers.get(event.pointerId);
    if (!before) {
      this.canvas.style.cursor = this.cardAt(here) >= 0 ? "pointer" : "grab";
      return;
    }
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, here);
    this.travelled += Math.abs(here.x - before.x) + Math.abs(here.y - before.y);
    if (other) {
      const gap = (from: { readonly x: number; readonly y: number }): number => Math.hypot(from.x - other.x, from.y - other.y);
      this.zoom(gap(here) / Math.max(1, gap(before)), (here.x + other.x) / 2, (here.y + other.y) / 2);
    } else if (this.travelled > CLICK_PX) this.pan(here.x - before.x, here.y - before.y);
  }

  private cardAt({ x, y }: { readonly x: number; readonly y: number }): number {
    const at = onSheet(this.camera, x, y, this.window);
    const place = this.plan?.cards.at(at.x, at.y) ?? -1;
    if (place >= 0) return place;
    for (const [grown, { left, right, top, bottom }] of this.painter.areas) {
      if (left <= at.x && at.x <= right && top <= at.y && at.y <= bottom) return grown;
    }
    return -1;
  }

  /** The number of an array that stands at a point of the window, on a card drawn in full. */
  private numberOf(place: number, { x, y }: { readonly x: number; readonly y: number }): number {
    const [card, box] = [this.plan?.graph.cards[place], this.plan?.boxes[place]];
    if (!this.plan || !this.shown || !card || !box || card.chip || card.kind === "group") return -1;
    if (detail(this.camera.zoom, card.width, card.height, Infinity) !== "card") return -1;
    const at = onSheet(this.camera, x, y, this.window);
    return numberAt(this.scene(this.plan, this.shown, 1), card, box, at.x, at.y);
  }

  private local(event: MouseEvent): { readonly x: number; readonly y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const first = this.window.width <= 1;
    this.window = { width: Math.max(1, width), height: Math.max(1, height) };
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    if (!this.byHand) this.fit(first || this.glide === null);
    this.dirty();
  }
}
