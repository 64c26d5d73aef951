// The graph of one EF class from the distances between its hearts, by the recipes of infomotion_lib.selection.graph.

const SMALLEST_WEIGHT = 1e-12;
const SMALLEST_DISTANCE = 1e-6;

// Symmetric matrix, row by row, from the numbers above its diagonal: base64, little end first, Float64Array or Float32Array.
export function matrix(text, Kind, n) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const upper = new Kind(bytes.buffer);
  if (upper.length !== (n * (n - 1)) / 2) throw new Error(`${upper.length} distances do not fit ${n} hearts`);
  const full = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1, at += 1) full[i * n + j] = full[j * n + i] = upper[at];
  }
  return full;
}

// Neighbours per heart unless asked otherwise: a tenth of the class, 4 to 20.
export function defaultK(n) {
  const tenth = n / 10;
  const even = tenth % 1 === 0.5 ? 2 * Math.round(tenth / 2) : Math.round(tenth); // halves to the even number, as Python does
  return Math.max(Math.min(Math.max(even, 4), 20, n - 1), 0);
}

// {n, links, weights, directed, k} of a class by {recipe, k, scale, threshold}; a class has n, distances and near.
export function buildGraph(group, { recipe, k = 0, scale = 1, threshold = 1e-3 }) {
  if (recipe === "knn") return knn(group, k);
  if (recipe === "literal") return literal(group);
  if (recipe === "softmax_inverse") return softmaxInverse(group, scale, threshold);
  throw new Error(`unknown recipe: ${recipe}`);
}

function knn({ n, near }, asked) {
  const k = Math.min(asked || defaultK(n), n - 1);
  const linked = new Set();
  const width = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const others = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
    others.sort((a, b) => near[i * n + a] - near[i * n + b] || a - b);
    for (const j of others.slice(0, k)) linked.add(Math.min(i, j) * n + Math.max(i, j));
    width[i] = k > 0 ? near[i * n + others[k - 1]] : 0;
  }
  const positive = width.filter((value) => value > 0);
  const smallest = positive.length ? Math.min(...positive) : 1;
  const sigma = width.map((value) => (value > 0 ? value : smallest));
  const links = [...linked].sort((a, b) => a - b).map((pair) => [Math.floor(pair / n), pair % n]);
  const weights = links.map(([i, j]) => Math.max(Math.exp(-(near[i * n + j] ** 2) / (sigma[i] * sigma[j])), SMALLEST_WEIGHT));
  return { n, links, weights, directed: false, k };
}

function literal({ n, distances }) {
  const links = [];
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) if (distances[i * n + j] > 0) links.push([i, j]);
  }
  return { n, links, weights: links.map(([i, j]) => distances[i * n + j]), directed: false, k: 0 };
}

function softmaxInverse({ n, distances }, scale, threshold) {
  const links = [];
  const weights = [];
  for (let i = 0; i < n; i += 1) {
    const affinity = Array.from({ length: n }, (_, j) => (i === j ? 0 : 1 / Math.max(scale * distances[i * n + j], SMALLEST_DISTANCE)));
    const most = Math.max(...affinity);
    const share = affinity.map((value) => Math.exp(value - most));
    const total = share.reduce((sum, value) => sum + value, 0);
    share.forEach((value, j) => {
      const weight = value / total;
      if (weight >= threshold && weight > 0) {
        links.push([i, j]);
        weights.push(weight);
      }
    });
  }
  return { n, links, weights, directed: true, k: 0 };
}
