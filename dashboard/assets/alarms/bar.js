// What may be done to the alarms that are selected, or to the one at the cursor.

import { setText } from "../shapes.js";
import { say } from "../words.js";

const VERDICTS = ["real", "false", "known"];

export class Bar {
  constructor(element, list) {
    this.list = list;
    element.setAttribute("role", "toolbar");
    element.setAttribute("aria-label", say("alarms.keys_title"));
    element.innerHTML = `<label class="fl-all"><input type="checkbox"><span></span></label>
      <span class="fl-acts"><button type="button" class="fl-act" data-kind="ack"></button>
      <span class="fl-pair"><select></select><button type="button" class="fl-act" data-kind="shelve"></button></span>
      <button type="button" class="fl-act" data-kind="unshelve"></button></span>
      <span class="fl-acts fl-words"><input type="text" maxlength="1000"><button type="button" class="fl-act" data-kind="comment"></button>
      ${VERDICTS.map((word) => `<button type="button" class="fl-act" data-verdict="${word}"></button>`).join("")}</span>`;
    [this.all, this.minutes, this.text] = ["input", "select", "input[type=text]"].map((one) => element.querySelector(one));
    this.count = element.querySelector(".fl-all span");
    this.buttons = [...element.querySelectorAll("button")];
    this.label();
    this.all.addEventListener("change", () => list.chooseAll(this.all.checked));
    element.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    this.text.addEventListener("keydown", (event) => this.typed(event));
    this.text.addEventListener("input", () => this.text.setCustomValidity(""));
  }

  label() {
    const words = { ack: say("alarms.acknowledge"), shelve: say("alarms.shelve"), unshelve: say("alarms.unshelve"), comment: say("alarms.comment") };
    for (const button of this.buttons) button.textContent = words[button.dataset.kind] ?? say(`alarms.verdict_${button.dataset.verdict}`);
    this.all.setAttribute("aria-label", say("alarms.select_all"));
    this.minutes.setAttribute("aria-label", say("alarms.shelve_for"));
    this.text.setAttribute("aria-label", say("alarms.comment_or_cause"));
    this.text.placeholder = say("alarms.comment_or_cause");
  }

  show() {
    const { list } = this;
    this.showMinutes(list.component.data.shelves);
    const meant = list.meant();
    const n = list.chosen.size;
    setText(this.count, n ? say("alarms.selected", { n }) : meant.length ? say("alarms.at_cursor", { id: meant[0].id }) : "");
    this.all.checked = n > 0 && n === list.rows.length;
    this.all.indeterminate = n > 0 && n < list.rows.length;
    for (const button of this.buttons) {
      const kind = button.dataset.kind ?? "verdict";
      button.disabled = !meant.some((row) => row.may.includes(kind));
      button.hidden = kind === "unshelve" && button.disabled;
    }
    const mayShelve = meant.some((row) => row.may.includes("shelve"));
    this.minutes.parentElement.hidden = !mayShelve;
    this.list.root.firstChild.hidden = !list.rows.length;
  }

  showMinutes(shelves) {
    if (this.minutes.childElementCount) return;
    for (const [minutes, text] of [...shelves, ["", say("alarms.until_over")]]) {
      this.minutes.append(Object.assign(document.createElement("option"), { value: minutes, textContent: text }));
    }
  }

  clicked(button) {
    const { kind, verdict } = button?.dataset ?? {};
    if (kind === "ack" || kind === "unshelve") this.list.ask(kind);
    if (kind === "shelve") this.shelve();
    if (kind === "comment") this.comment();
    if (verdict) this.judge(verdict);
  }

  shelve() {
    const minutes = this.minutes.value;
    this.list.ask("shelve", { minutes: minutes === "" ? null : Number(minutes) });
  }

  write() {
    this.text.focus();
  }

  comment() {
    const why = this.text.value.trim();
    if (!why) {
      this.text.setCustomValidity(say("alarms.needs_text"));
      return void this.text.reportValidity();
    }
    this.said("comment", { why });
  }

  // Without a cause the word itself is kept as one.
  judge(verdict) {
    this.said("verdict", { verdict, why: this.text.value.trim() || say(`alarms.verdict_${verdict}`) });
  }

  said(kind, value) {
    this.text.value = "";
    this.list.ask(kind, value);
  }

  typed(event) {
    if (event.key === "Enter") this.comment();
    if (event.key !== "Escape") return;
    this.text.blur();
    event.stopPropagation();
  }
}
