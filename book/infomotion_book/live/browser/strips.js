// The strip of EF and the meter of savings.

import { h, s } from "./dom.js";
import { colour } from "./map.js";

const WIDTH = 520;
const LEFT = 8;

// Rows of picks over the EF of all hearts of a class: {name, nodes, fill} each, fill a colour or a function of the node.
export function efStrip(group, rows) {
  const [low, high] = [Math.floor(Math.min(...group.ef)), Math.ceil(Math.max(...group.ef))];
  const x = (ef) => LEFT + ((ef - low) / (high - low || 1)) * (WIDTH - 2 * LEFT);
  const height = 22 + 30 * rows.length;
  const parts = [];
  rows.forEach(({ name, nodes, fill }, number) => {
    const y = 22 + 30 * number;
    parts.push(s("text", { x: LEFT, y: y - 9 }, name));
    group.ef.forEach((ef) => parts.push(s("line", { x1: x(ef), x2: x(ef), y1: y - 4, y2: y + 4, class: "il-tick" })));
    nodes.forEach((node) => {
      const style = `fill:${typeof fill === "function" ? fill(node) : fill}`;
      parts.push(s("circle", { cx: x(group.ef[node]), cy: y, r: 6, class: "il-pick", style }));
    });
  });
  const step = high - low > 15 ? 5 : 2;
  for (let ef = Math.ceil(low / step) * step; ef <= high; ef += step) {
    parts.push(s("text", { x: x(ef), y: height - 4, class: "il-axis", "text-anchor": ef - low < 1 ? "start" : high - ef < 1 ? "end" : "middle" }, String(ef)));
  }
  const told = rows.map(({ name, nodes }) => `${name}: ${nodes.map((node) => group.ef[node]).sort((a, b) => a - b).map((ef) => ef.toFixed(0)).join(", ")}`).join("; ");
  return s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "il-strip", "aria-label": `EF from ${low} to ${high}. ${told}.` }, ...parts);
}

// Colour of each pick by its community.
export const byCommunity = (module) => (node) => colour(module[node]);

// How many bits per step the communities save.
export class Meter {
  constructor() {
    this.bar = h("span", {});
    this.words = h("span", { class: "il-small" });
    const meter = { class: "il-bar", role: "meter", "aria-label": "Bits saved", "aria-valuemin": 0, "aria-valuemax": 100 };
    this.frame = h("div", meter, this.bar);
    this.element = h("div", { class: "il-meter" }, h("span", { class: "il-label" }, "Saved by the communities"), this.frame, this.words);
  }

  show({ codelength, oneLevel, savings }) {
    const percent = 100 * savings;
    this.bar.style.width = `${percent}%`;
    this.frame.setAttribute("aria-valuenow", percent.toFixed(1));
    this.frame.setAttribute("aria-valuetext", `${percent.toFixed(1)} percent`);
    this.words.textContent = `${percent.toFixed(1)} %: ${codelength.toFixed(2)} instead of ${oneLevel.toFixed(2)} bits per step`;
  }
}
