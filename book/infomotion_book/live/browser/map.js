// The graph as a map: a dot per heart, coloured by community; the picks have rings. One tab stop, arrow keys inside.

import { h, s } from "./dom.js";
import { words } from "./heart.js";

export const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8E6BBF", "#8C6D31", "#17A398", "#B23A48", "#6E7F8D", "#A3B18A"];
const WIDTH = 520;
const HEIGHT = 420;
const EDGE = 18;
const SHOWN_LINKS = 220;
const REACH = 26;

export const colour = (number) => PALETTE[number % PALETTE.length];

export class GraphMap {
  // `look` is called with a node when a pointer or the focus comes to it, `open` when it is clicked or chosen with Enter.
  constructor({ look, open }) {
    this.look = look;
    this.open = open;
    this.lines = s("g", { "aria-hidden": "true", class: "il-links" });
    this.rings = s("g", { "aria-hidden": "true", class: "il-rings" });
    this.dots = s("g", { role: "group", class: "il-dots", "aria-label": "hearts, by EF" });
    this.element = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "listbox", "aria-multiselectable": "true", class: "il-map" },
      this.lines, this.dots, this.rings);
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.element.addEventListener("pointermove", (event) => this.point(event, look));
    this.element.addEventListener("click", (event) => this.point(event, open));
    this.note = h("p", { class: "il-small" });
  }

  // A new class: its dots, in the order of EF.
  place(group) {
    this.group = group;
    this.spots = group.places.map(([x, y]) => [EDGE + x * (WIDTH - 2 * EDGE), EDGE + y * (HEIGHT - 2 * EDGE)]);
    this.order = group.ef.map((_, node) => node).sort((a, b) => group.ef[a] - group.ef[b]);
    this.circles = [];
    for (const node of this.order) {
      const [cx, cy] = this.spots[node];
      this.circles[node] = s("circle", { cx, cy, r: 6.5, role: "option", tabindex: -1 });
      this.circles[node].addEventListener("focus", () => this.look(node));
    }
    this.dots.replaceChildren(...this.order.map((node) => this.circles[node]));
    this.rings.replaceChildren();
    this.element.setAttribute("aria-label", `Map of the ${group.n} hearts of the class ${group.name}`);
    this.stop(this.order[0]);
  }

  // The only dot that Tab reaches.
  stop(node) {
    this.circles.forEach((circle, number) => circle.setAttribute("tabindex", number === node ? 0 : -1));
    this.at = node;
  }

  // Links, colours and rings of a partition.
  show({ graph, module, picks }) {
    this.picks = picks;
    const strongest = graph.weights.map((_, at) => at).sort((a, b) => graph.weights[b] - graph.weights[a]).slice(0, SHOWN_LINKS);
    const paths = new Map();
    for (const at of strongest) {
      const [a, b] = graph.links[at];
      const key = module[a] === module[b] ? module[a] : -1;
      const [from, to] = [this.spots[a], this.spots[b]];
      paths.set(key, `${paths.get(key) ?? ""}M${from.map(Math.round)}L${to.map(Math.round)}`);
    }
    this.lines.replaceChildren(...[...paths].map(([key, d]) => s("path", { d, style: key < 0 ? "" : `stroke:${colour(key)}` })));
    this.circles.forEach((circle, node) => {
      const rank = picks.indexOf(node);
      circle.style.fill = colour(module[node]);
      circle.setAttribute("aria-selected", rank >= 0);
      const state = rank >= 0 ? `, pick ${rank + 1}` : "";
      circle.setAttribute("aria-label", `${words(this.group, node)}, EF ${this.group.ef[node].toFixed(0)}, community ${module[node] + 1}${state}`);
    });
    this.ring(picks);
    this.note.textContent = graph.links.length > SHOWN_LINKS
      ? `Drawn: the strongest ${SHOWN_LINKS} of ${graph.links.length} links.` : `Drawn: all ${graph.links.length} links.`;
  }

  // Rings glide from the old picks to the new ones.
  ring(picks) {
    const rings = [...this.rings.children];
    rings.slice(picks.length).forEach((one) => one.remove());
    picks.forEach((node, rank) => {
      const one = rings[rank] ?? this.rings.appendChild(s("circle", { r: 11 }));
      const [x, y] = this.spots[node];
      one.style.transform = `translate(${x}px, ${y}px)`;
    });
  }

  // The heart that is looked at is larger.
  mark(node) {
    this.circles.forEach((circle, number) => circle.classList.toggle("il-looked", number === node));
  }

  point(event, action) {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
    const away = this.spots.map(([a, b]) => Math.hypot(a - x, b - y));
    const nearest = away.indexOf(Math.min(...away));
    if (away[nearest] <= REACH) action(nearest);
  }

  press(event) {
    const at = this.order.indexOf(this.at);
    const picked = this.order.filter((node) => this.picks.includes(node));
    const next = {
      ArrowRight: () => this.order[Math.min(at + 1, this.order.length - 1)],
      ArrowLeft: () => this.order[Math.max(at - 1, 0)],
      ArrowDown: () => picked.find((node) => this.order.indexOf(node) > at) ?? picked[0],
      ArrowUp: () => picked.findLast((node) => this.order.indexOf(node) < at) ?? picked.at(-1),
      Home: () => this.order[0],
      End: () => this.order.at(-1),
    }[event.key];
    if (next) {
      event.preventDefault();
      this.stop(next());
      this.circles[this.at].focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.open(this.at);
    }
  }
}
