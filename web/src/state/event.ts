// Everything that can happen to the page: what a person does, and what a session says.

import type { Binding, Document, Look, News, Question } from "../wire";
import type { Camera } from "../scene/camera";
import type { Link, Panel, Purpose, Theme } from "./state";
import type { Pace } from "./walk";

export type Event =
  // the document
  | { readonly type: "load"; readonly document: Document; readonly lesson?: string }
  /** The same document with changes from outside: what was explained stays as far as it fits. */
  | { readonly type: "document"; readonly document: Document }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "values"; readonly values: Readonly<Record<string, string>>; readonly mark: string }
  | { readonly type: "binding"; readonly name: string; readonly change: Partial<Binding> }
  | { readonly type: "look"; readonly change: Partial<Look> }
  | { readonly type: "settings"; readonly change: Partial<Pick<Document, "rate" | "optimizer" | "dtype" | "of" | "title" | "hidden">> }
  | { readonly type: "questions"; readonly asked: readonly Question[] }
  | { readonly type: "settle" }
  | { readonly type: "undo" }
  | { readonly type: "redo" }
  // the session
  | { readonly type: "link"; readonly link: Link }
  | { readonly type: "asked"; readonly id: number; readonly purpose: Purpose }
  | { readonly type: "news"; readonly news: News }
  | { readonly type: "numbers"; readonly live: boolean }
  // looking around
  | { readonly type: "select"; readonly node: number; readonly element?: readonly number[]; readonly panel?: Panel }
  | { readonly type: "watch"; readonly node: number; readonly on: boolean }
  | { readonly type: "panel"; readonly panel: Panel }
  | { readonly type: "place"; readonly place: number }
  | { readonly type: "play"; readonly playing: boolean }
  | { readonly type: "pace"; readonly pace: Pace }
  | { readonly type: "speed"; readonly speed: number }
  | { readonly type: "find"; readonly query: string; readonly nodes: readonly number[]; readonly note?: string }
  | { readonly type: "found"; readonly at: number }
  | { readonly type: "lost" }
  | { readonly type: "camera"; readonly camera: Camera }
  // descent
  | { readonly type: "trained"; readonly values: Readonly<Record<string, string>>; readonly losses: readonly number[] }
  | { readonly type: "running"; readonly running: boolean }
  | { readonly type: "rest" }
  // manners
  | { readonly type: "help"; readonly open: boolean }
  | { readonly type: "theme"; readonly theme: Theme }
  | { readonly type: "say"; readonly words: string }
  | { readonly type: "notice"; readonly words: string };
