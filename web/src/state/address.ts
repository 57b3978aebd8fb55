// The address is the document: everything that changes the picture, in the fragment of the URL.
//
//     #1 + base64url( raw deflate( JSON of the document, without whatever is as in a new one ) )
//
// Python reads and writes the same (`backlight.live.address`); both are tried on the same fixtures.

import { NEW_BINDING, NEW_DOCUMENT, NEW_LOOK, type Binding, type Document, type Look } from "../wire";

export const PREFIX = "1";
export const LONGEST = 2000; // characters that every browser, chat and mail program passes on whole

export class AddressError extends Error {}

/** The fragment of a document, without the `#`. */
export async function fragmentOf(document: Document): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(pruned(document)));
  return PREFIX + base64url(await through(bytes, new CompressionStream("deflate-raw")));
}

/** The document of a fragment; null where there is none. Throws AddressError where it cannot be read. */
export async function documentOf(fragment: string): Promise<Document | null> {
  const text = fragment.replace(/^#/, "");
  if (text === "") return null;
  if (!text.startsWith(PREFIX)) {
    throw new AddressError(`the address begins with "${text.slice(0, 8)}", and this page reads addresses that begin with "${PREFIX}": it may come from another version`);
  }
  let data: unknown;
  try {
    const bytes = Uint8Array.from(atob(text.slice(PREFIX.length).replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    data = JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"))));
  } catch {
    throw new AddressError("the address is cut off or damaged, so nothing was opened from it: ask for the link again");
  }
  return completed(data);
}

/** A document with every field, whatever of it was given. */
export function completed(data: unknown): Document {
  if (!isRecord(data)) throw new AddressError("the address holds no document");
  const given: Partial<Document> = data;
  const inputs: Record<string, Binding> = {};
  for (const [name, binding] of Object.entries(given.inputs ?? {})) inputs[name] = { ...NEW_BINDING, ...binding };
  const look: Look = { ...NEW_LOOK, ...given.look };
  return { ...NEW_DOCUMENT, ...given, inputs, look };
}

/** What differs from a new document. */
export function pruned(document: Document): Record<string, unknown> {
  const rest = different({ ...document, inputs: {}, look: NEW_LOOK }, NEW_DOCUMENT);
  const look = different(document.look, NEW_LOOK);
  const inputs = Object.entries(document.inputs).map(([name, binding]) => [name, different(binding, NEW_BINDING)] as const);
  return {
    ...rest,
    ...(inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {}),
    ...(Object.keys(look).length > 0 ? { look } : {}),
  };
}

function different(value: object, usual: object): Record<string, unknown> {
  const before = new Map(Object.entries(usual));
  return Object.fromEntries(Object.entries(value).filter(([key, x]) => JSON.stringify(x) !== JSON.stringify(before.get(key))));
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

/** Bytes through a stream that packs or unpacks them. */
export async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

function base64url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
