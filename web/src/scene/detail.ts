// How much of a node is drawn: a dot, a chip (name and value), or the whole card.
//
// What decides is how large its box is in the window, and how far it is from the node that was chosen: neighbours of that
// one are drawn a level above the rest, so that a look at one node in a crowd shows what stands around it.

export type Detail = "dot" | "chip" | "card";

export const CARD_ZOOM = 0.72; // letters of 12 px are then at least 8.6 px tall; below that a chip says more
const CHIP_WIDTH = 34; // px
const CHIP_HEIGHT = 13;
const NEAR = 1; // edges

export function detail(zoom: number, width: number, height: number, distance: number): Detail {
  if (zoom >= CARD_ZOOM) return "card";
  const fits = width * zoom >= CHIP_WIDTH && height * zoom >= CHIP_HEIGHT;
  return fits || distance <= NEAR ? "chip" : "dot";
}

/** How many edges each card is from a chosen one; what is farther than `most` is not in the map. */
export function distances(count: number, edges: readonly (readonly [number, number])[], from: readonly number[], most: number): ReadonlyMap<number, number> {
  const found = new Map<number, number>(from.map((place) => [place, 0]));
  if (from.length === 0) return found;
  const beside: number[][] = Array.from({ length: count }, () => []);
  for (const [a, b] of edges) {
    beside[a]?.push(b);
    beside[b]?.push(a);
  }
  let front = [...from];
  for (let away = 1; away <= most; away += 1) {
    const following: number[] = [];
    for (const place of front) {
      for (const other of beside[place] ?? []) {
        if (found.has(other)) continue;
        found.set(other, away);
        following.push(other);
      }
    }
    front = following;
  }
  return found;
}
