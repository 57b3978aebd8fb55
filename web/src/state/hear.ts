// What news make of the state. News that answer an older wish than the newest of their kind are dropped.

import { real, type Document, type Mistake, type News, type Opened, type Told } from "../wire";
import { placeIn } from "../numbers/said";
import { IDLE, questionOf, storyOf, type Attempt, type Purpose, type State } from "./state";
import { walkOf } from "./walk";

export function hear(state: State, news: News): State {
  switch (news.kind) {
    case "welcome":
      return { ...state, welcome: news };
    case "opened":
      return current(state, news.to) ? opened(state, news) : state;
    case "formula":
      return current(state, news.to) ? { ...state, formula: news } : state;
    case "graph": {
      if (!current(state, news.to)) return state;
      const step = state.document.look.step;
      const walk = walkOf(news, state.pace);
      const { selected, element } = state.document.look;
      const look = {
        ...state.document.look,
        selected: selected < news.forward ? selected : -1,
        element: placeIn(news.slots[selected]?.shape ?? [], element) >= 0 ? element : [],
        step: step < walk.stages.length ? step : -1,
      };
      return {
        ...state, graph: news, walk, live: false, absent: "", document: { ...state.document, look }, stories: new Map(), derivation: null,
        matrix: null, trust: null, why: null, ways: null, landscape: null, contour: null, finding: null,
        watched: news.revision === state.graph?.revision ? state.watched : [], training: news.revision === state.graph?.revision ? state.training : IDLE,
      };
    }
    case "verdicts":
      return answered(news.revision === state.graph?.revision ? { ...state, verdicts: news.found, noted: { inputs: state.document.inputs, found: news.notes } } : state, news.to);
    case "mistake":
      return mistaken(state, news);
    case "told":
      return told(state, news);
    case "ways":
    case "landscape":
    case "contour":
      return answered({ ...state, [news.kind]: news }, news.to);
    case "marked":
      return answered(attempted(state, news.to, (before) => ({ ...before, marked: news })), news.to);
    case "hint":
      return answered(attempted(state, news.to, (before) => ({ ...before, hints: [...before.hints, news] })), news.to);
    case "found":
      return state.finding
        ? answered({ ...state, finding: { ...state.finding, nodes: news.nodes, note: news.note, at: 0 } }, news.to)
        : state;
    case "descended": {
      const inputs = Object.entries(news.values).flatMap(([name, value]) => {
        const binding = state.document.inputs[name];
        return binding ? [[name, { ...binding, value }] as const] : [];
      });
      const document: Document = { ...state.document, inputs: { ...state.document.inputs, ...Object.fromEntries(inputs) } };
      const losses = [...state.training.losses, ...news.losses.map(real)];
      const together = state.mark === "descent";
      return answered(
        {
          ...state, document, past: together ? state.past : [...state.past, state.document], future: [],
          mark: state.training.running ? "descent" : "", training: { ...state.training, losses, state: news.state, last: news },
        },
        news.to,
      );
    }
    case "values":
      return valued(state, news.to);
    case "absent":
      return news.revision === state.graph?.revision ? { ...state, absent: news.reason } : state;
    case "code":
    case "file":
      return answered(state, news.to);
  }
}

/** Whether news answer the newest document; a file says everything unasked. */
function current(state: State, to: number): boolean {
  return to === state.asked || state.link === "none";
}

function opened(state: State, news: Opened): State {
  const found = news.inputs.map(({ name, binding }) => [name, binding] as const);
  const document: Document = { ...state.document, inputs: { ...state.document.inputs, ...Object.fromEntries(found) } };
  const waiting = new Map(state.waiting);
  waiting.delete(news.to);
  return { ...state, document, opened: news, mistake: null, waiting };
}

/** One more mark or hint for the question that it was asked of. */
function attempted(state: State, to: number, more: (before: Attempt) => Attempt): State {
  const purpose = state.waiting.get(to);
  if (purpose?.about !== "mark" && purpose?.about !== "hint") return state;
  const { question, inputs } = purpose;
  const old = state.attempts.get(questionOf(question));
  const before = old?.inputs === inputs ? old : { marked: null, hints: [], inputs };
  return { ...state, attempts: new Map(state.attempts).set(questionOf(question), more(before)) };
}

function answered(state: State, to: number): State {
  if (!state.waiting.has(to)) return state;
  const waiting = new Map(state.waiting);
  const purpose = waiting.get(to);
  waiting.delete(to);
  const failures = new Map(state.failures);
  if (purpose) failures.delete(purpose.about);
  return { ...state, waiting, failures };
}

/** Values answer every wish for values up to theirs: of several that wait only the newest is granted. */
function valued(state: State, to: number): State {
  const waiting = new Map([...state.waiting].filter(([id, { about }]) => about !== "values" || id > to));
  return answered({ ...state, waiting, heard: Math.max(state.heard, to) }, to);
}

function told(state: State, news: Told): State {
  const purpose: Purpose | undefined = state.waiting.get(news.to);
  const heard = answered(state, news.to);
  if (!purpose || news.revision !== state.graph?.revision) return heard; // of a picture that is gone: it is asked again
  switch (purpose.about) {
    case "story":
      return { ...heard, stories: new Map([...state.stories, [storyOf(purpose.node, purpose.element), { told: news, inputs: purpose.inputs }]]) };
    case "derivation":
    case "matrix":
    case "trust":
    case "why":
      return { ...heard, [purpose.about]: news };
    default:
      return heard;
  }
}

function mistaken(state: State, news: Mistake): State {
  const purpose = state.waiting.get(news.to);
  if (news.about === "text" || news.about.startsWith("input:") || purpose?.about === "open") {
    return current(state, news.to) ? answered({ ...state, mistake: news, playing: false }, news.to) : state;
  }
  const heard = answered(state, news.to);
  if (!purpose) return { ...heard, notice: news.message };
  return {
    ...heard,
    failures: new Map([...heard.failures, [purpose.about, news.message]]),
    training: purpose.about === "descent" ? { ...heard.training, running: false } : heard.training,
  };
}
