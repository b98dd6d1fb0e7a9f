// What all live views need of the page: style sheets and texts, plotly.js and the server's clock.

import { loadWords } from "./words.js";

const TICK_MS = 500;

function load(id, element) {
  const present = document.getElementById(id);
  if (present) return present.loaded;
  element.id = id;
  element.loaded = new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${element.src ?? element.href} cannot be loaded`));
  });
  document.head.append(element);
  return element.loaded;
}

// What stands around a view before it draws anything.
export function loadStyle(version, ...names) {
  const sheets = ["live", ...names].map((name) => loadSheet(version, name));
  return Promise.all([loadWords(version), ...sheets]);
}

function loadSheet(version, name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = `/assets/${version}/${name}.css`;
  return load(`faultline-style-${name.replace("/", "-")}`, link);
}

export async function loadPlotly(version) {
  await painted();
  const script = document.createElement("script");
  script.src = `/assets/${version}/plotly.min.js`;
  await load("faultline-plotly", script);
  return window.Plotly;
}

// Resolves when what stands in the page now has been painted; at once where nothing is painted.
function painted() {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

// The server's time now, from its newest message and when that was heard.
export function now(header, heard) {
  return header ? header.now + (performance.now() - heard) / 1000 : Date.now() / 1000;
}

// Shows a view anew where nothing comes, because time goes on, but not where it just was shown:
// each showing costs the browser a frame.
export class Ticking {
  constructor(show) {
    this.at = -Infinity;
    this.timer = setInterval(() => performance.now() - this.at < TICK_MS || show(), TICK_MS);
  }

  shown() {
    this.at = performance.now();
  }

  end() {
    clearInterval(this.timer);
  }
}

const views = new WeakMap();
export const EARLY = "faultline-early"; // holds a view that was drawn before its place was there

// Whether a view is not in its place yet.
export function isEarly(root) {
  return !!root.closest(`#${EARLY}`);
}

// Such a view moves into its place, if it shows the same device, and goes on as it is.
function taken(name, component) {
  const cover = document.getElementById(EARLY);
  const early = cover?.querySelector(`.faultline_${name}`);
  if (!early || component.parentElement === cover) return null;
  const view = views.get(early);
  const isSame = view.device === component.data.device;
  if (isSame) {
    component.parentElement.querySelector(`.faultline_${name}`).replaceWith(early);
    view.arrive();
  } else {
    view.end();
    views.delete(early);
  }
  cover.remove();
  return isSame ? early : null;
}

// What a module's `mount` does, which Streamlit calls for the first time and whenever `data`
// changes. A View is made with (root, version), told by `update(component)`, and ended by `end()`.
export function mountView(View, name, component, version) {
  const root = taken(name, component) ?? component.parentElement.querySelector(`.faultline_${name}`);
  let view = views.get(root);
  if (!view) views.set(root, (view = new View(root, version)));
  view.update(component);
  return () => setTimeout(() => {
    if (root.isConnected) return; // drawn again in place
    view.end();
    views.delete(root);
  }, 0);
}
