// Names for what the theme and the widget library leave unnamed, so that pages and controls can be used by ear and keyboard.
(() => {
  // The widget library asks MathJax 2's queue to set formulas; MathJax 3 has none and does it by itself.
  let mathjax = window.MathJax;
  Object.defineProperty(window, "MathJax", {
    configurable: true,
    get: () => mathjax,
    set: (value) => {
      mathjax = value;
      if (value && !value.Hub) value.Hub = { Queue: () => {} };
    },
  });
  window.MathJax = mathjax;

  const theme = () => {
    document.querySelectorAll(".search-button__button[aria-label]").forEach((button) => button.removeAttribute("aria-label"));
    document.querySelectorAll(".theme-switch-button svg:not([aria-hidden])").forEach((icon) => {
      icon.querySelector("title")?.remove();
      icon.removeAttribute("aria-labelledby");
      icon.setAttribute("aria-hidden", "true");
    });
    document.querySelectorAll("details.hide > summary[aria-label]").forEach((toggle) => toggle.removeAttribute("aria-label"));
    document.querySelectorAll("nav summary:not([aria-label])").forEach((toggle) => {
      const page = toggle.closest("li")?.querySelector("a")?.textContent?.trim() || "";
      toggle.setAttribute("aria-label", `Pages under ${page}`);
    });
  };
  const name = (root) => {
    root.querySelectorAll('.widget-label[title="null"]').forEach((label) => label.removeAttribute("title"));
    root.querySelectorAll(".noUi-handle[role=slider]:not([aria-label])").forEach((handle) => {
      const label = handle.closest(".widget-slider")?.querySelector(".widget-label");
      handle.setAttribute("aria-label", label?.textContent?.trim() || "slider");
    });
    root.querySelectorAll(".widget-toggle-buttons:not([role])").forEach((group) => {
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", group.querySelector(".widget-label")?.textContent?.trim() || "choices");
    });
    root.querySelectorAll(".widget-toggle-buttons .jupyter-button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
    });
  };
  document.addEventListener("DOMContentLoaded", () => {
    theme();
    name(document);
    const watch = new MutationObserver(() => { theme(); name(document); });
    watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  });
})();
