// What could be meant by the beginning of a name, from the table of operations that came over the wire.

import type { Word } from "../wire";

const MOST = 8;

/** The name that is being typed just before the caret. */
export function wordAt(text: string, caret: number): string {
  return /[\p{L}_][\p{L}\p{N}_]*$/u.exec(text.slice(0, caret))?.[0] ?? "";
}

/** Operations that begin with what was typed, then those that contain it. */
export function completions(text: string, caret: number, words: readonly Word[]): readonly Word[] {
  const begun = wordAt(text, caret).toLowerCase();
  if (begun === "") return words.slice(0, MOST);
  const starting = words.filter(({ name }) => name.toLowerCase().startsWith(begun));
  const within = words.filter(({ name }) => !name.toLowerCase().startsWith(begun) && name.toLowerCase().includes(begun));
  return [...starting, ...within].slice(0, MOST);
}

/** The text with the begun name replaced, and where the caret stands then. */
export function insertion(text: string, caret: number, insert: string): { readonly text: string; readonly caret: number } {
  const start = caret - wordAt(text, caret).length;
  const rest = text.slice(caret);
  const kept = insert.endsWith("(") && rest.startsWith("(") ? insert.slice(0, -1) : insert;
  return { text: text.slice(0, start) + kept + rest, caret: start + insert.length };
}
