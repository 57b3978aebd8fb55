// Plays the frames of one SVG. It knows no operation and no number: marks carry the step at which they appear.
(() => {
  "use strict";
  const film = /* FILM */ null;
  const svg = document.currentScript?.closest("svg") ?? document.documentElement;
  const groups = [...svg.querySelectorAll("g[data-step]")].map((g) => [Number(g.dataset.step), g]);
  const caption = svg.querySelector("#caption");
  const bar = svg.querySelector("#bar");
  const done = svg.querySelector("#done");
  const last = film.captions.length - 1;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let step = 0;
  let timer = 0;

  const show = (wanted) => {
    step = Math.max(0, Math.min(last, wanted));
    for (const [first, group] of groups) group.classList.toggle("hidden", first > step);
    caption.textContent = `${step + 1} of ${last + 1}   ${film.captions[step]}`;
    done.setAttribute("width", String((Number(bar.dataset.width) * (step + 1)) / (last + 1)));
    bar.setAttribute("aria-valuenow", String(step + 1));
    bar.setAttribute("aria-valuemax", String(last + 1));
    bar.setAttribute("aria-valuetext", caption.textContent);
    if (step === last) pause();
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
  };
  const play = () => {
    if (step === last) show(0);
    timer = setInterval(() => show(step + 1), film.milliseconds);
  };
  const act = {
    first: () => (pause(), show(0)),
    back: () => (pause(), show(step - 1)),
    play: () => (timer ? pause() : play()),
    forth: () => (pause(), show(step + 1)),
    last: () => (pause(), show(last)),
  };
  for (const button of svg.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => act[button.dataset.action]());
    button.addEventListener("keydown", (event) => {
      if (event.key === "Enter") act[button.dataset.action]();
    });
  }
  const keys = { " ": "play", ArrowLeft: "back", ArrowRight: "forth", Home: "first", End: "last" };
  svg.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    if (action) {
      event.preventDefault();
      act[action]();
    }
  });
  const scrub = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const share = (point.x - Number(bar.dataset.x)) / Number(bar.dataset.width);
    pause();
    show(Math.floor(share * (last + 1)));
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    scrub(event);
    bar.onpointermove = scrub;
  });
  bar.addEventListener("pointerup", () => (bar.onpointermove = null));
  show(0);
  if (!still) play();
})();
