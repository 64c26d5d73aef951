// One EF class of the data, its distances decoded.

import { matrix } from "./graph.js";

const decoded = new WeakMap();

// The class with {n, name, distances, near, sheet}; decoded once.
export function groupOf(data, name, sheets) {
  const group = data.classes[name];
  if (!decoded.has(group)) {
    const n = group.names.length;
    decoded.set(group, {
      ...group, n, name,
      distances: matrix(group.distances, Float64Array, n),
      near: matrix(group.near, Float32Array, n),
      sheet: { url: new URL(`${sheets}/${name}.webp`, document.baseURI).href, rows: n, frames: data.frames, beat: group.beat },
    });
  }
  return decoded.get(group);
}
