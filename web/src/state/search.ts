// Search in the picture: words in names, signatures, types and shapes; conditions on values and gradients.
//
//     loss        (5, 10)        value < 0        grad > 1e3        nan        zero        parameter

import type { Block, Reading } from "../numbers/block";
import { typed } from "../numbers/figures";
import { health } from "../numbers/said";
import type { Card, Graph } from "../wire";
import { hides } from "./secret";
import type { State } from "./state";
import { distinct } from "./walk";

/** The value or the gradient of a card; null where nobody knows it, or nobody may. */
export type Read = (card: Card, what: "value" | "gradient") => Reading | null;

/** What may be known of the numbers of a picture. */
export function open(state: Pick<State, "document" | "graph">, block: Block): Read {
  return (card, what) => (hides(state, card.node, what) ? null : block.read(what === "value" ? card.node : card.gradient));
}

export interface Hits {
  readonly nodes: readonly number[];
  readonly note: string;
}

const CONDITION = /^(value|grad|gradient|\|value\||\|grad\|)\s*(<=|>=|<|>|=|≤|≥)\s*(\S+)$/i;
const STATES: ReadonlySet<string> = new Set(["nan", "inf", "infinite", "zero"]);

/** `read` knows the numbers that may be known: what is hidden is found by no condition on it. */
export function search(graph: Graph, read: Read, query: string): Hits {
  const words = query.trim().toLowerCase();
  const cards = distinct(graph.cards);
  const condition = CONDITION.exec(words);
  if (condition) {
    const bound = typed(condition[3] ?? "");
    if (bound === null) return { nodes: [], note: `"${condition[3]}" is no number` };
    return { nodes: cards.filter((card) => holds(read, card, condition[1] ?? "", condition[2] ?? "", bound)).map(({ node }) => node), note: "" };
  }
  if (STATES.has(words)) {
    const wanted = words === "inf" ? "infinite" : words;
    return { nodes: cards.filter((card) => (["value", "gradient"] as const).some((what) => health(read(card, what)) === wanted)).map(({ node }) => node), note: "" };
  }
  return { nodes: ranked(cards, words), note: "" };
}

/** Whether any number of a card's value or gradient is so. */
function holds(read: Read, card: Card, what: string, sign: string, bound: number): boolean {
  const reading = read(card, what.includes("grad") ? "gradient" : "value");
  const size = what.startsWith("|");
  return reading !== null && [...reading.numbers].some((number) => compare(size ? Math.abs(number) : number, sign, bound));
}

function compare(x: number, sign: string, bound: number): boolean {
  switch (sign) {
    case "<":
      return x < bound;
    case ">":
      return x > bound;
    case "<=":
    case "≤":
      return x <= bound;
    case ">=":
    case "≥":
      return x >= bound;
    default:
      return x === bound;
  }
}

/** Those whose name is the word, then those whose name begins with it, then those that have it anywhere. */
function ranked(cards: readonly Card[], words: string): readonly number[] {
  const rank = (card: Card): number => {
    const name = card.name.toLowerCase();
    if (name === words || String(card.node) === words) return 0;
    if (name.startsWith(words)) return 1;
    const all = [card.name, card.op, card.signature, card.type, card.shape, card.kind, card.scope].join(" ").toLowerCase();
    return all.includes(words) ? 2 : 3;
  };
  return cards
    .map((card) => ({ card, rank: rank(card) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.card.node - b.card.node)
    .map(({ card }) => card.node);
}
