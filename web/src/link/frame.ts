// A frame: how long the header is (four bytes, lowest first), the header in JSON, the bytes. The header is filled up with
// blanks so that the bytes begin at a multiple of 8, and a typed array can lie over them without a copy.

export interface Frame {
  readonly header: unknown;
  readonly bytes: Uint8Array;
}

export class FrameError extends Error {}

/** The parts of a message. Throws FrameError where it is no frame. */
export function parted(message: ArrayBuffer): Frame {
  if (message.byteLength < 4) throw new FrameError(`a frame has at least 4 bytes, and this one has ${message.byteLength}`);
  const size = new DataView(message).getUint32(0, true);
  if (4 + size > message.byteLength) {
    throw new FrameError(`the header of this frame takes ${size} bytes, and only ${message.byteLength - 4} follow`);
  }
  const header: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, size)));
  return { header, bytes: new Uint8Array(message, 4 + size) };
}
