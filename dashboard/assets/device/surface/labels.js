// The words of a painted figure: ticks, titles, and what is said of a stretch.

const GAP_BELOW = 3; // pixels between an axis and its ticks
const GAP_BESIDE = 1;
const LINE_HEIGHT = 1.3; // of a font's size
const ASCENT = 0.75;
const PADDING = 3; // pixels, of a shape's label
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const ALIGN = { left: 0, center: 0.5, right: 1 };
const VERTICAL = { top: 0, middle: 0.5, bottom: 1 };

export class Labels {
  constructor(pen) {
    this.pen = pen;
    this.family = "sans-serif";
  }

  // Of an x axis below the one it is anchored to, of a y axis to the left of it.
  ticks({ letter, tickvals, ticktext, tickfont, at, holds }, anchor) {
    if (!anchor) return;
    tickvals.forEach((value, i) => {
      const place = at(value);
      if (!holds(place)) return;
      if (letter === "x") this.text(ticktext[i], place, anchor.start + GAP_BELOW, tickfont, 0.5, 0);
      else this.text(ticktext[i], anchor.start - GAP_BESIDE, place, tickfont, 1, 0.5);
    });
  }

  ofShape({ label: { text, textposition, yanchor, padding = PADDING, font } }, { left, right, top, bottom }) {
    const [vertical, across] = textposition.split(" ");
    if (!across) return this.text(text, left + padding, top - padding, font, 0, VERTICAL[yanchor]);
    const y = { top: top + padding, middle: (top + bottom) / 2, bottom: bottom - padding }[vertical];
    this.text(text, (left + right) / 2, y, font, ALIGN[across], VERTICAL[vertical]);
  }

  annotation({ text, font, xanchor = "center", yanchor = "middle", bgcolor, bordercolor, borderwidth = 1, borderpad = 1 }, [x, y]) {
    const { width, height } = this.size(text, font);
    const around = borderwidth + borderpad;
    const left = x - ALIGN[xanchor] * (width + 2 * around);
    const top = y - VERTICAL[yanchor] * (height + 2 * around);
    if (bgcolor) this.plate(left, top, width + 2 * around, height + 2 * around, { bgcolor, bordercolor, borderwidth });
    this.text(text, left + around, top + around, font, 0, 0);
  }

  plate(left, top, width, height, { bgcolor, bordercolor, borderwidth }) {
    const { pen } = this;
    pen.fillStyle = bgcolor;
    pen.fillRect(left, top, width, height);
    pen.strokeStyle = bordercolor;
    pen.lineWidth = borderwidth;
    pen.setLineDash([]);
    pen.strokeRect(left + borderwidth / 2, top + borderwidth / 2, width - borderwidth, height - borderwidth);
  }

  size(text, font) {
    const lines = linesOf(text);
    this.use(font);
    return { width: Math.max(...lines.map((line) => this.pen.measureText(line).width)), height: lines.length * LINE_HEIGHT * font.size };
  }

  // A text whose box has its point (across, down), 0 to 1, at x, y.
  text(text, x, y, font, across, down) {
    const { pen } = this;
    this.use(font);
    pen.fillStyle = font.color;
    const lines = linesOf(text);
    const top = y - down * lines.length * LINE_HEIGHT * font.size;
    lines.forEach((line, i) => {
      const left = x - across * pen.measureText(line).width;
      pen.fillText(line, left, top + (i + ASCENT + (LINE_HEIGHT - 1) / 2) * LINE_HEIGHT * font.size);
    });
  }

  use({ size }) {
    this.pen.font = `${size}px ${this.family}`;
  }
}

// As Plotly reads a text: its entities, and a tag that breaks a line.
function linesOf(text) {
  return text.split("<br>").map((line) => line.replace(/&(lt|gt|amp);/g, (entity) => ENTITIES[entity]));
}
