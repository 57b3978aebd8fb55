// Where one looks at the sheet from: a point of the sheet in the middle of the window, and how many times enlarged.

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const NEAREST = 6;
const FARTHEST = 0.002;
const MARGIN_PX = 20;
const TOOLS_PX = 44; // of height that the tools take at the top

/** All of the sheet, no larger than it was drawn for (a phone may enlarge by hand). */
export function fitted(sheet: Size, window: Size, most = 1.25): Camera {
  const across = (window.width - 2 * MARGIN_PX) / Math.max(sheet.width, 1);
  const down = (window.height - 2 * MARGIN_PX - TOOLS_PX) / Math.max(sheet.height, 1);
  const zoom = clamp(Math.min(across, down, most));
  return { x: sheet.width / 2, y: sheet.height / 2 - TOOLS_PX / 2 / zoom, zoom };
}

/** Larger by a factor, the point of the sheet under (px, py) of the window staying where it is. */
export function zoomed(camera: Camera, factor: number, px: number, py: number, window: Size): Camera {
  const zoom = clamp(camera.zoom * factor);
  const dx = px - window.width / 2;
  const dy = py - window.height / 2;
  return { zoom, x: camera.x + dx / camera.zoom - dx / zoom, y: camera.y + dy / camera.zoom - dy / zoom };
}

/** Moved so that the sheet follows a hand that moved by (dx, dy) pixels. */
export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.zoom, y: camera.y - dy / camera.zoom };
}

/** The least movement that brings an area of the sheet into the window, `room` pixels from its edges. */
export function revealing(camera: Camera, area: Area, window: Size, room = 40): Camera {
  const halfWidth = window.width / 2 / camera.zoom;
  const halfHeight = window.height / 2 / camera.zoom;
  const space = room / camera.zoom;
  return {
    ...camera,
    x: within(camera.x, area.right + space - halfWidth, area.left - space + halfWidth),
    y: within(camera.y, area.bottom + space - halfHeight, area.top - space + halfHeight),
  };
}

function within(x: number, low: number, high: number): number {
  return low > high ? (low + high) / 2 : Math.max(low, Math.min(high, x));
}

/** What of the sheet is in the window. */
export function visible(camera: Camera, window: Size): Area {
  const halfWidth = window.width / 2 / camera.zoom;
  const halfHeight = window.height / 2 / camera.zoom;
  return { left: camera.x - halfWidth, right: camera.x + halfWidth, top: camera.y - halfHeight, bottom: camera.y + halfHeight };
}

/** A point of the window on the sheet. */
export function onSheet(camera: Camera, px: number, py: number, window: Size): { readonly x: number; readonly y: number } {
  return { x: camera.x + (px - window.width / 2) / camera.zoom, y: camera.y + (py - window.height / 2) / camera.zoom };
}

/** A point of the sheet in the window. */
export function inWindow(camera: Camera, x: number, y: number, window: Size): { readonly x: number; readonly y: number } {
  return { x: (x - camera.x) * camera.zoom + window.width / 2, y: (y - camera.y) * camera.zoom + window.height / 2 };
}

/** Part of the way from one camera to another, for a movement that the eye can follow. */
export function between(from: Camera, to: Camera, share: number): Camera {
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), zoom: Math.exp(mix(Math.log(from.zoom), Math.log(to.zoom))) };
}

function clamp(zoom: number): number {
  return Math.max(FARTHEST, Math.min(NEAREST, zoom));
}
