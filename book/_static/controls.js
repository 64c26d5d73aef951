// Controls without a kernel: reads the state that ipywidgets left in a page and draws what the book uses of it, namely sliders, rows
// of buttons, boxes, stacks of pictures and the links between them. Each view is shaped as an anywidget: render({model, el}).
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const PREFIX = "IPY_MODEL_";

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  };

  // One widget of the state; `models` holds all of them by id.
  class Model {
    constructor({ model_name: kind, state }, models) {
      Object.assign(this, { kind, models, state: { ...state }, actions: [] });
    }

    get(name) {
      return this.state[name];
    }

    set(name, value) {
      if (this.state[name] === value) return;
      this.state[name] = value;
      this.actions.filter(([event]) => event === `change:${name}`).forEach(([, action]) => action());
    }

    on(event, action) {
      this.actions.push([event, action]);
    }

    save_changes() {}

    refer(text) {
      return this.models.get(String(text).slice(PREFIX.length));
    }

    get children() {
      return (this.get("children") ?? []).map((child) => this.refer(child));
    }

    style(name) {
      return this.refer(this.get("layout"))?.get(name);
    }
  }

  let count = 0;
  const kinds = {
    VBoxModel: ({ model, el }) => {
      el.classList.add("im-column");
      el.append(...model.children.map(view));
    },
    HBoxModel: ({ model, el }) => {
      el.classList.add("im-line");
      el.append(...model.children.map(view));
    },
    HTMLModel: ({ model, el }) => {
      el.innerHTML = model.get("value");
    },
    StackModel: ({ model, el }) => {
      const drawn = new Map(); // a picture is drawn when it is first asked for
      const show = () => {
        const at = model.get("selected_index") ?? 0;
        if (!drawn.has(at)) drawn.set(at, view(model.children[at]));
        el.replaceChildren(drawn.get(at));
      };
      model.on("change:selected_index", show);
      show();
    },
    IntSliderModel: ({ model, el }) => {
      count += 1;
      const input = make("input", { type: "range", id: `im-slider-${count}`, min: model.get("min") ?? 0, max: model.get("max") ?? 100, step: model.get("step") ?? 1 });
      input.value = model.get("value") ?? 0;
      input.style.width = model.style("width") ?? "";
      input.addEventListener("input", () => change(model, "value", Number(input.value), el));
      el.classList.add("im-slider");
      el.append(make("label", { for: input.id }, model.get("description") ?? ""), input);
    },
    ToggleButtonsModel: ({ model, el }) => {
      const question = model.get("description") ?? "";
      const buttons = model.get("_options_labels").map((label, index) => {
        const button = make("button", { type: "button" }, label);
        button.addEventListener("click", () => change(model, "index", index, el));
        return button;
      });
      const press = () => buttons.forEach((button, index) => button.setAttribute("aria-pressed", index === (model.get("index") ?? 0)));
      model.on("change:index", press);
      press();
      el.classList.add("im-buttons");
      el.setAttribute("role", "group");
      el.setAttribute("aria-label", question);
      el.append(make("span", { "aria-hidden": "true" }, question), ...buttons);
    },
  };

  // Element of a widget; nothing for a kind that the book does not use.
  function view(model) {
    const el = make("div");
    el.classList.add(...(model?.get("_dom_classes") ?? []));
    kinds[model?.kind]?.({ model, el });
    return el;
  }

  // A reader's change: the pictures follow, and what they show is said aloud.
  function change(model, name, value, el) {
    model.set(name, value);
    model.save_changes();
    const control = el.closest(".im-control");
    const told = [...control.querySelectorAll("img[alt]")].map((image) => image.alt).join(" ");
    control.querySelector(".im-heard").textContent = told;
    control.querySelectorAll("input[type=range]").forEach((input) => input.setAttribute("aria-valuetext", told));
  }

  document.addEventListener("DOMContentLoaded", () => {
    const models = new Map();
    document.querySelectorAll(STATE).forEach((script) => {
      Object.entries(JSON.parse(script.textContent).state).forEach(([id, one]) => models.set(id, new Model(one, models)));
    });
    models.forEach((link) => {
      if (link.kind !== "DirectionalLinkModel") return;
      const [[source, from], [target, to]] = [link.get("source"), link.get("target")];
      link.refer(source)?.on(`change:${from}`, () => link.refer(target)?.set(to, link.refer(source).get(from)));
    });
    document.querySelectorAll(VIEW).forEach((script) => {
      const model = models.get(JSON.parse(script.textContent).model_id);
      if (!model) return;
      const control = make("div", { class: "im-control" }, view(model), make("p", { class: "im-heard", role: "status" }));
      script.after(control);
    });
  });
})();
