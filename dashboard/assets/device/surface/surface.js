// Where a figure is seen: painted while it is live, Plotly's where it stands still or somebody takes
// hold of it.

import { Painter } from "./painter.js";

const SETTLED_MS = 5000;
const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false };

export class Surface {
  // fetchPlotly() resolves to the library. onLibrary() is called when it is there, onRange(start,
  // end) with a stretch of the x axis that was dragged over, onReset() at a double click.
  constructor({ chart, graph, canvas }, fetchPlotly, { onLibrary, onRange, onReset }) {
    Object.assign(this, { chart, graph, fetchPlotly, onLibrary, onRange, onReset });
    this.painter = new Painter(canvas);
    this.plotly = null;
    this.figure = null; // shown
  }

  // To run plotly.js takes half a second, or more: when a pointer comes near, else when the page has
  // settled and nothing else is to be done.
  prepareSoon() {
    this.chart.addEventListener("pointerenter", () => this.prepare(), { once: true });
    this.waiting = setTimeout(() => idle(() => this.ended || this.prepare()), SETTLED_MS);
  }

  async prepare() {
    this.asking ??= this.fetchPlotly();
    const library = await this.asking;
    if (!this.plotly && !this.ended) {
      this.plotly = library;
      this.onLibrary();
    }
    return library;
  }

  show(figure, isStill) {
    this.figure = this.chart.figure = figure; // on the element for whoever asks what is drawn
    this.chart.style.height = `${figure.layout.height}px`;
    if (isStill && this.plotly) this.plot();
    else this.paint(isStill);
  }

  paint(isStill) {
    this.painter.paint(this.figure);
    this.chart.classList.add("fl-painted");
    if (isStill) this.prepare();
    else if (this.plotly && this.plotted !== placesOf(this.figure.layout)) this.plotSoon();
  }

  // Plotly's below what is painted, so that what can be taken hold of lies where it is seen.
  plotSoon() {
    this.plotting ??= idle(() => {
      this.plotting = null;
      // Not below a pointer that has taken hold meanwhile.
      if (!this.ended && this.chart.classList.contains("fl-painted")) this.react();
    });
  }

  plot() {
    this.react();
    this.chart.classList.remove("fl-painted");
  }

  // Somebody takes hold: what was painted is Plotly's now, which follows the pointer.
  hold() {
    if (this.plotly && this.figure) this.plot();
  }

  react() {
    const { data, layout } = this.figure;
    this.plotly.react(this.graph, data, layout, CONFIG);
    this.plotted = placesOf(layout);
    this.listen();
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.graph.on("plotly_relayout", (change) => {
      const start = change["xaxis.range[0]"];
      const end = change["xaxis.range[1]"];
      if (start !== undefined && end !== undefined) this.onRange(start, end);
    });
    this.graph.on("plotly_doubleclick", () => this.onReset());
  }

  end() {
    this.ended = true;
    clearTimeout(this.waiting);
    this.plotly?.purge(this.graph);
  }
}

// All that tells where in a figure its axes are.
function placesOf(layout) {
  return `${layout.width} ${layout.height} ${Object.keys(layout).filter((name) => name.includes("axis"))}`;
}

function idle(work) {
  return window.requestIdleCallback ? requestIdleCallback(work) : setTimeout(work, 200);
}
