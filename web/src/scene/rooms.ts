// How far a box may grow where it is seen from afar and its letters keep their size: to half of what lies between it and the
// boxes beside it, and not over an edge that goes by.

import type { Route } from "../wire";
import type { Area, Size } from "./camera";

export const FEW = 120; // cards; of more no box grows, and references to a shared leaf bear no name from afar
const BETWEEN = 8; // of the sheet, that stay free between two that have grown
const UPRIGHT = 8; // of what lies between two layers, on either side

/** The room of every box. */
export function roomsOf(boxes: readonly Area[], ways: readonly (readonly number[])[], routes: readonly Route[], whole: Size): readonly Area[] {
  return boxes.map((box, at) => {
    const top = box.top - UPRIGHT;
    const bottom = box.bottom + UPRIGHT;
    let [left, right] = [-whole.width / 4, whole.width * 1.25];
    const middle = (box.left + box.right) / 2;
    const keep = (x: number, half: boolean): void => {
      if (x < middle) left = Math.max(left, half ? (x + box.left + BETWEEN) / 2 : x + BETWEEN);
      else right = Math.min(right, half ? (x + box.right - BETWEEN) / 2 : x - BETWEEN);
    };
    boxes.forEach((other, place) => {
      if (place !== at && other.top < bottom && top < other.bottom) keep((other.left + other.right) / 2 < middle ? other.right : other.left, true);
    });
    ways.forEach((way, place) => {
      const route = routes[place];
      for (let i = 0; i + 3 < way.length; i += 2) {
        const [x, y, nextX, nextY] = [way[i] ?? 0, way[i + 1] ?? 0, way[i + 2] ?? 0, way[i + 3] ?? 0];
        if (Math.max(y, nextY) <= box.top || Math.min(y, nextY) >= box.bottom) continue; // above or below, or its own
        if (route && (route.consumer === at || route.operand === at) && (y === box.bottom || nextY === box.top)) continue;
        keep(x, false);
        keep(nextX, false);
      }
    });
    return { left: Math.min(left, box.left), right: Math.max(right, box.right), top, bottom };
  });
}

/** The box as wide as is asked for within its room, whose narrow side gives way to the other, and as high; in any case at least so wide. */
export function grown(box: Area, most: Area, width: number, height: number, least: number): Area {
  const middle = (box.left + box.right) / 2;
  let [left, right] = [Math.min(box.left, Math.max(most.left, middle - width / 2)), Math.max(box.right, Math.min(most.right, middle + width / 2))];
  if (right - left < width) left = Math.min(left, Math.max(most.left, right - width));
  if (right - left < width) right = Math.max(right, Math.min(most.right, left + width));
  const [x, y] = [(left + right) / 2, (box.top + box.bottom) / 2];
  const tall = Math.max(box.bottom - box.top, height);
  const wide = Math.max(right - left, least);
  return { left: x - wide / 2, right: x + wide / 2, top: y - tall / 2, bottom: y + tall / 2 };
}
