// The page in words: what a screen reader says of a node and of a step, and the text twin of the picture.

import type { Block } from "./numbers/block";
import { placeIn, said, subscript } from "./numbers/said";
import { arrivals } from "./state/neighbours";
import { notesOf } from "./state/notes";
import { distinct, reached, type Stage } from "./state/walk";
import type { State } from "./state/state";
import { hides, openVerdicts, type What } from "./state/secret";
import type { Card, Graph } from "./wire";

/** A node with its numbers, as far as they may be known; of one of its numbers, that. */
export function nodeWords(state: State, block: Block, node: number, chosen: readonly number[] = []): string {
  const card = state.graph?.cards.find((one) => one.node === node && !one.chip) ?? state.graph?.cards.find((one) => one.node === node);
  if (!card) return "";
  const { step } = state.document.look;
  const secret = (what: What): boolean => hides(state, node, what);
  const at = placeIn(block.read(node)?.shape ?? [], chosen);
  const number = (of: number): string => said(block.read(of), undefined, at);
  const parts = [`node ${node}, ${card.name}${at >= 0 ? subscript(chosen) : ""}`];
  if (card.output) parts.push("output");
  if (card.kind === "parameter") parts.push("learnable parameter");
  if (card.kind !== "constant" && reached(state.walk.valued, node, step)) parts.push(`value ${secret("value") ? "asked for" : number(node)}`);
  if (card.gradient >= 0 && reached(state.walk.graded, node, step)) {
    parts.push(`gradient ${secret("gradient") ? "asked for" : number(card.gradient)}`);
  }
  const verdict = openVerdicts(state).find((one) => one.node === node);
  if (verdict) parts.push(verdict.sentence);
  if (reached(state.walk.valued, node, step)) parts.push(...notesOf(state, node));
  return parts.join(", ");
}

const VERBS = { build: "build", forward: "forward", backward: "backward", update: "update" } as const;

/** What happens at a stage of the walk. */
export function stageWords(state: State, block: Block, stage: Stage): string {
  const graph = state.graph;
  if (!graph) return "";
  const words = stage.nodes.map((node) => stageWord(state, graph, block, stage, node));
  return `${VERBS[stage.phase]}: ${words.slice(0, 4).join("; ")}${words.length > 4 ? `; and ${words.length - 4} more` : ""}`;
}

function stageWord(state: State, graph: Graph, block: Block, stage: Stage, node: number): string {
  const card = graph.cards.find((one) => one.node === node);
  if (!card) return "";
  switch (stage.phase) {
    case "build":
      return card.name;
    case "forward":
      return `${card.name} = ${hides(state, node, "value") ? "?" : said(block.read(node), 6)}`;
    case "backward": {
      if (hides(state, node, "gradient")) return `the gradient of ${card.name} is ?`;
      const came = arrivals(graph, node).map((one) => said(block.read(one), 6));
      const total = came.length > 0 && came.length <= 4 ? ` = ${came.join(" + ")}` : "";
      return `the gradient of ${card.name} is ${said(block.read(card.gradient), 6)}${total}`;
    }
    case "update": {
      const update = graph.updates.find(({ parameter }) => parameter === node);
      if (!update || hides(state, node, "value") || hides(state, node, "gradient")) return card.name;
      return `${card.name}: ${said(block.read(node), 6)} + (${said(block.read(update.change), 6)}) = ${said(block.read(update.updated), 6)}`;
    }
  }
}

const LONGEST = 400; // lines of a trace

/** Every step of the walk with its numbers, one a line. */
export function trace(state: State, block: Block): string {
  const stages = state.walk.stages.filter(({ phase }) => phase !== "build");
  const lines = stages.slice(0, LONGEST).map((stage, at) => `${at + 1}  ${stageWords(state, block, stage)}`);
  return stages.length > LONGEST ? [...lines, `and ${stages.length - LONGEST} more`].join("\n") : lines.join("\n");
}

/** The picture as text: a line for every node, and one for every edge that carries a gradient. */
export function twin(state: State, block: Block): string {
  const { graph } = state;
  if (!graph) return "";
  const lines: string[] = [];
  const number = (node: number, of: number, what: What): string => (hides(state, of, what) ? "?" : said(block.read(node)));
  for (const card of distinct(graph.cards)) {
    lines.push(`${card.node}  ${card.name}${card.type ? ` :: ${card.type}` : ""} ${hides(state, card.node, "shape") ? "?" : card.shape}${card.output ? "   (output)" : ""}`);
    lines.push(`    ${card.signature}`);
    if (card.kind !== "group") lines.push(`    value     ${number(card.node, card.node, "value")}`);
    if (card.gradient >= 0) lines.push(`    gradient  ${number(card.gradient, card.node, "gradient")}`);
    lines.push(...notesOf(state, card.node).map((note) => `    ${note}`));
    lines.push(...edges(state, graph, block, card));
  }
  return lines.join("\n");
}

function edges(state: State, graph: Graph, block: Block, card: Card): string[] {
  return graph.routes
    .filter((route) => graph.cards[route.consumer]?.node === card.node && route.downstream >= 0)
    .map((route) => {
      const low = graph.cards[route.operand];
      const start = `    ↓ operand ${route.number}, node ${low?.node ?? -1} (${low?.name ?? ""}): `;
      if (low && hides(state, low.node, "gradient")) return `${start}?`;
      if (route.local < 0 || hides(state, card.node, "gradient") || state.document.hidden.includes("values")) return `${start}${said(block.read(route.downstream))}`;
      return `${start}${said(block.read(route.upstream))} × ${said(block.read(route.local))} = ${said(block.read(route.downstream))}`;
    });
}
