// Paints a scene: highlights, edges with what they carry, boxes. Everything out of sight is left out, and what is small in
// the window is drawn with less detail; a crowd of dots is two fills and a stroke.

import { health } from "../numbers/said";
import { reached, type Stage } from "../state/walk";
import type { Card } from "../wire";
import { visible, type Area } from "./camera";
import { badge, bend, worst } from "./badge";
import { cardLines, known, roomOf, squeeze, updateText, type Line } from "./card";
import { LETTER, MAP, PAD, ROW } from "./cells";
import { CHIP_LETTER_PX, CHIP_PX, CHIP_ROW_PX, chipLines, cut, mapped } from "./chip";
import { CARD_ZOOM, detail, type Detail } from "./detail";
import { edges, paths } from "./edges";
import { FACE, type Inks } from "./inks";
import { Maps, matrixOf } from "./maps";
import { packets } from "./packet";
import { FEW, grown } from "./rooms";
import type { Scene } from "./scene";
import type { Strengths } from "./strength";


export class Painter {
  /** Where the chips stand that may have grown beyond their boxes, by place. */
  readonly areas = new Map<number, Area>();
  private readonly maps = new Maps();
  private graph: unknown = null;

  paint(context: CanvasRenderingContext2D, scene: Scene, strengths: Strengths, ratio: number): void {
    if (this.graph !== scene.plan.graph) this.maps.forget();
    this.graph = scene.plan.graph;
    const { camera, window, inks } = scene;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = inks.paper;
    context.fillRect(0, 0, window.width, window.height);
    const k = camera.zoom * ratio;
    const tx = (window.width / 2 - camera.x * camera.zoom) * ratio;
    const ty = (window.height / 2 - camera.y * camera.zoom) * ratio;
    context.setTransform(k, 0, 0, k, tx, ty);
    const area = wider(visible(camera, window), 40 / camera.zoom);
    const routes = scene.plan.routes.within(area);
    const cards = scene.plan.cards.within(area);
    paths(context, scene, routes);
    edges(context, scene, routes, strengths);
    this.cards(context, scene, cards);
    packets(context, scene, routes);
  }

  private cards(context: CanvasRenderingContext2D, scene: Scene, places: readonly number[]): void {
    const { plan, camera, near, walk, place } = scene;
    const dots: { card: Card; box: Area }[] = [];
    const late: { card: Card; box: Area; how: Detail; at: number }[] = [];
    this.areas.clear();
    for (const at of places) {
      const [card, box] = [plan.graph.cards[at], plan.boxes[at]];
      if (!card || !box || !reached(walk.built, card.node, place)) continue;
      const how = card.chip && camera.zoom >= (plan.graph.cards.length <= FEW ? CARD_ZOOM : 0.4) ? "card" : detail(camera.zoom, card.width, card.height, near.get(at) ?? Infinity);
      const named = scene.marks.troubled.has(card.node) || (card.chip && plan.graph.cards.length <= FEW);
      if (how === "dot" && !named) dots.push({ card, box });
      else late.push({ card, box, how: how === "dot" ? "chip" : how, at });
    }
    this.dots(context, scene, dots);
    this.maps.refresh(arrays(late.map(({ card }) => card), scene), scene.version, (node) => scene.block.read(node));
    for (const { card, box, how, at } of late) {
      if (how === "card") this.card(context, scene, card, box);
      else this.chip(context, scene, card, box, at);
    }
    this.outlines(context, scene, places);
  }

  private dots(context: CanvasRenderingContext2D, scene: Scene, dots: readonly { readonly card: Card; readonly box: Area }[]): void {
    const { inks, camera } = scene;
    const least = 2.4 / camera.zoom;
    for (const [kind, ink] of [["operation", inks.frame], ["input", inks.quiet], ["constant", inks.quiet], ["group", inks.ink], ["parameter", inks.edge]] as const) {
      context.fillStyle = ink;
      context.beginPath();
      for (const { card, box } of dots) {
        if (card.kind !== kind) continue;
        const [width, height] = [Math.max(box.right - box.left, least), Math.max(box.bottom - box.top, least)];
        context.rect(card.x - width / 2, card.y - height / 2, width, height);
      }
      context.fill();
    }
    context.strokeStyle = inks.output;
    context.lineWidth = 2 / camera.zoom;
    for (const { card, box } of dots) if (card.output) context.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  }

  private frame(context: CanvasRenderingContext2D, inks: Inks, card: Card, box: Area, scale: number): void {
    const [width, height] = [box.right - box.left, box.bottom - box.top];
    context.beginPath();
    context.roundRect(box.left, box.top, width, height, card.chip ? 11 : 4);
    context.fillStyle = card.kind === "parameter" ? inks.parameter : inks.card;
    context.fill();
    context.strokeStyle = card.output ? inks.output : inks.frame;
    context.lineWidth = (card.output ? 2 : card.kind === "parameter" ? 2.2 : 1) * scale;
    context.setLineDash(card.kind === "constant" ? [3 * scale, 2 * scale] : []);
    context.stroke();
    context.setLineDash([]);
    if (card.kind === "group") {
      context.strokeRect(box.left + 3 * scale, box.top + 3 * scale, width - 6 * scale, height - 6 * scale);
    }
    if (card.output) {
      context.lineWidth = scale;
      context.beginPath();
      context.roundRect(box.left + 3 * scale, box.top + 3 * scale, width - 6 * scale, height - 6 * scale, 2);
      context.stroke();
    }
  }

  private card(context: CanvasRenderingContext2D, scene: Scene, card: Card, box: Area): void {
    const { inks } = scene;
    this.frame(context, inks, card, box, 1);
    context.textBaseline = "alphabetic";
    const room = box.right - box.left;
    if (card.chip) {
      context.font = `bold 12px ${FACE}`;
      context.fillStyle = inks.ink;
      context.textAlign = "center";
      context.fillText(card.name, card.x, box.top + 15, room - 8);
      context.textAlign = "left";
      return;
    }
    const lines = cardLines(scene, card);
    const wide = roomOf(lines, box);
    lines.forEach((line, row) => {
      context.font = line.tone === "strong" ? `bold 12px ${FACE}` : `12px ${FACE}`;
      context.fillStyle = ink(inks, line.tone);
      const y = box.top + PAD + 10 + row * ROW;
      const narrow = line.text.length * LETTER > wide;
      if (narrow) context.fillText(line.text, box.left + PAD, y, row < 2 ? room - 2 * PAD : wide);
      else context.fillText(line.text, box.left + PAD, y);
      if (card.node === scene.marks.selected) this.chosen(context, scene, line, box.left + PAD, y, LETTER * squeeze(line, wide));
      if (line.map !== undefined) this.map(context, scene, line.map, box.right - PAD - MAP, y - 10);
    });
    this.ill(context, scene, card, box, 1.1);
    this.callout(context, scene, card, box, 1);
  }

  /** A frame around the number that was chosen. */
  private chosen(context: CanvasRenderingContext2D, scene: Scene, line: Line, x: number, y: number, letter: number): void {
    const cell = scene.marks.element < 0 ? undefined : line.cells?.find(({ at }) => at === scene.marks.element);
    if (!cell) return;
    context.strokeStyle = scene.inks.forward;
    context.lineWidth = 1.5;
    context.strokeRect(x + cell.from * letter - 2, y - 12, (cell.to - cell.from) * letter + 4, ROW - 1);
  }

  private map(context: CanvasRenderingContext2D, scene: Scene, node: number, x: number, y: number): void {
    const reading = scene.block.read(node);
    if (!reading) return;
    const { rows, columns } = matrixOf(reading.shape);
    const side = Math.min(MAP / Math.max(columns, 1), MAP / Math.max(rows, 1), 12);
    const cell = this.maps.cell(node);
    if (!cell) return;
    const [width, height] = [Math.max(side * columns, 4), Math.max(side * rows, rows === 1 ? 6 : 4)];
    context.imageSmoothingEnabled = false;
    context.drawImage(cell.sheet, cell.x, cell.y, cell.width, cell.height, x, y, width, height);
    context.strokeStyle = scene.inks.frame;
    context.lineWidth = 0.5;
    context.strokeRect(x, y, width, height);
  }

  /** The arithmetic of an update, in a bubble under its card. */
  private callout(context: CanvasRenderingContext2D, scene: Scene, card: Card, box: Area, scale: number): void {
    const { inks } = scene;
    const text = updateText(scene, card.node);
    if (!text) return;
    context.font = `bold ${12 * scale}px ${FACE}`;
    const width = (text.length * LETTER + 16) * scale;
    const top = box.bottom + 6 * scale;
    context.fillStyle = inks.paper;
    context.strokeStyle = inks.edge;
    context.lineWidth = 1.5 * scale;
    context.beginPath();
    context.roundRect(card.x - width / 2, top, width, 24 * scale, 6 * scale);
    context.fill();
    context.stroke();
    context.fillStyle = inks.backward;
    context.textAlign = "center";
    context.fillText(text, card.x, top + 16 * scale, width - 10 * scale);
    context.textAlign = "left";
  }

  /** Name, value and gradient in letters of a size that can be read from any distance. */
  private chip(context: CanvasRenderingContext2D, scene: Scene, card: Card, box: Area, at: number): void {
    const { inks, camera } = scene;
    const scale = 1 / camera.zoom;
    const { value, gradient } = known(scene, card);
    const most = scene.plan.rooms[at] ?? box;
    const size = { width: (most.right - most.left) * camera.zoom, height: (most.bottom - most.top) * camera.zoom };
    const maps = card.kind !== "group" && !card.chip && mapped(value) && size.height >= CHIP_ROW_PX + 12 && size.width >= 48;
    const drawn = maps || card.chip ? [{ text: card.name, tone: "strong" as const }] : chipLines(card, value, gradient, size);
    const letters = Math.max(...drawn.map(({ text }) => text.length));
    const frames = card.output ? 6 : 0; // px more for the second frame
    const wish = { width: letters * CHIP_LETTER_PX + 8 + frames, height: drawn.length * CHIP_ROW_PX + 3 + (maps ? 9 : frames) };
    const place = grown(box, most, wish.width * scale, wish.height * scale, (card.chip ? 8 : 40) * scale);
    this.areas.set(at, place);
    const middle = (place.left + place.right) / 2;
    this.frame(context, inks, card, place, scale);
    const room = (place.right - place.left) * camera.zoom - 6;
    const top = maps ? place.top + (CHIP_ROW_PX / 2 + 1) * scale : (place.top + place.bottom) / 2 - ((drawn.length - 1) * CHIP_ROW_PX * scale) / 2;
    context.textAlign = "center";
    context.textBaseline = "middle";
    drawn.forEach((line, row) => {
      context.font = `${line.tone === "strong" ? "bold " : ""}${CHIP_PX * scale}px ${FACE}`;
      context.fillStyle = ink(inks, line.tone);
      context.fillText(cut(line.text, Math.floor(room / CHIP_LETTER_PX)), middle, top + row * CHIP_ROW_PX * scale);
    });
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    if (maps) this.pair(context, scene, card, gradient !== null && gradient !== "?", place, scale);
    this.ill(context, scene, card, place, scale);
    this.callout(context, scene, card, place, scale);
  }

  /** A small hollow mark where something that is no number has come through; where it was born stands a full one. */
  private ill(context: CanvasRenderingContext2D, scene: Scene, card: Card, place: Area, scale: number): void {
    if (card.chip || scene.marks.troubled.has(card.node)) return;
    const { value, gradient } = known(scene, card);
    const trouble = worst(health(value === "?" ? null : value), health(gradient === "?" ? null : gradient));
    if (trouble) badge(context, scene.inks, trouble, place.right, place.top, 0.7 * scale, true);
  }

  /** The maps of a value and of its gradient side by side under the name of a chip, marked by the colours of their passes. */
  private pair(context: CanvasRenderingContext2D, scene: Scene, card: Card, both: boolean, place: Area, scale: number): void {
    const top = place.top + (CHIP_ROW_PX + 2) * scale;
    const [width, height] = [(place.right - place.left) / 2 - 8 * scale, place.bottom - top - 4 * scale];
    const shown = [[card.node, scene.inks.forward], ...(both ? [[card.gradient, scene.inks.backward]] : [])] as const;
    shown.forEach(([node, ink], at) => {
      const reading = scene.block.read(Number(node));
      if (!reading) return;
      const { rows, columns } = matrixOf(reading.shape);
      const side = Math.min(width / columns, height / rows, 10 * scale);
      const [wide, tall] = [Math.max(side * columns, 4 * scale), Math.max(side * rows, 4 * scale)];
      const across = (place.left + place.right) / 2;
      const middle = shown.length === 1 ? across : across + (at === 0 ? -1 : 1) * (width / 2 + 3 * scale);
      const [x, y] = [middle - wide / 2, top + (height - tall) / 2];
      const cell = this.maps.cell(Number(node));
      if (!cell) return;
      context.imageSmoothingEnabled = false;
      context.drawImage(cell.sheet, cell.x, cell.y, cell.width, cell.height, x, y, wide, tall);
      context.strokeStyle = String(ink);
      context.lineWidth = 1.2 * scale;
      context.strokeRect(x, y, wide, tall);
    });
  }

  /** Outlines of what is chosen, found, troubled, and where the walk is. */
  private outlines(context: CanvasRenderingContext2D, scene: Scene, places: readonly number[]): void {
    const { plan, marks, inks, camera, walk, place } = scene;
    const scale = 1 / camera.zoom;
    const stage: Stage | undefined = place >= 0 ? walk.stages[place] : undefined;
    for (const at of places) {
      const [card, box] = [plan.graph.cards[at], this.areas.get(at) ?? plan.boxes[at]];
      if (!card || !box || !reached(walk.built, card.node, place)) continue;
      const now = stage?.nodes.includes(card.node);
      if (now) {
        context.strokeStyle = stage?.phase === "backward" || stage?.phase === "update" ? inks.edge : inks.forward;
        outline(context, box, 5, 4 * scale, []);
      }
      if (marks.found.has(card.node)) {
        context.strokeStyle = inks.ink;
        outline(context, box, 8, 2 * scale, [6 * scale, 4 * scale]);
      }
      if (card.node === marks.selected && !card.chip) {
        context.strokeStyle = inks.forward;
        outline(context, box, now ? 10 : 4, 3 * scale, []);
      }
      const trouble = marks.troubled.get(card.node);
      if (trouble && !card.chip) badge(context, inks, trouble, box.right, box.top, Math.max(scale, 1));
      if (marks.noted.has(card.node) && !card.chip && reached(walk.valued, card.node, place)) bend(context, inks, box.left, box.top, Math.max(scale, 1));
    }
  }
}

/** The nodes whose arrays are drawn as maps on these cards. */
function* arrays(cards: readonly Card[], { block }: Scene): Generator<number> {
  for (const card of cards) {
    if (card.chip || card.kind === "group") continue;
    for (const node of [card.node, card.gradient]) if ((block.read(node)?.shape.length ?? 0) > 0) yield node;
  }
}

function ink(inks: Inks, tone: "strong" | "quiet" | "forward" | "backward"): string {
  return tone === "strong" ? inks.ink : inks[tone];
}

function outline(context: CanvasRenderingContext2D, box: Area, away: number, line: number, dash: readonly number[]): void {
  context.lineWidth = line;
  context.setLineDash([...dash]);
  context.beginPath();
  context.roundRect(box.left - away, box.top - away, box.right - box.left + 2 * away, box.bottom - box.top + 2 * away, 6 + away / 2);
  context.stroke();
  context.setLineDash([]);
}

function wider(area: Area, by: number): Area {
  return { left: area.left - by, right: area.right + by, top: area.top - by, bottom: area.bottom + by };
}
