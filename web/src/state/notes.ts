// What is special about a node where it was evaluated: true for the inputs that it was said for, and not shown for others.

import type { Document, Note } from "../wire";
import { hides } from "./secret";
import type { State } from "./state";

/** The notes that hold for the values as they are, and tell nothing that is hidden. */
export function notes(state: State): readonly Note[] {
  if (!same(state.noted.inputs, state.document.inputs)) return [];
  return state.noted.found.filter(({ node }) => !hides(state, node, "value") && !hides(state, node, "gradient"));
}

/** What is said about one node. */
export function notesOf(state: State, node: number): readonly string[] {
  return notes(state).find((note) => note.node === node)?.said ?? [];
}

function same(before: Document["inputs"], after: Document["inputs"]): boolean {
  return before === after || Object.entries(after).every(([name, { value }]) => before[name]?.value === value);
}
