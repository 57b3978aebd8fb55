// A picture of a crowd, taken once and moved about: panning over 20,000 nodes is then one copy a frame. While somebody
// zooms the old picture is stretched, and a sharp one is taken when the hand rests.

import { visible, type Area, type Camera, type Size } from "./camera";

const MARGIN = 0.4; // of the window, on each side
const REST_MS = 120;

export class Snapshot {
  private readonly canvas = document.createElement("canvas");
  private camera: Camera | null = null;
  private of: unknown = null;
  private size: Size = { width: 0, height: 0 };
  private zoomed = 0;
  private zoom = 0;

  /** Draw the crowd; `render` paints a scene of another size around the same camera. True where a sharper one is due. */
  draw(context: CanvasRenderingContext2D, of: unknown, camera: Camera, window: Size, ratio: number, now: number, render: (context: CanvasRenderingContext2D, window: Size) => void): boolean {
    if (camera.zoom !== this.zoom) this.zoomed = now;
    this.zoom = camera.zoom;
    const stretched = this.camera !== null && this.of === of && this.camera.zoom !== camera.zoom;
    const resting = now - this.zoomed > REST_MS;
    if (this.of !== of || !this.camera || (stretched ? resting : !inside(visible(camera, window), visible(this.camera, this.size)))) {
      this.take(of, camera, window, ratio, render);
    }
    this.copy(context, camera, window, ratio);
    return this.camera !== null && this.camera.zoom !== camera.zoom;
  }

  private take(of: unknown, camera: Camera, window: Size, ratio: number, render: (context: CanvasRenderingContext2D, window: Size) => void): void {
    const size = { width: Math.ceil(window.width * (1 + 2 * MARGIN)), height: Math.ceil(window.height * (1 + 2 * MARGIN)) };
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) return;
    render(context, size);
    this.camera = camera;
    this.size = size;
    this.of = of;
  }

  private copy(context: CanvasRenderingContext2D, camera: Camera, window: Size, ratio: number): void {
    if (!this.camera) return;
    const scale = camera.zoom / this.camera.zoom;
    const [width, height] = [this.size.width * scale, this.size.height * scale];
    const x = window.width / 2 + (this.camera.x - camera.x) * camera.zoom - width / 2;
    const y = window.height / 2 + (this.camera.y - camera.y) * camera.zoom - height / 2;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (scale !== 1) context.clearRect(0, 0, window.width * ratio, window.height * ratio);
    context.imageSmoothingEnabled = scale !== 1;
    // whole pixels, so that what stands still does not shimmer
    if (scale === 1) context.drawImage(this.canvas, Math.round(x * ratio), Math.round(y * ratio));
    else context.drawImage(this.canvas, x * ratio, y * ratio, width * ratio, height * ratio);
  }
}

function inside(inner: Area, outer: Area): boolean {
  return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
}
