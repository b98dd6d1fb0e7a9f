// The words and bars around the chart: state, figures, banner, contributions, legend, notices.

import { clock } from "./axes.js";
import { age, number, setText, shape, showState } from "./shapes.js";

const HELD = ["shelved", "suppressed", "out-of-service"];
const LAYOUT = `
<header class="fl-head">
  <h1 data-is="name"></h1><span class="fl-chip" data-is="state"></span>
  <span class="fl-link" data-is="link" role="status"></span>
</header>
<div class="fl-notices" data-is="notices" role="status"></div>
<div class="fl-banner" data-is="banner" role="alert" hidden></div>
<dl class="fl-facts">
  <div><dt>Score now</dt><dd data-is="score"></dd></div>
  <div><dt>Threshold (score)</dt><dd data-is="threshold"></dd></div>
  <div><dt>Window MSE now</dt><dd data-is="mse"></dd></div>
  <div><dt>Data age</dt><dd data-is="age"></dd></div>
  <div class="fl-wide"><dt>Model</dt><dd data-is="model"></dd></div>
  <div class="fl-shares"><dt>Contribution to the score</dt><dd data-is="shares"></dd></div>
</dl>
<div class="fl-legend">
  <span><i class="fl-key fl-key-raw"></i>raw signal</span>
  <span><i class="fl-key fl-key-reconstruction"></i>reconstruction</span>
  <span><i class="fl-key fl-key-error"></i>error, their distance</span>
  <span title="A sample whose score is above the threshold, marked on the features whose own score is above it too."><i class="fl-key fl-key-anomaly"></i>anomaly</span>
  <span><i class="fl-key fl-key-alarm"></i>alarm</span>
  <span title="Of a model that this device has taught itself. Nobody is notified until somebody confirms it." data-is="quietKey" hidden><i class="fl-key fl-key-quiet"></i>provisional alarm</span>
  <span><i class="fl-key fl-key-threshold"></i>threshold</span>
  <span><i class="fl-key fl-key-not-judged"></i>not judged</span>
  <button type="button" class="fl-back" data-is="back" hidden>Back to live</button>
  <span class="fl-hint" data-is="hint">Drag across the chart to zoom</span>
</div>
<div class="fl-chart" data-is="chart"></div>`;

const SETTLED_S = 10;
const REFUSAL_SHOWN_S = 60;

export class Panel {
  constructor(root) {
    root.innerHTML = LAYOUT;
    this.is = {};
    for (const element of root.querySelectorAll("[data-is]")) this.is[element.dataset.is] = element;
    this.banner = "";
    this.notices = "";
    this.bars = new Map();
  }

  // Everything that depends on the newest update and the clock.
  show(live) {
    const { header, card, alarms, now, threshold, link } = live;
    const status = header?.status;
    setText(this.is.name, live.device);
    this.is.state.hidden = !status;
    if (status) showState(this.is.state, shownState(status, now, header.stale_s));
    setText(this.is.link, { live: "", connecting: "connecting …" }[link] ?? "");
    setText(this.is.score, number(status?.score));
    setText(this.is.mse, status?.mse == null ? "–" : status.mse.toPrecision(3));
    setText(this.is.age, status ? age(now - status.last_arrival) : "–");
    setText(this.is.threshold, number(threshold) + thresholdNote(header?.command, now));
    const mark = card?.provisional ? "provisional, " : "";
    const note = beside(status, card);
    setText(this.is.model, card ? `${mark}${card.name}, ${card.network}, ${card.window} samples${note && `, ${note.split(":")[0]}`}` : "none");
    this.is.model.title = [note, card?.provenance].filter(Boolean).join("\n");
    this.is.quietKey.hidden = !card?.provisional;
    this.showShares(live.shown, header?.contributions ?? live.contributions);
    this.showBanner(alarms.filter(isTold), now, status);
    this.showNotices(notices(live));
  }

  showZoom(zoomed) {
    this.is.back.hidden = !zoomed;
    setText(this.is.hint, zoomed ? "or double-click" : "Drag across the chart to zoom");
  }

  showShares(names, shares) {
    this.is.shares.parentElement.hidden = !names.length;
    if ([...this.bars.keys()].join("\n") !== names.join("\n")) {
      this.bars.clear();
      this.is.shares.replaceChildren(...names.map((name) => this.bar(name)));
    }
    for (const [name, { fill, value }] of this.bars) {
      const share = shares?.[name];
      fill.style.width = `${Math.round((share ?? 0) * 100)}%`;
      setText(value, share === undefined ? "–" : `${Math.round(share * 100)} %`);
    }
  }

  bar(name) {
    const { element, fill, value } = shareBar(name);
    this.bars.set(name, { fill, value });
    return element;
  }

  showBanner(active, now, status) {
    const alarm = active[0];
    this.is.banner.hidden = !alarm;
    if (!alarm) return void (this.banner = "");
    const quiet = alarm.kind === "provisional";
    const identity = `${alarm.id} ${JSON.stringify(alarm.contributions)}`;
    if (identity !== this.banner) {
      this.banner = identity;
      this.is.banner.dataset.kind = alarm.kind;
      this.is.banner.innerHTML = `${shape(quiet ? "suspect" : "alarm")}<div><strong></strong><span></span></div><div class="fl-shares"></div>`;
      this.is.banner.querySelector(".fl-shares").replaceChildren(...alarmBars(alarm));
    }
    const peak = Math.max(alarm.peak_score, status?.score ?? 0);
    const others = active.length > 1 ? `, and ${active.length - 1} more` : "";
    const title = quiet ? "Outside what was learnt by itself" : "Alarm";
    setText(this.is.banner.querySelector("strong"), `${title} since ${clock(alarm.start)}${others}`);
    setText(
      this.is.banner.querySelector("span"),
      (alarm.threshold ? `peak score ${number(peak)}, threshold ${number(alarm.threshold)} when raised` : alarm.sentence) +
        (quiet ? "" : `; ${alarm.priority} priority, ${alarm.life}${alarm.acknowledged_by ? ` by ${alarm.acknowledged_by}` : ""}`) +
        (quiet ? `; nobody is notified until: faultline adopt ${alarm.device} --confirm` : ""),
    );
  }

  showNotices(lines) {
    const text = lines.join("\n");
    if (text === this.notices) return;
    this.notices = text;
    this.is.notices.replaceChildren(...lines.map((line) => {
      const element = document.createElement("p");
      element.textContent = line;
      return element;
    }));
  }
}

export function shareBar(name, share) {
  const element = document.createElement("div");
  element.className = "fl-share";
  element.innerHTML = '<span class="fl-share-name"></span><span class="fl-share-bar"><i></i></span><span class="fl-share-value"></span>';
  element.querySelector(".fl-share-name").textContent = name;
  element.title = name;
  const fill = element.querySelector("i");
  const value = element.querySelector(".fl-share-value");
  if (share !== undefined) {
    fill.style.width = `${Math.round(share * 100)}%`;
    value.textContent = `${Math.round(share * 100)} %`;
  }
  return { element, fill, value };
}

function alarmBars(alarm) {
  const shares = Object.entries(alarm.contributions).sort((one, other) => other[1] - one[1]);
  return shares.slice(0, 4).map(([name, share]) => shareBar(name, share).element);
}

// Staleness is judged here too: it must show even when no update arrives any more.
function shownState(status, now, stale_s) {
  if (status.state === "alarm") return "alarm";
  return now - status.last_arrival > stale_s ? "stale" : status.state;
}

function thresholdNote(command, now) {
  if (!command) return "";
  if (command.applied_at === null) return " (waiting for the detector)";
  if (command.outcome === "applied") return now - command.applied_at < SETTLED_S ? " (applied)" : "";
  return now - command.applied_at < REFUSAL_SHOWN_S ? ` (${command.outcome})` : "";
}

// What is wrong with this device; of the connection and the detector the header speaks.
function notices({ header, now, device }) {
  const lines = [];
  if (!header) return lines;
  const { status, stale_s, clock_limit_s } = header;
  const behind_s = (status?.counters?.clock_offset_ms ?? 0) / 1000;
  if (Math.abs(behind_s) > clock_limit_s) {
    lines.push(`The device's clock is ${age(Math.abs(behind_s))} ${behind_s > 0 ? "behind" : "ahead"}; the times below are its own.`);
  }
  if (!status) lines.push(`${device} has not been seen yet; it appears here with its first sample.`);
  else if (now - status.last_arrival > stale_s) {
    lines.push(`No data for ${age(now - status.last_arrival)}. The state and figures below are old.`);
  }
  return lines;
}

// Active, not held back, and more than a statement.
function isTold(alarm) {
  return alarm.state === "active" && !HELD.includes(alarm.life) && alarm.kind !== "drift";
}

// What is said of a model that judges a device, such as that the device is not commissioned.
function beside(status, card) {
  return card && !card.provisional && status?.state !== "unscored" ? status?.reason ?? "" : "";
}
