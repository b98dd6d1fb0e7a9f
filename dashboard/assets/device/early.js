// A live device while Streamlit is still coming up: drawn over the page that loads, roughly where
// its place will be, and handed over to that place when it is there (see mountView).

import { EARLY } from "../page.js";
import { mount } from "./device.js";

const GIVE_UP_MS = 30000;
const LOOK_MS = 20;

const page = location.pathname;
const asked = new URLSearchParams(location.search);
const standsStill = ["from", "to", "range", "paused"].some((name) => asked.has(name));
if (asked.get("device") && !standsStill) begin(asked.get("device"));
else letStreamlitRun();

function begin(device) {
  const cover = document.createElement("div");
  cover.id = EARLY;
  cover.hidden = true;
  cover.classList.toggle("fl-dark", isDark());
  cover.innerHTML = '<div class="faultline faultline_device"></div>';
  document.body.append(cover);
  const version = new URL(import.meta.url).pathname.split("/").at(-3);
  const nobody = () => undefined; // to be told anything yet
  const data = { device, window_s: seconds(asked.get("window")), revision: null, command: null, asked: null, behind_ms: 0 };
  const end = mount({ parentElement: cover, data, setStateValue: nobody, setTriggerValue: nobody }, version);
  const began = performance.now();
  const looking = setInterval(() => {
    const isHandedOver = !cover.isConnected;
    const isRefused = cover.firstChild?.dataset.link === "refused"; // nobody is signed in
    const isOver = isHandedOver || isRefused || location.pathname !== page || performance.now() - began > GIVE_UP_MS;
    if (isOver || cover.firstChild.dataset.draws) letStreamlitRun();
    if (!isOver) return void (cover.hidden = !says(cover.firstChild));
    clearInterval(looking);
    if (isHandedOver) return; // its page ends it
    cover.remove();
    end();
  }, LOOK_MS);
}

// The page waits with it until the chart is drawn, if not for long (front_page.py).
function letStreamlitRun() {
  dispatchEvent(new Event("faultline-early"));
}

// Whether there is something to be seen: the server has answered, and knows the device.
function says(root) {
  const state = root.querySelector('[data-is="state"]');
  return root.dataset.link === "live" && !!state && !state.hidden;
}

// As Streamlit will have it: what was chosen in its menu, else what the browser prefers.
function isDark() {
  const chosen = /Light|Dark/.exec(kept(`stActiveTheme-${page}-v2`));
  return chosen ? chosen[0] === "Dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function kept(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

// "10 s" or "5 min", as the page's address has it; null: automatic.
function seconds(window) {
  const [, count, unit] = /^(\d+) (s|min)$/.exec(window ?? "") ?? [];
  return count ? Number(count) * (unit === "min" ? 60 : 1) : null;
}
