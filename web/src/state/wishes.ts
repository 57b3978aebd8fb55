// What a change of the document asks of whoever holds the numbers: nothing, other values, or the whole picture anew.

import { literal } from "../numbers/literal";
import type { Document } from "../wire";

export type Need =
  | { readonly kind: "nothing" }
  | { readonly kind: "values"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "rate"; readonly rate: number }
  | { readonly kind: "open" };

/** What is needed to get from the picture of one document to that of another. */
export function needed(before: Document, after: Document): Need {
  if (before === after) return { kind: "nothing" };
  if (pictured(before) !== pictured(after)) return { kind: "open" };
  const values: Record<string, string> = {};
  for (const [name, binding] of Object.entries(after.inputs)) {
    const old = before.inputs[name];
    if (!old || old.parameter !== binding.parameter) return { kind: "open" };
    if (old.value === binding.value) continue;
    const [was, is] = [literal(old.value), literal(binding.value)];
    if (!was || !is || was.shape.join() !== is.shape.join()) return { kind: "open" };
    values[name] = binding.value;
  }
  if (Object.keys(values).length > 0) return before.rate === after.rate ? { kind: "values", values } : { kind: "open" };
  return before.rate === after.rate ? { kind: "nothing" } : { kind: "rate", rate: after.rate };
}

/** The part of a document that a picture's shape depends on. */
function pictured(document: Document): string {
  const { text, of, dtype, optimizer, look } = document;
  return JSON.stringify([text, of, dtype, optimizer, look.shape, look.direction, look.opened, look.unfolded, look.folded, look.near]);
}
