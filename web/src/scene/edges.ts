// Paints the edges: the band under a derivation's path, values up, gradients down beside them, and what they carry in words.

import { reached } from "../state/walk";
import type { Route } from "../wire";
import { edgeLines } from "./card";
import { cut } from "./chip";
import { FACE } from "./inks";
import type { Scene } from "./scene";
import type { Strengths } from "./strength";
import { along, curve } from "./ways";

const WORDS_ZOOM = 0.72;
const WORDS_ASIDE = 9; // px from an edge to its words

type Way = readonly number[];

/** The path of a derivation, as a broad band under its edges. */
export function paths(context: CanvasRenderingContext2D, scene: Scene, routes: readonly number[]): void {
  if (scene.marks.way.size === 0) return;
  context.strokeStyle = scene.inks.way;
  context.lineWidth = Math.max(16, 6 / scene.camera.zoom);
  context.lineCap = "round";
  context.beginPath();
  for (const at of routes) {
    const route = scene.plan.graph.routes[at];
    if (route && onWay(scene, route)) curve(context, scene.plan.ways[at] ?? [], 2);
  }
  context.stroke();
}

export function edges(context: CanvasRenderingContext2D, scene: Scene, routes: readonly number[], strengths: Strengths): void {
  const { inks, camera, plan, walk, place } = scene;
  const fine = camera.zoom >= 0.2;
  const thin = Math.max(1, 0.8 / camera.zoom);
  const plain: Way[] = [];
  const rising: Way[] = [];
  const falling: { readonly points: Way; readonly share: number }[] = [];
  const numbered: { readonly points: Way; readonly number: number }[] = [];
  for (const at of routes) {
    const route = plan.graph.routes[at];
    const [high, low] = [plan.graph.cards[route?.consumer ?? -1], plan.graph.cards[route?.operand ?? -1]];
    if (!route || !high || !low || !reached(walk.built, high.node, place)) continue;
    const points = plan.ways[at] ?? [];
    (reached(walk.valued, low.node, place) ? rising : plain).push(points);
    if (route.downstream >= 0 && reached(walk.graded, low.node, place)) falling.push({ points, share: strengths.share(at) });
    numbered.push({ points, number: route.number });
  }
  context.lineCap = "butt";
  for (const [some, ink] of [[plain, inks.frame], [rising, inks.forward]] as const) {
    context.strokeStyle = ink;
    context.lineWidth = thin;
    context.beginPath();
    for (const points of some) if (fine) curve(context, points, 0); else along(context, points);
    context.stroke();
    if (fine) tips(context, some, ink, "up", 1);
  }
  if (!fine) return;
  for (const { points, share } of falling) {
    context.strokeStyle = Number.isNaN(share) ? inks.output : inks.edge;
    context.lineWidth = Number.isNaN(share) ? 3 * thin : (1 + 3 * share) * thin;
    context.setLineDash(share === 0 ? [4, 3] : []);
    context.beginPath();
    curve(context, points, 3.5);
    context.stroke();
  }
  context.setLineDash([]);
  tips(context, falling.map(({ points }) => points), inks.edge, "down", 1);
  if (camera.zoom >= WORDS_ZOOM) for (const at of routes) words(context, scene, plan.graph.routes[at]);
  context.font = `10px ${FACE}`;
  context.fillStyle = inks.quiet;
  context.textAlign = "right";
  if (camera.zoom >= 0.45) {
    for (const { number, points } of numbered) context.fillText(String(number), (points[0] ?? 0) - 4, (points[1] ?? 0) + 11);
  }
  context.textAlign = "left";
}

function words(context: CanvasRenderingContext2D, scene: Scene, route: Route | undefined): void {
  const [x, y, width, height] = route?.label ?? [];
  if (!route || x === undefined || y === undefined || width === undefined || height === undefined) return;
  if (!reached(scene.walk.built, scene.plan.graph.cards[route.consumer]?.node ?? -1, scene.place)) return;
  const most = Math.floor((width + 28) / 6.65); // letters: a range of two digits a side, of a matrix, just fits
  const lines = edgeLines(scene, route, most);
  const left = x + WORDS_ASIDE;
  context.font = `11px ${FACE}`;
  lines.forEach((line, row) => {
    const at = y - (lines.length * 14) / 2 + 11 + 14 * row;
    context.lineJoin = "round";
    context.strokeStyle = scene.inks.paper;
    context.lineWidth = 4;
    const text = cut(line.text, most);
    context.strokeText(text, left, at);
    context.fillStyle = line.tone === "forward" ? scene.inks.forward : scene.inks.backward;
    context.fillText(text, left, at);
  });
}

function onWay(scene: Scene, route: Route): boolean {
  const [high, low] = [scene.plan.graph.cards[route.consumer], scene.plan.graph.cards[route.operand]];
  return high !== undefined && low !== undefined && scene.marks.way.has(high.node) && scene.marks.way.has(low.node);
}

function tips(context: CanvasRenderingContext2D, ways: readonly Way[], fill: string, way: "up" | "down", size: number): void {
  context.fillStyle = fill;
  context.beginPath();
  for (const points of ways) {
    const n = points.length;
    const [x, y] = way === "up" ? [points[0] ?? 0, points[1] ?? 0] : [(points[n - 2] ?? 0) + 3.5, points[n - 1] ?? 0];
    const back = way === "up" ? 7 : -7;
    context.moveTo(x, y);
    context.lineTo(x - 3.5 * size, y + back);
    context.lineTo(x + 3.5 * size, y + back);
    context.closePath();
  }
  context.fill();
}
