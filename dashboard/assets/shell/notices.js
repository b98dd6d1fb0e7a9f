// What is wrong with the connection, the store or the detector, a sentence each.

import { age } from "../shapes.js";
import { say } from "../words.js";

const CONNECTED = "connected";

export function notices({ said, link, error }) {
  const lines = [];
  if (link === "lost") lines.push(say("shell.lost"));
  if (link === "refused") lines.push(say("shell.refused"));
  if (error) lines.push(say("shell.store_error", { error }));
  if (said && link === "live") lines.push(...ofDetector(said));
  return lines;
}

function ofDetector(said) {
  if (!said.alive) {
    return [said.age_s === null ? say("shell.detector_none") : say("shell.detector_stopped", { age: age(said.age_s) })];
  }
  const lines = said.flood ? [say("shell.flood_told", { n: said.flood })] : [];
  if (said.stopped?.length) lines.push(say("shell.detectors_stopped", { names: said.stopped.join(", ") }));
  if (said.disk_full) lines.push(say("shell.disk_full"));
  else if (said.kept_too_large) lines.push(say("shell.kept_too_large"));
  else if (said.thinned > 1) lines.push(say("shell.thinned", { n: said.thinned }));
  else if (said.connection === "loading") lines.push(say("shell.loading"));
  else if (said.connection !== CONNECTED) lines.push(say("shell.no_broker", { connection: said.connection }));
  return lines;
}
