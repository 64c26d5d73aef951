// Be the selector: pick hearts of one class by eye, then compare how well they cover it.

import { fresh, h } from "./dom.js";
import { groupOf } from "./group.js";
import { beatsOn, heart, words } from "./heart.js";
import { meanGap } from "./picks.js";
import { efStrip } from "./strips.js";

const BUDGET = 5;
const DRAWS = 1000;
const COLOURS = { you: "#D55E00", infomotion: "#0072B2", kmeans: "#009E73" };

// Random numbers from 0 to 1 that are the same for the same seed (mulberry32).
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Different nodes out of n.
export function draw(n, count, next) {
  const nodes = Array.from({ length: n }, (_, node) => node);
  for (let at = 0; at < count; at += 1) {
    const other = at + Math.floor(next() * (n - at));
    [nodes[at], nodes[other]] = [nodes[other], nodes[at]];
  }
  return nodes.slice(0, count);
}

// Coverage of a class by some picks: mean gap in EF points and in motion, the latter as a share of the class's mean distance.
export function coverage(group, picks) {
  let sum = 0;
  for (const value of group.distances) sum += value;
  const typical = sum / (group.n * (group.n - 1));
  return {
    ef: meanGap(group.n, picks, (a, b) => Math.abs(group.ef[a] - group.ef[b])),
    motion: meanGap(group.n, picks, (a, b) => group.distances[a * group.n + b]) / typical,
  };
}

export class Selector {
  constructor(model, element) {
    this.model = model;
    this.data = model.get("data");
    this.element = element;
    this.grid = h("div", { class: "il-grid", role: "group" });
    this.status = h("p", { class: "il-status", role: "status" });
    this.answer = h("div", { class: "il-answer" });
    this.all = h("button", { type: "button", "aria-pressed": "false" }, "Let all beat");
    this.all.addEventListener("click", () => {
      const on = this.all.getAttribute("aria-pressed") !== "true";
      this.all.setAttribute("aria-pressed", on);
      this.grid.classList.toggle("il-all", on);
    });
    const again = h("button", { type: "button" }, "Start again");
    again.addEventListener("click", () => this.start());
    const id = fresh("class");
    const options = Object.keys(this.data.classes).map((name) => h("option", { value: name, selected: name === model.get("class_name") }, name));
    const choose = h("select", { id }, ...options);
    choose.addEventListener("change", () => {
      model.set("class_name", choose.value);
      model.save_changes();
      this.start();
    });
    this.element.replaceChildren(
      h("div", { class: "il-row" }, h("label", { for: id }, "EF class"), choose, this.all, again),
      this.status, this.grid, this.answer);
    this.start();
  }

  start() {
    this.group = groupOf(this.data, this.model.get("class_name"), this.model.get("sheets"));
    this.picks = [];
    const buttons = this.group.names.map((_, node) => this.button(node));
    this.grid.replaceChildren(...buttons);
    this.grid.setAttribute("aria-label", `The ${this.group.n} hearts of the class ${this.group.name}`);
    this.show();
    this.element.dataset.state = "choosing";
  }

  button(node) {
    const picture = heart(this.group.sheet, node, { decorative: true });
    const button = h("button", { type: "button", "aria-pressed": "false", "aria-label": words(this.group, node) }, picture);
    beatsOn(button, picture);
    button.addEventListener("click", () => this.toggle(node, button));
    return button;
  }

  toggle(node, button) {
    if (this.picks.includes(node)) this.picks = this.picks.filter((other) => other !== node);
    else if (this.picks.length < BUDGET) this.picks = [...this.picks, node];
    button.setAttribute("aria-pressed", this.picks.includes(node));
    this.show();
  }

  show() {
    const left = BUDGET - this.picks.length;
    this.answer.replaceChildren();
    this.status.textContent = left ? `${this.picks.length} of ${BUDGET} picked.` : `All ${BUDGET} picked; the comparison is below the hearts.`;
    if (left === 0) this.compare();
    this.element.dataset.state = left ? "choosing" : "compared";
  }

  compare() {
    const { group, picks } = this;
    const next = random(0);
    const draws = Array.from({ length: DRAWS }, () => coverage(group, draw(group.n, BUDGET, next)));
    const mean = (name) => draws.reduce((sum, one) => sum + one[name], 0) / DRAWS;
    const yours = coverage(group, picks);
    const rows = [["You", yours]];
    const strips = [{ name: "You", nodes: picks, fill: COLOURS.you }];
    for (const [method, label] of [["infomotion", "InfoMotion"], ["kmeans", "K-means"]]) {
      const theirs = group.picks[method]?.[BUDGET]?.[0];
      if (!theirs) continue;
      rows.push([label, coverage(group, theirs)]);
      strips.push({ name: label, nodes: theirs, fill: COLOURS[method] });
    }
    rows.push([`Random, mean of ${DRAWS.toLocaleString("en")} draws`, { ef: mean("ef"), motion: mean("motion") }]);
    const worse = (name) => Math.round((100 * draws.filter((one) => one[name] > yours[name]).length) / DRAWS);
    this.answer.replaceChildren(
      table(rows),
      h("p", {}, `You cover EF better than ${worse("ef")} % of random draws, and motion better than ${worse("motion")} %.`),
      efStrip(group, strips));
    this.model.set("result", { picks: picks.map((node) => group.names[node]), ...yours, worse_ef: worse("ef"), worse_motion: worse("motion") });
    this.model.save_changes();
  }
}

function table(rows) {
  const head = h("tr", {}, ...["Selector", "EF gap, points", "Motion gap"].map((word) => h("th", { scope: "col" }, word)));
  const body = rows.map(([name, { ef, motion }]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, ef.toFixed(2)), h("td", {}, motion.toFixed(2))));
  return h("table", { class: "il-table" }, h("caption", {}, "Coverage: smaller is better"), h("thead", {}, head), h("tbody", {}, ...body));
}
