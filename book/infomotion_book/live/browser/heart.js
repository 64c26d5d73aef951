// One beating heart: a row of a sheet of frames, moved by a style sheet.

import { h, still } from "./dom.js";

// Element that shows heart number `row` of a sheet; it beats while it has the class il-beat.
export function heart(sheet, row, { name, decorative = false }) {
  const place = sheet.rows > 1 ? (100 * row) / (sheet.rows - 1) : 0;
  const style = `background-image:url("${sheet.url}");background-size:${100 * sheet.frames}% ${100 * sheet.rows}%;`
    + `--il-row:${place}%;--il-frames:${sheet.frames};--il-time:${sheet.beat[row]}ms`;
  const voice = decorative ? { "aria-hidden": "true" } : { role: "img", "aria-label": name };
  return h("span", { class: "il-heart", style, ...voice });
}

// Let a heart beat while a pointer or the focus is on an element; those who asked for less motion press or click.
export function beatsOn(element, picture) {
  const on = () => picture.classList.add("il-beat");
  const off = () => picture.classList.remove("il-beat");
  if (!still()) {
    element.addEventListener("pointerenter", on);
    element.addEventListener("focus", on);
  }
  element.addEventListener("click", on);
  element.addEventListener("pointerleave", off);
  element.addEventListener("blur", off);
}

// A heart in words.
export function words(group, node) {
  return `heart ${node + 1} of ${group.n}`;
}
