// What a question hides: the number, the sign or the shape that is asked for must not stand anywhere else on the page.

import type { Question } from "../wire";

export type What = "value" | "gradient" | "shape";

/** Whether a question hides this of a node; who is asked for a sign may not see the gradient. */
export function hides(asked: readonly Question[], node: number, what: What): boolean {
  return asked.some((one) => one.node === node && (one.part === what || (one.part === "sign" && what === "gradient")));
}

/** All that is hidden, as `node:value`, `node:gradient`, `node:shape`. */
export function secrets(asked: readonly Question[]): ReadonlySet<string> {
  return new Set(asked.map(({ node, part }) => `${node}:${part === "sign" ? "gradient" : part}`));
}
