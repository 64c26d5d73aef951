// From communities to chosen hearts, as infomotion_lib.selection.modular and centrality do it.

const FINE = 1e12; // flows are compared to twelve digits

const groupSum = (module, values) => {
  const total = [];
  module.forEach((number, node) => { total[number] = (total[number] ?? 0) + values[node]; });
  return total;
};

// Communities renumbered 0, 1, ... by decreasing flow; ties by their first node.
export function byFlow(module, flow) {
  const numbers = [...new Set(module)];
  const total = new Map(numbers.map((number) => [number, 0]));
  module.forEach((number, node) => total.set(number, total.get(number) + flow[node]));
  const order = numbers.sort(
    (a, b) => Math.round(total.get(b) * FINE) - Math.round(total.get(a) * FINE) || module.indexOf(a) - module.indexOf(b),
  );
  return module.map((number) => order.indexOf(number));
}

// Share of a walker's time at each node of an undirected graph: its strength over that of all.
export function strengths({ n, links, weights }) {
  const flow = new Array(n).fill(0);
  links.forEach(([a, b], at) => { flow[a] += weights[at]; flow[b] += weights[at]; });
  const total = flow.reduce((sum, value) => sum + value, 0);
  return flow.map((value) => value / total);
}

// Map-equation centrality of each node, bits: -(p_m - p_u) log2((p_m - p_u) / p_m).
export function centrality(module, flow) {
  const total = groupSum(module, flow);
  const sizes = groupSum(module, module.map(() => 1));
  return module.map((number, node) => {
    const rest = Math.max(total[number] - flow[node], 0);
    return sizes[number] === 1 || rest <= 0 ? 0 : -rest * Math.log2(rest / total[number]);
  });
}

// Hearts to take from each community, largest first: one by one, round and round.
export function allocate(sizes, budget) {
  const taken = sizes.map(() => 0);
  let left = Math.min(budget, sizes.reduce((sum, size) => sum + size, 0));
  while (left > 0) {
    sizes.forEach((size, at) => {
      if (left > 0 && taken[at] < size) { taken[at] += 1; left -= 1; }
    });
  }
  return taken;
}

// Nodes chosen from a partition, in order of rank: the most central of each community, then the second of each.
export function pick(module, flow, budget) {
  const score = centrality(module, flow);
  const members = Array.from({ length: Math.max(...module) + 1 }, () => []);
  module.forEach((number, node) => members[number].push(node));
  members.forEach((nodes) => nodes.sort((a, b) => score[b] - score[a] || flow[b] - flow[a] || a - b));
  const taken = allocate(members.map((nodes) => nodes.length), budget);
  const chosen = members.flatMap((nodes, number) => nodes.slice(0, taken[number]).map((node, place) => ({ node, number, place })));
  return chosen.sort((a, b) => a.place - b.place || a.number - b.number).map(({ node }) => node);
}

// collapsed: one community holds over 90 %. shattered: over a third are in communities of one or two. Else healthy.
export function health(module) {
  const sizes = groupSum(module, module.map(() => 1));
  if (Math.max(...sizes) > 0.9 * module.length) return "collapsed";
  const tiny = sizes.filter((size) => size <= 2).reduce((sum, size) => sum + size, 0);
  return tiny > module.length / 3 ? "shattered" : "healthy";
}

// Coverage: mean over all hearts of the distance to the nearest pick; the smaller, the better covered.
export function meanGap(n, picks, distance) {
  let sum = 0;
  for (let node = 0; node < n; node += 1) sum += Math.min(...picks.map((other) => distance(node, other)));
  return sum / n;
}
