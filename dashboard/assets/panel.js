// The words and bars around the chart: state, figures, banner, contributions, legend, notices.

import { clock } from "./axes.js";
import { percent } from "./format.js";
import { inert } from "./inert.js";
import { apart } from "./names.js";
import { age, number, setText, shape, showState } from "./shapes.js";
import { say } from "./words.js";

const HELD = ["shelved", "suppressed", "out-of-service"];
// Texts of the catalogue are ours, so they may stand in HTML.
function layout() {
  const key = (name, title = "") => `<span title="${title}"><i class="fl-key fl-key-${name}"></i>${say(`device.key_${name.replace("-", "_")}`)}</span>`;
  const fact = (name, kind = "") => `<div class="${kind}"><dt>${say(`device.fact_${name}`)}</dt><dd data-is="${name}"></dd></div>`;
  return `
<header class="fl-head">
  <h1 data-is="name"></h1><span class="fl-chip" data-is="state"></span>
  <span class="fl-link" data-is="link" role="status"></span>
</header>
<div class="fl-notices" data-is="notices" role="status"></div>
<div class="fl-banner" data-is="banner" role="alert" hidden></div>
<dl class="fl-facts">
  ${fact("score")}${fact("threshold")}${fact("mse")}${fact("age")}${fact("model", "fl-wide")}
  <div class="fl-shares"><dt data-is="sharesOf"></dt><dd data-is="shares"></dd></div>
</dl>
<div class="fl-legend">
  ${key("raw")}${key("reconstruction")}${key("error")}${key("anomaly", say("device.anomaly_means"))}${key("alarm")}
  <span title="${say("device.provisional_means")}" data-is="quietKey" hidden><i class="fl-key fl-key-quiet"></i>${say("device.provisional_alarm")}</span>
  ${key("threshold")}${key("not-judged")}
  <span data-is="healthyKey" hidden><i class="fl-key fl-key-healthy"></i>${say("device.key_healthy")}</span>
</div>
<div class="fl-chart-bar" data-is="bar" role="toolbar"></div>
<div class="fl-chart" data-is="chart"><div class="fl-graph" data-is="graph"></div><canvas data-is="canvas" aria-hidden="true"></canvas></div>
<div class="fl-told" data-is="told"></div>`;
}

const SETTLED_S = 10;
const REFUSAL_SHOWN_S = 60;

export class Panel {
  constructor(root) {
    root.innerHTML = layout();
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
    setText(this.is.name, inert(live.device));
    this.is.state.hidden = !status;
    if (status) showState(this.is.state, shownState(status, now, header.stale_s));
    setText(this.is.link, link === "connecting" ? say("device.connecting") : "");
    setText(this.is.score, number(status?.score));
    setText(this.is.mse, status?.mse == null ? "–" : status.mse.toPrecision(3));
    setText(this.is.age, status ? age(now - status.last_arrival) : "–");
    setText(this.is.threshold, number(threshold) + thresholdNote(header?.command, now));
    const note = beside(status, card);
    setText(this.is.model, modelInWords(card, note));
    this.is.model.title = [note, card?.provenance].filter(Boolean).join("\n");
    this.is.quietKey.hidden = !card?.provisional;
    setText(this.is.sharesOf, say(`device.shares_${live.shares?.of ?? "now"}`));
    this.showShares(live.shown, live.shares ? live.shares.shares : header?.contributions ?? live.contributions, card);
    this.showBanner(alarms.filter(isTold), now, status);
    this.showNotices(notices(live));
  }

  showComparing(isComparing) {
    this.is.healthyKey.hidden = !isComparing;
  }

  // Of many features those that are drawn, and all the others as one.
  showShares(drawn, shares, card) {
    this.is.shares.parentElement.hidden = !drawn.length;
    const count = (card?.features.length ?? 0) - drawn.length;
    const others = say("device.shares_others", { n: count });
    const names = count > 0 ? [...drawn, others] : drawn;
    if ([...this.bars.keys()].join("\n") !== names.join("\n")) {
      this.bars.clear();
      const short = apart(drawn.map(inert));
      this.is.shares.replaceChildren(...names.map((name, i) => this.bar(name, short[i])));
    }
    const known = shares && Object.keys(shares).length ? { ...shares, [others]: rest(shares, drawn) } : null;
    for (const [name, { fill, value }] of this.bars) {
      const share = known?.[name];
      fill.style.width = `${Math.round((share ?? 0) * 100)}%`;
      setText(value, share === undefined ? "–" : percent(share));
    }
  }

  bar(name, short) {
    const { element, fill, value } = shareBar(name, undefined, short);
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
    setText(this.is.banner.querySelector("strong"), bannerTitle(alarm, quiet, active.length - 1));
    const peak = Math.max(alarm.peak_score, status?.score ?? 0);
    setText(this.is.banner.querySelector("span"), bannerWords(alarm, quiet, peak));
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

// Without a shorter name it is of all that have no bar of their own.
function shareBar(name, share, short) {
  const element = document.createElement("div");
  element.className = "fl-share";
  element.innerHTML = '<span class="fl-share-name"></span><span class="fl-share-bar"><i></i></span><span class="fl-share-value"></span>';
  element.classList.toggle("fl-others", short === undefined);
  element.querySelector(".fl-share-name").textContent = short ?? name;
  element.title = inert(name);
  const fill = element.querySelector("i");
  const value = element.querySelector(".fl-share-value");
  if (share !== undefined) {
    fill.style.width = `${Math.round(share * 100)}%`;
    value.textContent = percent(share);
  }
  return { element, fill, value };
}

const BARS = 4; // of an alarm
const LEAST = 0.005; // a share that is told

function alarmBars(alarm) {
  const shares = Object.entries(alarm.contributions).sort((one, other) => other[1] - one[1]).slice(0, BARS);
  const others = rest(alarm.contributions, shares.map(([name]) => name));
  const short = apart(shares.map(([name]) => inert(name)));
  if (shares.length === BARS && others >= LEAST) shares.push([say("device.shares_rest"), others]);
  return shares.map(([name, share], i) => shareBar(name, share, short[i]).element);
}

// What others than those named contribute; all together it is 1.
function rest(shares, names) {
  return Math.max(0, names.reduce((left, name) => left - (shares[name] ?? 0), 1));
}

// Staleness is judged here too: it must show even when no update arrives any more.
function shownState(status, now, stale_s) {
  if (status.state === "alarm") return "alarm";
  return now - status.last_arrival > stale_s ? "stale" : status.state;
}

function bannerTitle(alarm, quiet, others) {
  const title = say(quiet ? "device.outside_learnt" : "device.alarm_since", { time: clock(alarm.start) });
  return others ? `${title}${say("device.and_more", { n: others })}` : title;
}

function bannerWords(alarm, quiet, peak) {
  const scores = { peak: number(peak), threshold: number(alarm.threshold) };
  const words = [alarm.threshold ? say("device.banner_scores", scores) : alarm.sentence];
  if (quiet) words.push(say("device.banner_quiet", { device: alarm.device }));
  else {
    const life = say(`device.life_${alarm.life.replaceAll("-", "_")}`);
    const by = alarm.acknowledged_by ? say("device.by", { who: alarm.acknowledged_by }) : "";
    words.push(`${say(`device.priority_${alarm.priority}`)}, ${life}${by}`);
  }
  return words.join("; ");
}

function modelInWords(card, note) {
  if (!card) return say("device.no_model");
  const mark = card.provisional ? say("device.provisional_mark") : "";
  const short = note.split(":")[0];
  return `${mark}${say("device.model_words", { name: card.name, network: card.network, n: card.window })}${short && `, ${short}`}`;
}

function thresholdNote(command, now) {
  if (!command) return "";
  if (command.applied_at === null) return ` (${say("device.waiting")})`;
  if (command.outcome === "applied") return now - command.applied_at < SETTLED_S ? ` (${say("device.applied")})` : "";
  return now - command.applied_at < REFUSAL_SHOWN_S ? ` (${command.outcome})` : "";
}

// What is wrong with this device; of the connection and the detector the header speaks.
function notices({ header, now, device }) {
  const lines = [];
  if (!header) return lines;
  const { status, stale_s, clock_limit_s } = header;
  const behind_s = (status?.counters?.clock_offset_ms ?? 0) / 1000;
  if (Math.abs(behind_s) > clock_limit_s) {
    lines.push(say(behind_s > 0 ? "device.clock_behind" : "device.clock_ahead", { age: age(Math.abs(behind_s)) }));
  }
  if (!status) lines.push(say("device.not_seen", { device }));
  else if (now - status.last_arrival > stale_s) lines.push(say("device.no_data", { age: age(now - status.last_arrival) }));
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
