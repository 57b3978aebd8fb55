// What follows from an event: a new state. Pure; what must be sent or drawn follows from the two states (`wishes`, the views).

import { NEW_BINDING, type Binding, type Document } from "../wire";
import { hear } from "./hear";
import type { Event } from "./event";
import { IDLE, type State } from "./state";
import { walkOf } from "./walk";

const MEMORY = 200; // steps back

export function next(state: State, event: Event): State {
  switch (event.type) {
    case "load":
      return loaded(state, event.document, event.lesson ?? "");
    case "document":
      return edited(state, event.document, "");
    case "text":
      return typed(state, event.text);
    case "values":
      return edited(state, { ...state.document, inputs: bound(state, event.values) }, event.mark);
    case "binding": {
      const binding = { ...bindingOf(state, event.name), ...event.change };
      const inputs = { ...state.document.inputs, [event.name]: binding };
      return edited(state, { ...state.document, inputs }, `${event.name}:${Object.keys(event.change).join()}`);
    }
    case "look":
      return edited(state, { ...state.document, look: { ...state.document.look, ...event.change } }, "");
    case "settings":
      return edited(state, { ...state.document, ...event.change }, Object.keys(event.change).join());
    case "questions":
      return edited(state, { ...state.document, asked: event.asked }, "");
    case "settle":
      return state.mark === "" ? state : { ...state, mark: "" };
    case "undo":
      return stepped(state, state.past, state.future, (past, future) => ({ past, future }));
    case "redo":
      return stepped(state, state.future, state.past, (future, past) => ({ past, future }));
    case "link":
      return { ...state, link: event.link };
    case "asked":
      return asking(state, event.id, event.purpose);
    case "news":
      return hear(state, event.news);
    case "numbers":
      return { ...state, live: event.live, numbers: state.numbers + 1 };
    case "select":
      return selected(state, event.node, event.panel, event.element);
    case "watch": {
      const others = state.watched.filter((node) => node !== event.node);
      return { ...state, watched: event.on ? [...others, event.node] : others };
    }
    case "panel":
      return { ...state, panel: event.panel };
    case "place":
      return placed(state, event.place);
    case "play": {
      const end = state.walk.stages.length - 1;
      const begin = event.playing && (state.document.look.step < 0 || state.document.look.step >= end);
      return { ...(begin ? placed(state, 0) : state), playing: event.playing && end >= 0 };
    }
    case "pace": {
      const walk = state.graph ? walkOf(state.graph, event.pace) : state.walk;
      return placed({ ...state, pace: event.pace, walk, playing: false }, -1);
    }
    case "speed":
      return { ...state, speed: event.speed };
    case "find": {
      const found = { ...state, finding: { query: event.query, nodes: event.nodes, at: 0, note: event.note ?? "" } };
      return event.nodes[0] === undefined ? found : selected(found, event.nodes[0]);
    }
    case "found": {
      if (!state.finding || state.finding.nodes.length === 0) return state;
      const n = state.finding.nodes.length;
      const at = ((event.at % n) + n) % n;
      return selected({ ...state, finding: { ...state.finding, at } }, state.finding.nodes[at] ?? -1);
    }
    case "camera": // where one looks is in the address, and not a step that is undone
      return { ...state, document: { ...state.document, look: { ...state.document.look, ...event.camera } } };
    case "lost":
      return { ...state, finding: null };
    case "trained": {
      const changed = edited(state, { ...state.document, inputs: bound(state, event.values) }, state.training.running ? "descent" : "");
      return { ...changed, training: { ...state.training, losses: [...state.training.losses, ...event.losses] } };
    }
    case "running":
      return { ...state, training: { ...state.training, running: event.running }, mark: event.running ? state.mark : "" };
    case "rest":
      return { ...state, training: IDLE };
    case "help":
      return { ...state, help: event.open };
    case "theme":
      return { ...state, theme: event.theme };
    case "say":
      return state.said === event.words ? state : { ...state, said: event.words };
    case "notice":
      return { ...state, notice: event.words };
  }
}

/** Another text. What was a lesson is now the reader's own, and has neither its title nor its commentary. */
function typed(state: State, text: string): State {
  const title = state.lesson ? "" : state.document.title;
  return { ...edited(state, { ...state.document, text, title }, "text"), lesson: "", playing: false };
}

/** Another document. The first one is nothing to go back from. */
function loaded(state: State, document: Document, lesson: string): State {
  const changed = state.document.text === "" ? { ...state, document } : edited(state, document, "");
  return forgetting({ ...changed, lesson, playing: false, panel: lesson ? "lessons" : state.panel });
}

/** The document changed. Changes under one mark are one step back; the way back goes on from here. */
function edited(state: State, document: Document, mark: string): State {
  const together = mark !== "" && mark === state.mark;
  const past = together ? state.past : [...state.past.slice(1 - MEMORY), state.document];
  return { ...state, document, past, future: [], mark, mistake: still(state, document) };
}

/** The mistake that stands, as long as what it was found in stands. */
function still(state: State, document: Document): State["mistake"] {
  const { mistake } = state;
  if (!mistake || document.text !== state.document.text) return null;
  return mistake.about.startsWith("input:") && document.inputs !== state.document.inputs ? null : mistake;
}

function stepped(
  state: State,
  from: readonly Document[],
  to: readonly Document[],
  sides: (from: readonly Document[], to: readonly Document[]) => Pick<State, "past" | "future">,
): State {
  const document = from[from.length - 1];
  if (!document) return state;
  const { selected: node, element, step, x, y, zoom } = state.document.look; // where one looks is not undone
  const back = { ...document, look: { ...document.look, selected: node, element, step, x, y, zoom } };
  return { ...state, ...sides(from.slice(0, -1), [...to, state.document]), document: back, mark: "", mistake: still(state, back), playing: false };
}

function bindingOf(state: State, name: string): Binding {
  const known = state.opened?.inputs.find((input) => input.name === name);
  return state.document.inputs[name] ?? known?.binding ?? NEW_BINDING;
}

function bound(state: State, values: Readonly<Record<string, string>>): Document["inputs"] {
  const changed = Object.entries(values).map(([name, value]) => [name, { ...bindingOf(state, name), value }] as const);
  return { ...state.document.inputs, ...Object.fromEntries(changed) };
}

function selected(state: State, node: number, panel?: State["panel"], element: readonly number[] = []): State {
  const look = { ...state.document.look, selected: node, element };
  const failures = new Map(state.failures);
  failures.delete("story"); // it was of what was chosen before
  return { ...state, failures, document: { ...state.document, look }, panel: panel ?? (node >= 0 ? shown(state) : state.panel) };
}

/** Choosing a node shows its story, unless a panel that is about nodes is open already. */
function shown(state: State): State["panel"] {
  return state.panel === "derivation" || state.panel === "verdicts" ? state.panel : "story";
}

function placed(state: State, place: number): State {
  const stages = state.walk.stages;
  const step = Math.max(-1, Math.min(place, stages.length - 1));
  const node = stages[step]?.nodes[0];
  const look = { ...state.document.look, step, ...(node === undefined ? {} : { selected: node, element: [] }) };
  const playing = state.playing && step < stages.length - 1;
  return { ...state, document: { ...state.document, look }, playing, panel: step >= 0 ? "story" : state.panel };
}

function asking(state: State, id: number, purpose: State["waiting"] extends ReadonlyMap<number, infer P> ? P : never): State {
  const waiting = new Map(state.waiting);
  for (const [old, other] of waiting) if (other.about === purpose.about) waiting.delete(old);
  waiting.set(id, purpose);
  const opening = purpose.about === "open" ? { asked: id } : {};
  return { ...state, ...opening, counter: Math.max(state.counter, id), waiting };
}

/** What was explained of another document is forgotten. */
export function forgetting(state: State): State {
  return {
    ...state, stories: new Map(), derivation: null, matrix: null, trust: null, why: null, ways: null, landscape: null,
    contour: null, training: IDLE, attempts: new Map(), finding: null, failures: new Map(), mistake: null, watched: [],
  };
}
