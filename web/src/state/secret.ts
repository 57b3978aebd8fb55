// What is hidden, all of it or where a question asks for it: such a number must not stand anywhere on the page.

import type { Graph, Verdict } from "../wire";
import type { State } from "./state";

export type What = "value" | "gradient" | "shape";
type Shown = Pick<State, "document" | "graph">;

/** Whether this of a node is hidden; who is asked for a sign may not see the gradient. What was typed in is no secret. */
export function hides({ document, graph }: Shown, node: number, what: What): boolean {
  if (what === "gradient" && document.hidden.includes("gradients")) return true;
  if (what === "value" && document.hidden.includes("values") && !(graph && leaves(graph).has(node))) return true;
  return document.asked.some((one) => one.node === node && (one.part === what || (one.part === "sign" && what === "gradient")));
}

/** Whether any value, or any gradient, is hidden. */
export function hidesAny({ document }: Shown, what: "value" | "gradient"): boolean {
  return document.hidden.includes(`${what}s`) || document.asked.some(({ part }) => part === what || (part === "sign" && what === "gradient"));
}

/** All that is hidden, as `node:value`, `node:gradient`, `node:shape`; "values" where no card may show one that was computed. */
export function secrets(shown: Shown): ReadonlySet<string> {
  const found = new Set(shown.document.asked.map(({ node, part }) => `${node}:${part === "sign" ? "gradient" : part}`));
  const all = (["value", "gradient"] as const).filter((what) => shown.document.hidden.includes(`${what}s`));
  for (const { node } of all.length > 0 ? (shown.graph?.cards ?? []) : []) {
    for (const what of all) if (hides(shown, node, what)) found.add(`${node}:${what}`);
  }
  if (all.includes("value")) found.add("values");
  return found;
}

/** The nodes of the block whose numbers would tell what is hidden. */
export function concealed(shown: Shown): ReadonlySet<number> {
  const { graph, document } = shown;
  const found = new Set<number>();
  if (!graph || (document.asked.length === 0 && document.hidden.length === 0)) return found;
  for (const { node, gradient } of graph.cards) {
    if (hides(shown, node, "value")) found.add(node);
    if (hides(shown, node, "gradient")) found.add(gradient);
  }
  for (const { node, arrivals } of graph.sums) {
    if (hides(shown, node, "gradient")) for (const one of arrivals) found.add(one);
  }
  for (const { operand, downstream } of graph.routes) {
    if (hides(shown, graph.cards[operand]?.node ?? -1, "gradient")) found.add(downstream);
  }
  if (document.hidden.includes("gradients")) for (let node = graph.forward; node < graph.slots.length; node += 1) found.add(node);
  return found;
}

/** The verdicts that tell nothing that is hidden; each once, also where it is the reason for several inputs. */
export function openVerdicts(state: State): readonly Verdict[] {
  const seen = state.verdicts.filter(({ node, backward, kind }) => !hides(state, node, backward || !/nan|inf/i.test(kind) ? "gradient" : "value"));
  return seen.filter((one, at) => seen.findIndex((other) => other.node === one.node && other.sentence === one.sentence) === at);
}

const known = new WeakMap<Graph, ReadonlySet<number>>();

/** The nodes that are not computed. */
function leaves(graph: Graph): ReadonlySet<number> {
  const found = known.get(graph) ?? new Set(graph.cards.filter(({ kind }) => kind === "input" || kind === "parameter" || kind === "constant").map(({ node }) => node));
  known.set(graph, found);
  return found;
}
