// Packets that travel along the edges of the current stage: values up to the node, gradients down to it.

import { edgeLines } from "./card";
import { FACE } from "./inks";
import type { Scene } from "./scene";
import { pointAt } from "./ways";

const RADIUS_PX = 7;

export function packets(context: CanvasRenderingContext2D, scene: Scene, routes: readonly number[]): void {
  const stage = scene.place >= 0 ? scene.walk.stages[scene.place] : undefined;
  if (!stage || scene.progress >= 1 || (stage.phase !== "forward" && stage.phase !== "backward")) return;
  const { plan, inks, camera } = scene;
  const nodes = new Set(stage.nodes);
  const up = stage.phase === "forward";
  const scale = 1 / Math.min(1, camera.zoom);
  for (const at of routes) {
    const route = plan.graph.routes[at];
    const [high, low] = [plan.graph.cards[route?.consumer ?? -1], plan.graph.cards[route?.operand ?? -1]];
    if (!route || !high || !low || !nodes.has(up ? high.node : low.node)) continue;
    if (!up && route.downstream < 0) continue;
    const { x, y } = pointAt(plan.ways[at] ?? [], up ? 1 - scene.progress : scene.progress);
    context.beginPath();
    context.arc(x, y, RADIUS_PX * scale, 0, 2 * Math.PI);
    context.fillStyle = up ? inks.forward : inks.edge;
    context.fill();
    context.strokeStyle = inks.paper;
    context.lineWidth = 2 * scale;
    context.stroke();
    const lines = edgeLines(scene, route);
    const words = up ? lines.find(({ tone }) => tone === "forward") : lines[lines.length - 1];
    if (!words) continue;
    context.font = `bold ${12 * scale}px ${FACE}`;
    context.lineWidth = 4 * scale;
    context.strokeText(words.text, x + 12 * scale, y + 4 * scale);
    context.fillStyle = up ? inks.forward : inks.backward;
    context.fillText(words.text, x + 12 * scale, y + 4 * scale);
  }
}
