// The way of an edge on the canvas: upright pieces straight, slanted ones as curves that leave and arrive upright.

type Points = readonly number[]; // x, y, x, y, …

/** Add the way to the path, moved to the right by `aside`. */
export function curve(context: CanvasRenderingContext2D, points: Points, aside: number): void {
  let [x, y] = [(points[0] ?? 0) + aside, points[1] ?? 0];
  context.moveTo(x, y);
  for (let i = 2; i + 1 < points.length; i += 2) {
    const [toX, toY] = [(points[i] ?? 0) + aside, points[i + 1] ?? 0];
    if (Math.abs(toX - x) < 0.05) context.lineTo(toX, toY);
    else context.bezierCurveTo(x, (y + toY) / 2, toX, (y + toY) / 2, toX, toY);
    [x, y] = [toX, toY];
  }
}

/** The same as one straight line, for when it is too far away to tell. */
export function along(context: CanvasRenderingContext2D, points: Points): void {
  const n = points.length;
  context.moveTo(points[0] ?? 0, points[1] ?? 0);
  context.lineTo(points[n - 2] ?? 0, points[n - 1] ?? 0);
}

/** The point at a share of the way, 0 at its consumer and 1 at its operand. */
export function pointAt(points: Points, share: number): { readonly x: number; readonly y: number } {
  let whole = 0;
  for (let i = 2; i + 1 < points.length; i += 2) whole += length(points, i);
  let left = whole * Math.max(0, Math.min(1, share));
  for (let i = 2; i + 1 < points.length; i += 2) {
    const piece = length(points, i);
    if (left <= piece || i + 3 >= points.length) return onPiece(points, i, piece > 0 ? Math.min(1, left / piece) : 0);
    left -= piece;
  }
  return { x: points[0] ?? 0, y: points[1] ?? 0 };
}

function length(points: Points, i: number): number {
  return Math.hypot((points[i] ?? 0) - (points[i - 2] ?? 0), (points[i + 1] ?? 0) - (points[i - 1] ?? 0));
}

/** A point of one piece, on the same curve that `curve` draws. */
function onPiece(points: Points, i: number, t: number): { readonly x: number; readonly y: number } {
  const [ax, ay, bx, by] = [points[i - 2] ?? 0, points[i - 1] ?? 0, points[i] ?? 0, points[i + 1] ?? 0];
  const s = 1 - t;
  const [p, q, r, u] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const halfway = (ay + by) / 2;
  return { x: (p + q) * ax + (r + u) * bx, y: p * ay + (q + r) * halfway + u * by };
}
