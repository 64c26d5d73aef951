// Small helpers to build elements.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) node.setAttribute(name, value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// HTML element with its attributes and children.
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// SVG element with its attributes and children.
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// A name that no other element of the page has.
let count = 0;
export function fresh(word) {
  count += 1;
  return `il-${word}-${count}`;
}

// Whether the reader asked the system for less motion.
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
