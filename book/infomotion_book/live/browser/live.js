// Infomap, live: settings, map, picks, meter and strip of one EF class.

import { controls } from "./controls.js";
import { fresh, h, still } from "./dom.js";
import { Engine } from "./engine.js";
import { buildGraph, defaultK } from "./graph.js";
import { groupOf } from "./group.js";
import { beatsOn, heart, words } from "./heart.js";
import { colour, GraphMap } from "./map.js";
import { health, meanGap, pick, strengths } from "./picks.js";
import { byCommunity, efStrip, Meter } from "./strips.js";

const WAIT = 120; // milliseconds from the last movement of a slider to the run
const HEALTH = {
  healthy: "The graph is neither collapsed nor shattered.",
  collapsed: "Collapsed: one community holds nearly all hearts, so the picks ignore variety.",
  shattered: "Shattered: many communities of one or two hearts.",
};
const SETTINGS = ["recipe", "k", "scale", "markov_time", "seed", "trials"];

export class Live {
  constructor(model, element) {
    this.model = model;
    this.element = element;
    this.data = model.get("data");
    this.engine = new Engine(model.get("engine"));
    this.map = new GraphMap({ look: (node) => this.look(node, this.beats || !still()), open: (node) => this.look(node, true) });
    this.meter = new Meter();
    this.status = h("p", { class: "il-status", role: "status" });
    this.note = h("p", { class: "il-small" });
    this.chosen = h("div", { class: "il-chosen", role: "group", "aria-label": "Picked hearts" });
    this.strip = h("div", {});
    this.player = h("div", { class: "il-player" });
    this.timer = 0;
    this.beats = false;
    this.build();
    this.frozen();
  }

  build() {
    const help = fresh("help");
    this.map.element.setAttribute("aria-describedby", help);
    const hint = "Point at a dot, or Tab to the map: ← → go from heart to heart by EF, ↑ ↓ from pick to pick.";
    this.element.replaceChildren(
      controls(this.model, this.data.classes, (name) => this.changed(name)),
      this.status,
      h("div", { class: "il-stage" },
        h("div", { class: "il-left" }, this.map.element, this.map.note, h("p", { id: help, class: "il-small" }, hint)),
        h("div", { class: "il-right" }, this.player, h("p", { class: "il-label" }, "Picked, in order of rank"), this.chosen)),
      this.meter.element, this.strip, this.note);
  }

  get group() {
    return groupOf(this.data, this.model.get("class_name"), this.model.get("sheets"));
  }

  settings() {
    return { ...Object.fromEntries(SETTINGS.map((name) => [name, this.model.get(name)])), threshold: this.data.settings.threshold };
  }

  // Whether the settings are those of the frozen run.
  get asFrozen() {
    const k = (value) => value || defaultK(this.group.n);
    const same = (name) => this.model.get(name) === this.data.settings[name];
    return SETTINGS.every((name) => name === "trials" || same(name) || (name === "k" && k(this.model.get("k")) === k(this.data.settings.k)));
  }

  // What Python found, shown before Infomap is here.
  frozen() {
    const { group } = this;
    this.map.place(group);
    const graph = buildGraph(group, this.data.settings);
    const { module, codelength, one_level: oneLevel } = group;
    this.show({ graph, module, flow: strengths(graph), codelength, oneLevel, savings: Math.max(0, 1 - codelength / oneLevel) }, group);
    this.note.textContent = "Computed in Python when the book was made; Infomap starts here with the first change.";
    this.element.dataset.state = "frozen";
  }

  changed(name) {
    clearTimeout(this.timer);
    if (name === "class_name") this.map.place(this.group);
    if (name === "budget") {
      if (this.element.dataset.state !== "running") this.show(this.found, this.group);
      return;
    }
    this.element.dataset.state = "running";
    this.timer = setTimeout(() => this.run(), name === "class_name" ? 0 : WAIT);
  }

  // Build the graph and ask Infomap; resolves when the picture shows the answer.
  async run() {
    const { group } = this;
    const settings = this.settings();
    const started = performance.now();
    try {
      const graph = buildGraph(group, settings);
      const found = await this.engine.partition(graph, settings);
      if (!found) return; // another question came meanwhile
      const seconds = (performance.now() - started) / 1000;
      this.show({ graph, ...found }, group, seconds);
      this.note.textContent = `Infomap ran in this page: ${settings.trials === 1 ? "one trial" : `${settings.trials} trials`} in ${seconds.toFixed(2)} s.${this.agreement()}`;
      this.element.dataset.state = "ready";
    } catch (problem) {
      this.frozen();
      this.status.textContent = `Infomap did not run: ${problem.message ?? problem}. The picture is that of the frozen run.`;
      this.element.dataset.state = "failed";
    }
  }

  // How many of the picks are those of the frozen run, where the settings are.
  agreement() {
    const runs = this.group.picks.infomotion?.[this.model.get("budget")];
    if (!this.asFrozen || !runs) return "";
    const same = this.picks.filter((node) => runs[0].includes(node)).length;
    return ` ${same} of its ${this.picks.length} picks are those of the frozen Python run.`;
  }

  show(found, group, seconds = 0) {
    this.found = found;
    const { module, flow, savings } = found;
    this.picks = pick(module, flow, this.model.get("budget"));
    const count = new Set(module).size;
    const gap = meanGap(group.n, this.picks, (a, b) => Math.abs(group.ef[a] - group.ef[b]));
    this.status.textContent = `${group.name}: ${count} ${count === 1 ? "community" : "communities"} among ${group.n} hearts. ${HEALTH[health(module)]}`;
    this.map.show({ ...found, picks: this.picks });
    this.meter.show(found);
    const told = `An average heart of the class is ${gap.toFixed(1)} EF points from the nearest pick.`;
    this.strip.replaceChildren(
      efStrip(group, [{ name: "EF of the picks, over that of all hearts of the class", nodes: this.picks, fill: byCommunity(module) }]),
      h("p", { class: "il-small" }, told));
    this.chosen.replaceChildren(...this.picks.map((node, rank) => this.button(group, node, rank)));
    this.looked = this.shown === group && this.looked !== undefined ? this.looked : this.picks[0];
    this.shown = group;
    this.present();
    const names = this.picks.map((node) => group.names[node]);
    this.model.set("result", { class_name: group.name, picks: names, module, savings, links: found.graph.links.length, seconds });
    this.model.save_changes();
  }

  button(group, node, rank) {
    const picture = heart(group.sheet, node, { decorative: true });
    const label = `Pick ${rank + 1}: ${words(group, node)}, EF ${group.ef[node].toFixed(0)}, community ${this.found.module[node] + 1}`;
    const button = h("button", { type: "button", "aria-label": label, style: `border-color:${colour(this.found.module[node])}` }, picture);
    beatsOn(button, picture);
    button.addEventListener("click", () => this.look(node, true));
    return button;
  }

  // Look at one heart; `beats`: whether it moves.
  look(node, beats) {
    if (node === this.looked && beats === this.beats) return;
    [this.looked, this.beats] = [node, beats];
    this.present();
  }

  // The heart that is looked at, large, with its numbers and a button that moves it or holds it still.
  present() {
    const { group, looked } = this;
    this.map.mark(looked);
    this.map.stop(looked);
    const picture = heart(group.sheet, looked, { name: `A drawn heart, ${words(group, looked)}` });
    picture.classList.toggle("il-beat", this.beats);
    const button = h("button", { type: "button", "aria-pressed": this.beats }, "Let it beat");
    button.addEventListener("click", () => {
      this.beats = picture.classList.toggle("il-beat");
      button.setAttribute("aria-pressed", this.beats);
    });
    const rank = this.picks.indexOf(looked);
    const about = [`EF ${group.ef[looked].toFixed(1)}`, `community ${this.found.module[looked] + 1}`, rank < 0 ? "not picked" : `pick ${rank + 1}`];
    this.player.replaceChildren(picture, h("div", {}, h("b", {}, words(group, looked)), h("span", {}, about.join(", ")), button));
  }
}
