// Text from the wire, made safe to show: nothing in it turns the direction or breaks a line; as
// detector/text.py does.

const MOVING = /[\p{C}\p{Zl}\p{Zp}]/gu;

export function inert(text) {
  return text.replace(MOVING, (mark) => {
    const code = mark.codePointAt(0);
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  });
}
