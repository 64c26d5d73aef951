// The widget, shaped for anywidget: a model with get, set, on and save_changes, and an element to fill.

import { Live } from "./live.js";
import { Selector } from "./selector.js";

function render({ model, el }) {
  el.classList.add("il");
  const shown = model.get("view") === "selector" ? new Selector(model, el) : new Live(model, el);
  el.live = shown;
  return () => { shown.engine?.infomap?.terminateAll(0); };
}

export default { render };
