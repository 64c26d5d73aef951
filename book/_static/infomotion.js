// Names for what the widget library leaves unnamed, so that the controls can be used by ear and keyboard.
(() => {
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
    name(document);
    const watch = new MutationObserver(() => name(document));
    watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  });
})();
