// Runs Infomap, which is a file of its own (GPL-3.0-or-later): loads it once, hands it a graph, reads the partition.

import { byFlow, strengths } from "./picks.js";

const loading = new Map();

// Class Infomap of the script at an address; the script is fetched when first asked for.
export function loadEngine(address) {
  if (!loading.has(address)) {
    loading.set(address, new Promise((resolve, reject) => {
      const { define } = window; // a loader of AMD modules would take the script for itself
      window.define = undefined;
      const done = (action) => () => { window.define = define; action(); };
      const script = document.createElement("script");
      script.src = address;
      script.charset = "utf-8";
      script.onload = done(() => resolve(window.infomap.default));
      script.onerror = done(() => { loading.delete(address); reject(new Error(`${address} did not load`)); });
      document.head.append(script);
    }));
  }
  return loading.get(address);
}

// The graph as Infomap reads it, in Pajek's format.
export function network({ n, links, weights }) {
  const nodes = Array.from({ length: n }, (_, node) => `${node} "${node}"`);
  const lines = links.map(([a, b], at) => `${a} ${b} ${weights[at]}`);
  return [`*Vertices ${n}`, ...nodes, `*Links ${links.length}`, ...lines, ""].join("\n");
}

// One reader's Infomap: a new question ends the one before it.
export class Engine {
  constructor(address) {
    this.address = address;
    this.asked = 0;
  }

  // {module, flow, codelength, oneLevel, savings} of a graph by {seed, trials, markov_time}; null if another question came meanwhile.
  async partition(graph, { seed, trials, markov_time }) {
    this.asked += 1;
    const turn = this.asked;
    if (!graph.links.length) return unlinked(graph.n);
    const Infomap = await loadEngine(this.address);
    this.infomap ??= new Infomap();
    await this.infomap.terminateAll(0);
    if (turn !== this.asked) return null;
    const flow = graph.directed ? "directed" : "undirected";
    const args = `--two-level --num-trials ${trials} --seed ${seed + 1} --markov-time ${markov_time} --flow-model ${flow} -o json --silent`;
    const { json } = await this.infomap.runAsync({ network: network(graph), args });
    return turn === this.asked ? read(json, graph) : null;
  }
}

function read(json, graph) {
  const nodes = [...json.nodes].sort((a, b) => a.id - b.id);
  const flow = graph.directed ? nodes.map((node) => node.flow) : strengths(graph); // the file has six digits
  const module = byFlow(nodes.map((node) => node.path[0]), flow);
  const savings = Math.max(json.relativeCodelengthSavings, 0);
  return { module, flow, codelength: json.codelength, oneLevel: json.codelength / (1 - savings), savings };
}

function unlinked(n) {
  const nodes = Array.from({ length: n }, (_, node) => node);
  return { module: nodes, flow: nodes.map(() => 1 / n), codelength: 0, oneLevel: 0, savings: 0 };
}
