// The page's own host: a model without a kernel for each place that waits for the widget.

class Model {
  constructor(values) {
    this.values = new Map(Object.entries(values));
    this.listeners = [];
  }

  get(name) {
    return this.values.get(name);
  }

  set(name, value) {
    if (Object.is(this.values.get(name), value)) return;
    this.values.set(name, value);
    this.listeners.filter(([event]) => event === `change:${name}`).forEach(([, action]) => action());
  }

  on(event, action) {
    this.listeners.push([event, action]);
  }

  off(event, action) {
    this.listeners = this.listeners.filter(([name, other]) => name !== event || (action && other !== action));
  }

  save_changes() {}
}

const shared = JSON.parse(document.getElementById("im-live-data").textContent);
for (const element of document.querySelectorAll("[data-live]")) {
  const model = new Model({ ...shared, ...shared.data.settings, trials: 100, budget: 5, result: null, ...JSON.parse(element.dataset.live) });
  element.liveModel = model;
  render({ model, el: element });
}
