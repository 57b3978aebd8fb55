// What is written on a card and on the edges, as lines of words: the same as the pictures that Python draws.

import type { Block, Reading } from "../numbers/block";
import { bracketed, ends, inline } from "../numbers/figures";
import { element, said, width } from "../numbers/said";
import { arrivals } from "../state/neighbours";
import { reached } from "../state/walk";
import type { Card, Graph, Route } from "../wire";
import { cellsOf, LETTER, MAP, onMap, PAD, ROW, type Cell } from "./cells";
import type { Area } from "./camera";
import type { Scene } from "./scene";

export type Tone = "strong" | "quiet" | "forward" | "backward";

export interface Line {
  readonly text: string;
  readonly tone: Tone;
  /** The node whose map of colours begins at this line. */
  readonly map?: number;
  /** The numbers of an array that stand on it. */
  readonly cells?: readonly Cell[];
}

const ROWS = 4; // of a matrix on a card
const COLUMNS = 5;
const LABEL = 9; // letters before the numbers
const SUMMANDS = 4; // more are counted, not written out

/** What is known of a card's numbers at this place of the walk; secrets are asked for instead. */
export function known(scene: Scene, card: Card): { readonly value: Reading | "?" | null; readonly gradient: Reading | "?" | null } {
  const { block, walk, place, marks } = scene;
  const value = reached(walk.valued, card.node, place) ? block.read(card.node) : null;
  const gradient = card.gradient >= 0 && reached(walk.graded, card.node, place) ? block.read(card.gradient) : null;
  return {
    value: value && marks.secret.has(`${card.node}:value`) ? "?" : value,
    gradient: gradient && marks.secret.has(`${card.node}:gradient`) ? "?" : gradient,
  };
}

export function cardLines(scene: Scene, card: Card): readonly Line[] {
  const { value, gradient } = known(scene, card);
  const title = card.type ? `${card.name} :: ${card.type}` : card.name;
  const lines: Line[] = [
    { text: card.kind === "group" ? title : `${card.node}  ${title}`, tone: "strong" },
    { text: card.signature + (!card.shape ? "" : `   ${scene.marks.secret.has(`${card.node}:shape`) ? "?" : card.shape}`), tone: "quiet" },
  ];
  if (value) lines.push(...numberLines("value", value, "forward", card.node));
  else if (card.kind !== "constant") lines.push({ text: "no value yet", tone: "quiet" });
  if (gradient) {
    lines.push(...numberLines("gradient", gradient, "backward", card.gradient));
    const total = sum(scene.block, scene.plan.graph, card.node);
    if (total && gradient !== "?") lines.push({ text: `${" ".repeat(9)}${total}`, tone: "backward" });
  }
  return lines;
}

function numberLines(word: string, reading: Reading | "?", tone: Tone, node: number): readonly Line[] {
  if (reading === "?") return [{ text: `${word.padEnd(9)}?`, tone }];
  if (reading.shape.length === 0) return [{ text: word.padEnd(9) + element(reading, 0), tone }];
  const wide = reading.shape[reading.shape.length - 1] ?? 1;
  const [rows, columns] = reading.shape.length === 1 ? [[0], ends(wide, COLUMNS + 3)] : [ends(reading.shape[reading.shape.length - 2] ?? 1, ROWS), ends(wide, COLUMNS)];
  return bracketed(reading.numbers, reading.shape, ROWS, COLUMNS, 4, width(reading)).map((line, row) => ({
    text: (row === 0 ? word : "").padEnd(LABEL) + line,
    tone,
    cells: cellsOf(line, rows[row] ?? -1, columns, wide).map(({ at, from, to }) => ({ at, from: from + LABEL, to: to + LABEL })),
    ...(row === 0 && reading.numbers.length > 1 ? { map: node } : {}),
  }));
}

/** The room that the lines of a card have beside its maps of colours. */
export function roomOf(lines: readonly Line[], box: Area): number {
  return box.right - box.left - 2 * PAD - (lines.some(({ map }) => map !== undefined) ? MAP + PAD : 0);
}

/** How much narrower than usual a line is written to fit. */
export function squeeze(line: Line, wide: number): number {
  return Math.min(1, wide / (line.text.length * LETTER));
}

/** The number of an array at a point of the sheet, on a card that is drawn in full; -1 where there is none. */
export function numberAt(scene: Scene, card: Card, box: Area, x: number, y: number): number {
  const lines = cardLines(scene, card);
  const wide = roomOf(lines, box);
  for (const [row, line] of lines.entries()) {
    if (line.map !== undefined) {
      const found = onMap(scene.block.read(line.map)?.shape ?? [], x - (box.right - PAD - MAP), y - (box.top + PAD + row * ROW));
      if (found >= 0) return found;
    }
    if (row !== Math.floor((y - box.top - PAD + 3) / ROW)) continue;
    const letter = (x - box.left - PAD) / (LETTER * squeeze(line, wide));
    const cell = line.cells?.find(({ from, to }) => letter >= from - 0.5 && letter < to + 0.5);
    if (cell) return cell.at;
  }
  return -1;
}

/** How the gradient is summed over the edges that bring it, as in `= 3 + 3`; empty where one edge does. */
export function sum(block: Block, graph: Graph, node: number): string {
  const came = arrivals(graph, node);
  if (came.length === 0) return "";
  if (came.length > SUMMANDS) return `+ summed over ${came.length} edges`;
  const readings = came.map((one) => block.read(one));
  if (readings.every((reading) => reading?.shape.length === 0)) {
    const terms = readings.map((reading) => said(reading, 6));
    return `= ${terms.map((term) => (term.startsWith("-") ? `(${term})` : term)).join(" + ")}`;
  }
  return `+ summed over ${came.length} edges`;
}

/** What an edge carries: the value up, and upstream × local = downstream down. */
export function edgeLines(scene: Scene, route: Route, most = Infinity): readonly Line[] {
  const { plan, walk, place, block, marks } = scene;
  const [high, low] = [plan.graph.cards[route.consumer], plan.graph.cards[route.operand]];
  if (!high || !low) return [];
  const lines: Line[] = [];
  const value = low.kind === "group" || !reached(walk.valued, low.node, place) ? null : block.read(low.node);
  if (value) lines.push({ text: `↑ ${marks.secret.has(`${low.node}:value`) ? "?" : short(value)}`, tone: "forward" });
  if (route.downstream < 0 || !reached(walk.graded, high.node, place) || !passed(scene, low.node)) return lines;
  const [hidden, above] = [low, high].map(({ node }) => marks.secret.has(`${node}:gradient`));
  const down = hidden ? "?" : short(block.read(route.downstream));
  // two of the three tell the third, so where what is above is hidden only what arrives is written
  if (route.local < 0 || above || marks.secret.has("values")) return [...lines, { text: `↓ ${down}`, tone: "backward" }];
  const [upstream, local] = [block.read(route.upstream), block.read(route.local)];
  const [left, right] = [short(upstream), short(local)];
  if (upstream?.shape.length === 0 && local?.shape.length === 0) {
    const texts = [6, 4, 3, 2].map((digits) => {
      const [g, slope, sent] = [route.upstream, route.local, route.downstream].map((node) => said(block.read(node), digits));
      return `↓ ${g} × ${slope} = ${hidden ? "?" : sent}`;
    });
    return [...lines, { text: texts.find((text) => text.length <= most) ?? texts[3] ?? "", tone: "backward" }];
  }
  return [...lines, { text: `↓ ${left}`, tone: "backward" }, { text: `  × ${right}`, tone: "backward" }, { text: `  = ${down}`, tone: "backward" }];
}

/** Whether the walk has brought a gradient to a node, or to one that it is summed with. */
function passed(scene: Scene, node: number): boolean {
  return reached(scene.walk.graded, node, scene.place);
}

/** A number of six digits, an array by its ends. */
export function short(reading: Reading | null): string {
  if (!reading || reading.shape.length === 0) return said(reading, 6);
  return inline(reading.numbers, reading.shape, reading.shape.length === 1 ? 3 : 2, 3, width(reading));
}

/** The numbers of an update: value + (−η · gradient) = the new value. */
export function updateText(scene: Scene, node: number): string {
  const update = scene.plan.graph.updates.find(({ parameter }) => parameter === node);
  const card = scene.plan.graph.cards.find((one) => one.node === node);
  if (["value", "gradient"].some((what) => scene.marks.secret.has(`${node}:${what}`))) return "";
  if (!update || !card || !reached(scene.walk.updated, node, scene.place) || scene.place < 0) return "";
  const [value, change, updated] = [node, update.change, update.updated].map((number) => short(scene.block.read(number)));
  return `${value} + (${change}) = ${updated}`;
}
