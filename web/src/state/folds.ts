// Which scopes are drawn as one card: those that the size of the picture asks for, but for what the reader folded or unfolded.

import type { Card, Look } from "../wire";

type Folds = Pick<Look, "folded" | "unfolded">;

/** Whether a scope is another one, or stands inside it. */
function within(scope: string, other: string): boolean {
  return scope === other || scope.startsWith(`${other}/`);
}

/** What a card may be folded into, the innermost first: scopes that hold another operation too. */
export function scopesOf(card: Card, cards: readonly Card[]): readonly string[] {
  if (card.kind === "group" || card.scope === "") return [];
  const parts = card.scope.split("/");
  const scopes = parts.map((_, at) => parts.slice(0, parts.length - at).join("/"));
  return scopes.filter((scope) => cards.filter(({ kind, output, scope: its }) => kind === "operation" && !output && within(its, scope)).length > 1);
}

/** One card for a scope. One that was unfolded is left to the size of the picture again. */
export function fold(look: Folds, scope: string): Folds {
  const unfolded = look.unfolded.filter((name) => !within(name, scope) && !within(scope, name));
  const back = unfolded.length < look.unfolded.length;
  return { unfolded, folded: back ? look.folded : [...look.folded, scope] };
}

/** The group of a scope opened: what the reader had folded, or else what the size of the picture asked for. */
export function unfold(look: Folds, scope: string): Folds {
  const folded = look.folded.filter((name) => !within(scope, name));
  const back = folded.length < look.folded.length;
  return { folded, unfolded: back ? look.unfolded : [...look.unfolded, scope] };
}
