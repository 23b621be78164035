/** @file Definitions that somebody changed are refused, with the place of the fault. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  equalGraphDefs,
  type GraphDef,
  graphdef,
  merge,
  Module,
  Param,
  printGraphDef,
  state,
  StructureError,
} from "../index.ts";

class Part extends Module {
  readonly w = new Param(1);
}
class Net extends Module {
  readonly again: Part;
  readonly kept = state({ w: new Param(1) });
  readonly list = [new Param(2), tf.zeros([1])];
  readonly map = new Map([["m", new Param(3)]]);
  readonly part = new Part();
  readonly size = 3;
  constructor() {
    super();
    this.again = this.part;
  }
}

/** What `Net` is, in the order of a definition's nodes. */
const at = { net: 0, part: 1, w: 2, kept: 3, list: 4, map: 6, m: 7 } as const;

interface Node {
  kind: unknown;
  type: unknown;
  metadata: unknown;
  keys: unknown[];
  attributes: Record<string, unknown>[];
}
interface Draft {
  root: unknown;
  nodes: Node[];
  leafCount: number;
}

/** A copy of the definition of `Net` that may be written. */
function draft(): Draft {
  const { root, nodes, leafCount } = graphdef(new Net());
  const copies = nodes.map((node) =>
    node.kind === "variable"
      ? { ...node }
      : { ...node, keys: [...node.keys], attributes: node.attributes.map((each) => ({ ...each })) },
  );
  return { root: { ...root }, nodes: copies as unknown as Node[], leafCount };
}
const print = (made: unknown): string => printGraphDef(made as GraphDef);

const node = (made: Draft, name: keyof typeof at): Node => made.nodes[at[name]] as Node;
const attribute = (made: Draft, name: keyof typeof at, key: unknown): Record<string, unknown> =>
  node(made, name).attributes[node(made, name).keys.indexOf(key)] as Record<string, unknown>;

describe("a definition that was changed", () => {
  it("is taken while it is right", () => {
    expect(print(draft())).toBe(printGraphDef(graphdef(new Net())));
    expect(equalGraphDefs(draft() as unknown as GraphDef, graphdef(new Net()))).toBe(true);
  });

  it.each<[string, (made: Draft) => void]>([
    ["at root: expected an attribute, got 5", (made) => (made.root = 5)],
    ["at root: expected an attribute", (made) => (made.root = { kind: "other" })],
    [
      "at root: expected the number of a node that was met, or 0 for the next of 8, got 1",
      (made) => (made.root = { kind: "node", index: 1 }),
    ],
    [
      'at nodes.0.attributes.0: expected the number of a node that was met, or 1 for the next of 8, got "1"',
      (made) => (attribute(made, "net", "again").index = "1"),
    ],
    [
      "at nodes.0.attributes.0: expected the number of a node that was met, or 1 for the next of 8, got 0.5",
      (made) => (attribute(made, "net", "again").index = 0.5),
    ],
    [
      "at nodes.0.attributes.0: expected the number of a node that was met, or 1 for the next of 8, got -1",
      (made) => (attribute(made, "net", "again").index = -1),
    ],
    [
      "at nodes.0.attributes.0: expected the number of a node that was met, or 1 for the next of 8, got 2",
      (made) => (attribute(made, "net", "again").index = 2),
    ],
    [
      "at nodes.6.attributes.0: expected the number of a node that was met, or 7 for the next of 7, got 7",
      (made) => made.nodes.pop(),
    ],
    [
      "at nodes.0.attributes.4: expected a container in one place only, got 3",
      (made) => (attribute(made, "net", "part").index = at.kept),
    ],
    [
      "at nodes.0.attributes.5: expected an attribute",
      (made) => (attribute(made, "net", "size").kind = "variable"),
    ],
    [
      "at nodes.3.attributes.0: expected the definition of a leaf",
      (made) => (attribute(made, "kept", "w").definition = { type: Part, metadata: {} }),
    ],
    ["at nodes.2: expected a class of Variables and its metadata", (made) => (node(made, "w").type = Part)],
    ["at nodes.2: expected a class of Variables and its metadata", (made) => (node(made, "w").metadata = 5)],
    ["at nodes.3: expected a node, got 5", (made) => (made.nodes[at.kept] = 5 as unknown as Node)],
    ["at nodes.3: expected a node", (made) => (node(made, "kept").kind = "other")],
    ["at nodes.1: expected a class of modules", (made) => (node(made, "part").type = Map)],
    ["at nodes.1: expected a class of modules, got null", (made) => (node(made, "part").type = null)],
    ["at nodes.3: expected as many names as attributes", (made) => node(made, "kept").keys.pop()],
    ["at nodes.3: expected as many names as attributes", (made) => node(made, "kept").attributes.pop()],
    [
      "at nodes.3: expected as many names as attributes",
      (made) => Object.assign(node(made, "kept"), { keys: "w" }),
    ],
    [
      "at nodes.3: expected as many names as attributes",
      (made) => Object.assign(node(made, "kept"), { attributes: { length: 1 } }),
    ],
    ["at nodes.3.keys.0: expected a name, got null", (made) => (node(made, "kept").keys[0] = null)],
    ["at nodes.4.keys.0: expected the index 0, got 1", (made) => node(made, "list").keys.reverse()],
    [
      'at nodes.0.keys.1: expected names that differ, got "again"',
      (made) => (node(made, "net").keys[1] = "again"),
    ],
    [
      "at nodes.6.keys.1: expected names that differ, got 0",
      (made) => {
        node(made, "map").keys = ["0", 0];
        node(made, "map").attributes.push({ kind: "array" });
      },
    ],
    ["at nodes.8: expected nodes that the model reaches", (made) => made.nodes.push({ ...node(made, "w") })],
    ["at leafCount: expected the number of leaves, 5, got 6", (made) => made.leafCount++],
  ])("%s", (message, change) => {
    const made = draft();
    change(made);
    expect(() => print(made)).toThrow(`printGraphDef ${message}`);
    expect(() => merge(made as unknown as GraphDef<object>, state(new Net()))).toThrow(`merge ${message}`);
  });

  it.each<[string, object | null]>([
    ["nothing", null],
    ["nodes that are no list", { ...draft(), nodes: {} }],
    ["no nodes", { root: draft().root, leafCount: 1 }],
    ["no root", { nodes: [], leafCount: 1 }],
    ["no number of leaves", { nodes: [], root: draft().root }],
  ])("%s is no definition", (_, made) => {
    expect(() => print(made)).toThrow("printGraphDef: expected a GraphDef, got");
    expect(() => print(made)).toThrow(StructureError);
  });

  /** Each part of a definition that may be left unfrozen, and a change there. */
  const parts: Readonly<Record<string, readonly [(made: Draft) => object, (made: Draft) => void]>> = {
    "the definition": [(made) => made, (made) => made.leafCount++],
    "the root": [(made) => made.root as object, (made) => Object.assign(made.root as object, { index: 1 })],
    "the list of nodes": [(made) => made.nodes, (made) => made.nodes.push(node(made, "w"))],
    "a node": [(made) => node(made, "part"), (made) => (node(made, "part").type = Map)],
    "a Variable": [(made) => node(made, "m"), (made) => (node(made, "m").type = Map)],
    names: [(made) => node(made, "part").keys, (made) => node(made, "part").keys.push("more")],
    attributes: [(made) => node(made, "part").attributes, (made) => node(made, "part").attributes.pop()],
    "an attribute": [
      (made) => attribute(made, "map", "m"),
      (made) => (attribute(made, "map", "m").index = 99),
    ],
  };

  it.each(Object.entries(parts))("is checked again when %s may have changed", (_, [part, change]) => {
    const made = draft();
    const open = part(made);
    const freeze = (x: unknown): void => {
      if (x !== open) Object.freeze(x);
    };
    for (const each of made.nodes) {
      for (const list of [each.keys, each.attributes]) freeze(list);
      each.attributes?.forEach(freeze);
      freeze(each);
    }
    for (const each of [made.root, made.nodes, made]) freeze(each);
    expect(print(made)).toBe(printGraphDef(graphdef(new Net())));
    change(made);
    expect(() => print(made)).toThrow("The definition was changed, or is of another version.");
  });
});
