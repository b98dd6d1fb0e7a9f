// Has the page drawn again when an alarm or a command has changed; shows nothing.

import { mountView } from "../page.js";
import { LiveSocket } from "../socket.js";


export const mount = (component, version) => mountView(Watch, "watch", component, version);

class Watch {
  constructor() {
    this.asked = null;
    this.socket = new LiveSocket("answers=1", (message) => this.receive(message), () => {});
  }

  update(component) {
    this.component = component;
  }

  receive(message) {
    const { revision } = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    if (!revision || revision === this.component.data.revision || revision === this.asked) return;
    this.asked = revision;
    this.component.setStateValue("revision", revision);
  }

  end() {
    this.socket.close();
  }
}
