// Colours from the page's theme. Red is for anomalies and alarms only.

export function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = read("--st-background-color", "#ffffff");
  const dark = luminance(background) < 0.4;
  return {
    dark,
    background,
    text: read("--st-text-color", "#1f2a33"),
    border: read("--st-border-color", "#d5dbe1"),
    font: read("--st-font", "sans-serif"),
    raw: dark ? "#e3e9ef" : "#36424d",
    reconstruction: dark ? "#2f86c9" : "#6db3ea",
    rawBand: dark ? "rgba(227, 233, 239, 0.30)" : "rgba(54, 66, 77, 0.30)",
    reconstructionBand: dark ? "rgba(47, 134, 201, 0.45)" : "rgba(109, 179, 234, 0.50)",
    reconstructionEdge: dark ? "#4aa8f0" : "#1f7ec4",
    error: dark ? "#c9a24a" : "#8a6a14",
    errorArea: dark ? "rgba(201, 162, 74, 0.35)" : "rgba(170, 130, 30, 0.28)",
    score: dark ? "#d7dee5" : "#2f3b46",
    anomaly: dark ? "#ff5c5c" : "#d92d20",
    alarm: dark ? "rgba(255, 92, 92, 0.13)" : "rgba(217, 45, 32, 0.08)",
    notJudged: dark ? "rgba(150, 165, 180, 0.16)" : "rgba(90, 103, 115, 0.13)",
    healthy: dark ? "#66c49a" : "#2e7d5b",
    note: dark ? "#b9c4cf" : "#4b5863",
    grid: dark ? "rgba(255, 255, 255, 0.07)" : "rgba(30, 45, 60, 0.08)",
    faint: dark ? "#93a1ae" : "#596570",
  };
}

function luminance(color) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = color;
  const hex = probe.fillStyle; // normalised to #rrggbb
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return 0.3 * r + 0.59 * g + 0.11 * b;
}
