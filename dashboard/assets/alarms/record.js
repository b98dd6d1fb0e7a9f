// A flight record: signal, reconstruction and score around an alarm, and a slider through it.

import { decimal, moment, offset, percent } from "../format.js";
import { inert } from "../inert.js";
import { loadPlotly, loadStyle, mountView } from "../page.js";
import { setText } from "../shapes.js";
import { readTheme } from "../theme.js";
import { say } from "../words.js";
import { recordFigure } from "./record_figure.js";

const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false };
const NARROW_PX = 700;
const SHARES = 5;

export const mount = (component, version) => mountView(RecordView, "record", component, version);

class RecordView {
  constructor(root, version) {
    this.root = root;
    loadStyle(version, "alarms/alarms")
      .then(() => this.begin())
      .then(() => loadPlotly(version))
      .then((plotly) => this.beginChart(plotly));
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = `<div class="fl-record-chart"></div>
      <div class="fl-record-slide"><input type="range" min="0" step="1"><button type="button" class="fl-act"></button><button type="button" class="fl-act"></button></div>
      <div class="fl-record-now"></div><div class="fl-record-shares"></div>`;
    [this.chart, , this.now, this.shares] = this.root.children;
    this.chart.setAttribute("role", "img");
    this.slider = this.root.querySelector("input");
    this.slider.setAttribute("aria-label", say("alarms.moment"));
    this.slider.title = say("alarms.record_hint");
    this.slider.addEventListener("input", () => this.moveTo(Number(this.slider.value)));
    const [toStart, toPeak] = this.root.querySelectorAll("button");
    toStart.textContent = say("alarms.to_start");
    toPeak.textContent = say("alarms.to_peak");
    toStart.addEventListener("click", () => this.moveTo(this.place(this.data.began)));
    toPeak.addEventListener("click", () => this.moveTo(this.data.peak));
    this.update(this);
    if (window.innerWidth < NARROW_PX) this.root.closest(".st-key-alarm-panel")?.scrollIntoView();
  }

  beginChart(plotly) {
    if (this.ended) return;
    this.plotly = plotly;
    this.chart.addEventListener("click", (event) => this.clicked(event));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.chart);
    this.draw();
  }

  update({ data }) {
    const isOther = data.alarm !== this.data?.alarm;
    this.data = data;
    this.chart?.setAttribute("aria-label", say("alarms.record", { id: data.alarm }));
    if (isOther || this.at === undefined) this.at = data.peak;
    if (!this.now) return;
    this.draw();
    this.moveTo(this.at);
  }

  place(ts) {
    const { start, step_s, score } = this.data;
    return Math.min(Math.max(Math.floor((ts - start) / step_s), 0), score.length - 1);
  }

  time(at) {
    return this.data.start + (at + 0.5) * this.data.step_s;
  }

  draw() {
    const width = this.chart.clientWidth;
    if (!this.plotly || !width) return;
    const theme = readTheme(this.root);
    for (const key of ["anomaly", "alarm", "text", "faint"]) this.root.style.setProperty(`--fl-${key}`, theme[key]);
    this.root.classList.toggle("fl-dark", theme.dark);
    const { data, layout } = recordFigure(this.data, { theme, width, at: this.at, offset_s: offset(this.data.start) });
    this.chart.style.height = `${layout.height}px`;
    this.plotly.react(this.chart, data, layout, CONFIG);
    Object.assign(this.root.dataset, { drawn: this.data.alarm, features: this.data.features.length });
  }

  clicked(event) {
    const axis = this.chart._fullLayout?.xaxis;
    if (!axis) return;
    const left = this.chart.getBoundingClientRect().left + axis._offset;
    const share = (event.clientX - left) / axis._length;
    if (share >= 0 && share <= 1) this.moveTo(Math.round(share * (this.data.score.length - 1)));
  }

  moveTo(at) {
    if (!this.now) return;
    this.at = at;
    this.slider.max = this.data.score.length - 1;
    this.slider.value = at;
    if (this.plotly && this.chart.layout) {
      const x = (this.time(at) + offset(this.data.start)) * 1000;
      this.plotly.relayout(this.chart, { "shapes[0].x0": x, "shapes[0].x1": x });
    }
    this.showMoment(at);
    this.showShares(at);
  }

  showMoment(at) {
    const { score, above, features } = this.data;
    this.slider.setAttribute("aria-valuetext", moment(this.time(at)));
    const parts = [[moment(this.time(at)), ""], [`${say("alarms.score")} `, shown(score[at])]];
    for (const { name, mean, unit } of features) parts.push([`${inert(name)} `, shown(mean[at], unit)]);
    this.now.replaceChildren(...parts.map(([label, value], i) => {
      const part = document.createElement("span");
      const strong = document.createElement("b");
      strong.classList.toggle("fl-above", i === 1 && above[at]);
      setText(strong, value);
      part.append(label, strong);
      return part;
    }));
    this.root.dataset.at = at;
  }

  showShares(at) {
    const found = this.data.features.map(({ name, share }) => [name, share[at]]).filter(([, share]) => share !== null);
    const title = document.createElement("p");
    const isKept = this.data.features.some(({ share }) => share.some((one) => one !== null));
    title.textContent = say(isKept ? "alarms.share_now" : "alarms.no_share");
    found.sort((one, other) => other[1] - one[1]);
    this.shares.replaceChildren(title, ...found.slice(0, SHARES).map(shareLine));
  }

  end() {
    this.ended = true;
    this.resized?.disconnect();
    if (this.plotly) this.plotly.purge(this.chart);
  }
}

function shareLine([name, share]) {
  const line = document.createElement("div");
  line.className = "fl-share";
  line.innerHTML = '<span class="fl-share-name"></span><span class="fl-share-bar"><i></i></span><span class="fl-share-value"></span>';
  setText(line.firstChild, inert(name));
  line.querySelector("i").style.width = `${100 * share}%`;
  setText(line.lastChild, percent(share));
  return line;
}

function shown(value, unit = "") {
  return value === null ? "–" : `${decimal(value, 2)}${unit ? ` ${unit}` : ""}`;
}
