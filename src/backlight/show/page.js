// Shows a picture and the stories that were written for it. It knows no operation and does no arithmetic but zooming.
(() => {
  "use strict";
  const sheet = document.querySelector("#sheet");
  const svg = sheet.querySelector("svg");
  const aside = document.querySelector("#story");
  const whole = svg.viewBox.baseVal;
  const size = { width: whole.width, height: whole.height };
  const stories = new Map([...document.querySelectorAll("template[data-story]")].map((t) => [t.dataset.story, t]));
  const frames = new Map();
  const CHIP = 0.66;                                       // smaller than this, letters of 12 px cannot be read
  const LEGIBLE = 0.4;                                     // smaller than this, nobody starts to read
  const DOT = 0.16;                                        // and here large ones cannot either
  let seen = { x: 0, y: 0, k: 1 };                         // left, top, and how many times enlarged
  let chosen = "";
  let above = "";                                          // the node from which one came down to the chosen one
  const help = aside.innerHTML;

  const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
  const draw = () => {
    const { clientWidth: w, clientHeight: h } = sheet;
    svg.setAttribute("viewBox", `${seen.x} ${seen.y} ${w / seen.k} ${h / seen.k}`);
    svg.dataset.size = seen.k < CHIP ? (seen.k < DOT ? "dot" : "chip") : "card";
    const place = [seen.x, seen.y, seen.k].map((x) => Number(x.toPrecision(7))).join(",");
    history.replaceState(null, "", `#v1;view=${place}${chosen && `;node=${chosen}`}`);
  };
  const fit = () => {
    const k = Math.min(sheet.clientWidth / size.width, sheet.clientHeight / size.height, 1.5);
    seen = { k, x: size.width / 2 - sheet.clientWidth / 2 / k, y: size.height / 2 - sheet.clientHeight / 2 / k };
    draw();
  };
  // At first sight: all of it, or where that could not be read, the output and what stands below it.
  const begin = () => {
    const { clientWidth: w, clientHeight: h } = sheet;
    if (Math.min(w / size.width, h / size.height) >= LEGIBLE) return fit();
    const k = clamp(w / size.width, LEGIBLE, 1);
    const top = svg.querySelector("rect.output, rect[data-node]")?.getBBox();
    const middle = size.width * k <= w || !top ? size.width / 2 : top.x + top.width / 2;
    seen = { k, x: middle - w / 2 / k, y: 0 };
    draw();
  };
  const zoom = (factor, px = sheet.clientWidth / 2, py = sheet.clientHeight / 2) => {
    const k = clamp(seen.k * factor, 0.02, 12);
    seen = { k, x: seen.x + px / seen.k - px / k, y: seen.y + py / seen.k - py / k };
    draw();
  };
  const pan = (dx, dy) => {
    seen = { ...seen, x: seen.x + dx / seen.k, y: seen.y + dy / seen.k };
    draw();
  };
  const reveal = (frame) => {
    const box = frame.getBBox();
    const { clientWidth: w, clientHeight: h } = sheet;
    const x = clamp(seen.x, box.x + box.width + 20 - w / seen.k, box.x - 20);
    const y = clamp(seen.y, box.y + box.height + 20 - h / seen.k, box.y - 20);
    if (x !== seen.x || y !== seen.y) seen = { ...seen, x, y };
  };
  const choose = (number, focus = false) => {
    const story = stories.get(number);
    for (const frame of svg.querySelectorAll(".chosen")) frame.classList.remove("chosen");
    chosen = story ? number : "";
    if (story) {
      aside.replaceChildren(story.content.cloneNode(true));
      const frame = frames.get(number);
      frame?.classList.add("chosen");
      if (frame) reveal(frame);
      if (focus) frame?.focus({ preventScroll: true });
    } else {
      aside.innerHTML = help;
    }
    draw();
  };

  for (const frame of svg.querySelectorAll("rect[data-node]")) {
    const number = frame.dataset.node;
    if (!frames.has(number)) frames.set(number, frame);
    frame.setAttribute("tabindex", "0");
    frame.setAttribute("role", "button");
    frame.setAttribute("aria-label", `node ${number}, ${stories.get(number)?.dataset.title ?? ""}`);
  }
  svg.addEventListener("keydown", (event) => {
    const number = event.target.dataset?.node;
    if (number === undefined) return;
    const links = (of, way) => (stories.get(of)?.dataset[way] ?? "").split(" ");
    if (event.key === "Enter" || event.key === " ") {
      choose(number);
    } else if (event.key === "ArrowDown" && links(number, "down")[0]) {
      above = number;
      choose(links(number, "down")[0], true);
    } else if (event.key === "ArrowUp" && links(number, "up")[0]) {
      choose(links(number, "up")[0], true);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const consumer = links(number, "up").includes(above) ? above : links(number, "up")[0];
      const beside = links(consumer, "down");
      const place = beside.indexOf(number) + (event.key === "ArrowLeft" ? -1 : 1);
      if (beside[place]) choose(beside[place], true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("keydown", (event) => {
    const act = {
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, Escape: () => choose(""),
      ArrowLeft: () => pan(-60, 0), ArrowRight: () => pan(60, 0), ArrowUp: () => pan(0, -60), ArrowDown: () => pan(0, 60),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || aside.contains(event.target)) return;
    event.preventDefault();
    act();
  });
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => ({ in: () => zoom(1.25), out: () => zoom(0.8), fit })[button.dataset.do]());
  }
  sheet.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = sheet.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  const fingers = new Map();
  let moved = 0;
  sheet.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    moved = 0;
  });
  sheet.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const others = [...fingers.values()].filter((other) => other.pointerId !== event.pointerId);
    moved += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
    if (others.length) {
      const gap = (a) => Math.hypot(a.clientX - others[0].clientX, a.clientY - others[0].clientY);
      zoom(gap(event) / Math.max(gap(before), 1));
    } else if (moved > 4) {
      sheet.setPointerCapture(event.pointerId);
      pan(before.clientX - event.clientX, before.clientY - event.clientY);
    }
    fingers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    sheet.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  sheet.addEventListener("click", (event) => {
    if (moved <= 4) choose(event.target.closest("[data-node]")?.dataset.node ?? "");
  });
  addEventListener("resize", draw);

  const wanted = Object.fromEntries(
    location.hash.slice(1).split(";").slice(1).map((pair) => pair.split("=")),
  );
  const place = (wanted.view ?? "").split(",").map(Number);
  if (location.hash.startsWith("#v1;") && place.length === 3 && place.every(Number.isFinite) && place[2] > 0) {
    seen = { x: place[0], y: place[1], k: place[2] };
    draw();
  } else {
    begin();
  }
  if (wanted.node) choose(wanted.node);
})();
