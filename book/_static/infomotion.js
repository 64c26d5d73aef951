// Names for what the theme leaves unnamed, so that pages can be used by ear and keyboard.
(() => {
  const theme = () => {
    document.querySelectorAll(".search-button__button[aria-label]").forEach((button) => {
      if (button.innerText.trim()) button.removeAttribute("aria-label"); // a phone hides the word and needs the name
    });
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
  // All of a page lies in a landmark, the logo above the contents too.
  const landmarks = () => {
    const side = document.querySelector(".bd-sidebar-primary");
    side?.setAttribute("role", "region");
    side?.setAttribute("aria-label", "Book");
  };
  // A figure that is drawn for a phone's width is shown whole there; a wider one of an earlier run is scrolled.
  const PHONE = { svg: 560, other: 860 };
  const figures = () => {
    document.querySelectorAll(".im-fig > img.im-figure").forEach((image) => {
      const fit = () => {
        const most = /^data:image\/svg|\.svg/.test(image.src) ? PHONE.svg : PHONE.other;
        if (image.naturalWidth && image.naturalWidth <= most) image.parentElement.classList.add("im-fits");
      };
      if (image.complete) fit();
      image.addEventListener("load", fit);
    });
  };
  // A faded right edge where more lies to the right.
  const BOXES = ".im-table, .im-fig:not(.im-fits), .im-play, .pst-scrollable-table-container, div.cell_output, div.cell_output .output, div.cell_output [role=region], .bd-article pre";
  const cue = (box) => box.classList.toggle("im-more", box.scrollWidth - box.clientWidth - box.scrollLeft > 2 && getComputedStyle(box).overflowX !== "visible");
  const cues = () => {
    const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => cue(target)));
    document.querySelectorAll(BOXES).forEach((box) => sizes.observe(box));
    document.addEventListener("scroll", ({ target }) => target.matches?.(BOXES) && cue(target), { capture: true, passive: true });
  };
  // Tables of the text become paragraphs on a phone as those with sentences do; a column of running numbers names no row.
  const tables = () => {
    document.querySelectorAll(".pst-scrollable-table-container:has(thead th:nth-child(3))").forEach((box) => {
      box.classList.add("im-stack");
      const heads = [...box.querySelectorAll("thead th")].map((head) => head.textContent.trim());
      const roles = { table: "table", "thead, tbody": "rowgroup", tr: "row", th: "columnheader", td: "cell" };
      Object.entries(roles).forEach(([tags, role]) => box.querySelectorAll(tags).forEach((part) => part.setAttribute("role", role)));
      box.querySelectorAll("td:not(:first-child)").forEach((cell) => cell.setAttribute("data-label", heads[cell.cellIndex]));
    });
    document.querySelectorAll("th:empty").forEach((corner) => corner.setAttribute("role", "cell")); // it names nothing
    document.querySelectorAll("table.dataframe").forEach((table) => {
      const names = [...table.querySelectorAll("tbody th:first-child")];
      table.classList.toggle("im-numbered", names.every((name, row) => name.textContent.trim() === String(row)));
    });
  };
  // A number that was searched for is shown where a table has it: what is folded opens, its tab comes forward.
  const found = () => {
    const mark = [...document.querySelectorAll(".bd-article td .highlighted")].find((cell) => /\d/.test(cell.textContent));
    if (!mark) return;
    for (let box = mark.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const tab = mark.closest(".sd-tab-content")?.previousElementSibling?.previousElementSibling;
    if (tab) tab.checked = true;
    mark.scrollIntoView({ block: "center" });
  };
  document.addEventListener("DOMContentLoaded", () => {
    setTimeout(found, 300); // Sphinx marks the words first
    landmarks();
    figures();
    tables();
    cues();
    theme();
    const watch = new MutationObserver(theme);
    watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  });
})();
