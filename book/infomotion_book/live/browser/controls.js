// The settings that a reader may change: each is a trait of the model under its own name.

import { fresh, h } from "./dom.js";
import { defaultK } from "./graph.js";

const RECIPES = { knn: "nearest neighbours", softmax_inverse: "softmax of 1/d", literal: "literal" };
const TRIALS = [1, 10, 100];

// Buttons of which one is chosen.
function choice(model, name, legend, answers, changed) {
  const group = fresh(name);
  const buttons = Object.entries(answers).map(([value, words]) => {
    const input = h("input", { type: "radio", name: group, value, checked: String(model.get(name)) === value });
    input.addEventListener("change", () => {
      model.set(name, typeof model.get(name) === "number" ? Number(value) : value);
      model.save_changes();
      changed(name);
    });
    return h("label", {}, input, h("span", {}, words));
  });
  return h("fieldset", { class: "il-choice" }, h("legend", {}, legend), ...buttons);
}

// A slider with its value in words; `toValue` and `toPlace` stretch its scale.
function slider(model, name, label, { min, max, step, say, toValue = Number, toPlace = (value) => value }, changed) {
  const id = fresh(name);
  const output = h("output", { for: id }, say(model.get(name)));
  const input = h("input", { id, type: "range", min, max, step, "aria-valuetext": say(model.get(name)) });
  input.value = toPlace(model.get(name));
  const show = () => {
    output.textContent = say(model.get(name));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    model.set(name, toValue(input.value));
    model.save_changes();
    show();
    changed(name);
  });
  const element = h("div", { class: "il-slider" }, h("label", { for: id }, label), input, output);
  return { element, input, show, enable: (on) => { input.disabled = !on; element.classList.toggle("il-off", !on); } };
}

// All settings of the live graph; `changed` is called after each change.
export function controls(model, classes, changed) {
  const count = () => classes[model.get("class_name")].names.length;
  const k = slider(model, "k", "neighbours k", {
    min: 1, max: 30, step: 1,
    say: (value) => `${value || defaultK(count())}`, toPlace: (value) => value || defaultK(count()),
  }, changed);
  const scale = slider(model, "scale", "scale s", {
    min: -20, max: 20, step: 1, say: (value) => Number(value).toPrecision(2),
    toValue: (place) => 10 ** (place / 20), toPlace: (value) => 20 * Math.log10(value),
  }, changed);
  const time = slider(model, "markov_time", "Markov time", { min: 0.4, max: 4, step: 0.1, say: (value) => Number(value).toFixed(1) }, changed);
  const seed = slider(model, "seed", "seed", { min: 0, max: 20, step: 1, say: String }, changed);
  const budget = slider(model, "budget", "hearts to pick", { min: 1, max: 15, step: 1, say: String }, changed);
  const suit = () => {
    k.enable(model.get("recipe") === "knn");
    scale.enable(model.get("recipe") === "softmax_inverse");
    k.show();
  };
  model.on("change:recipe", suit);
  model.on("change:class_name", suit);
  suit();
  const names = Object.fromEntries(Object.keys(classes).map((name) => [name, name]));
  const trials = Object.fromEntries(TRIALS.map((number) => [number, String(number)]));
  return h("form", { class: "il-controls", "aria-label": "Settings" },
    choice(model, "class_name", "EF class", names, changed),
    choice(model, "recipe", "graph", RECIPES, changed),
    h("div", { class: "il-sliders" }, budget.element, k.element, time.element, scale.element, seed.element),
    choice(model, "trials", "trials", trials, changed));
}
