// Has the page drawn again when an alarm or a command has changed; shows nothing.

import { LiveSocket } from "../socket.js";

const watches = new WeakMap();

// Called by Streamlit for the first time and whenever `data` changes.
export function mount(component) {
  const root = component.parentElement.querySelector(".faultline_watch");
  const watch = watches.get(root) ?? new Watch();
  watches.set(root, watch);
  watch.component = component;
  return () => setTimeout(() => {
    if (root.isConnected) return; // drawn again in place
    watch.socket.close();
    watches.delete(root);
  }, 0);
}

class Watch {
  constructor() {
    this.asked = null;
    this.socket = new LiveSocket("answers=1", (message) => this.receive(message), () => {});
  }

  receive(message) {
    const { revision } = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    if (!revision || revision === this.component.data.revision || revision === this.asked) return;
    this.asked = revision;
    this.component.setStateValue("revision", revision);
  }
}
