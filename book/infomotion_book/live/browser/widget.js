// The widget, shaped for anywidget: a model with get, set, on and save_changes, and an element to fill.
// Traits it reads: view ("live" or "selector"), data (live.json), engine and sheets (addresses of Infomap's script and of the folder
// with the hearts), class_name, recipe, k, scale, threshold, markov_time, seed, trials, budget. Trait it writes: result.

import { Live } from "./live.js";
import { Selector } from "./selector.js";

function render({ model, el }) {
  el.classList.add("il");
  const shown = model.get("view") === "selector" ? new Selector(model, el) : new Live(model, el);
  el.live = shown;
  return () => { shown.engine?.infomap?.terminateAll(0); };
}

export default { render };
