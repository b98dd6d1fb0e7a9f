// A WebSocket that opens itself again and says what it is doing.

import { wanted } from "./words.js";

const SILENCE_MS = 6000; // the server speaks at least every push interval
const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5000;
const REFUSED = [4401, 4403]; // no session; a foreign page, or no role

export class LiveSocket {
  // onState gets "connecting", "live", "lost" or "refused".
  constructor(query, onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.retry = FIRST_RETRY_MS;
    this.watch = setInterval(() => this.checkSilence(), 1000);
    this.open(query);
  }

  // Connect, or connect anew with another query; what the old connection still says is ignored.
  open(query) {
    this.query = query;
    this.drop();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live?${query}&lang=${encodeURIComponent(wanted)}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.heard = performance.now();
      this.retry = FIRST_RETRY_MS;
      this.onState("live");
      this.onMessage(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lose(REFUSED.includes(event.code) ? "refused" : "lost");
    };
  }

  lose(state) {
    this.drop();
    this.onState(state);
    this.timer = setTimeout(() => this.open(this.query), this.retry);
    this.retry = Math.min(this.retry * 1.6, LONGEST_RETRY_MS);
  }

  checkSilence() {
    if (this.socket && performance.now() - this.heard > SILENCE_MS) this.lose("lost");
  }

  drop() {
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = null;
    if (old) old.close();
  }

  close() {
    clearInterval(this.watch);
    this.drop();
  }
}
