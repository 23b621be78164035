/** @file Lists the parts of a model, from its definition and its State. */
import {
  type AttributeDef,
  type GraphDef,
  isVariableState,
  leafValue,
  type NodeDef,
  pathKey,
  type State,
  flattenState,
} from "@nnxjs/nnx-core";
import { describe, nameOf } from "@nnxjs/nnx-core/internal";
import type { TreeNode } from "../format/report-data.ts";
import { isTensor } from "../tensor.ts";
import { access, accessInMap } from "./code.ts";

type Draft = { -readonly [K in keyof TreeNode]: TreeNode[K] };

const containerTypes = { array: "Array", record: "Object", map: "Map", state: "State" } as const;

const BYTES_PER_VALUE = 4;
const LONGEST = 80;

/** A static value in one short line. */
function staticText(value: unknown): string {
  const text =
    typeof value === "function"
      ? value.name || "a function"
      : typeof value === "string"
        ? JSON.stringify(value)
        : typeof value === "object" && value !== null
          ? describe(value)
          : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** What a leaf says about itself. */
function leafFacts(value: unknown): Pick<Draft, "size" | "bytes" | "shape" | "dtype" | "text"> {
  if (!isTensor(value)) return { size: 0, bytes: 0, text: staticText(value) };
  const { shape, dtype, size } = value;
  return { shape: [...shape], dtype, size, bytes: size * BYTES_PER_VALUE };
}

/** A part that is still to be listed. */
interface Open {
  readonly def: AttributeDef;
  readonly parent: number;
  readonly key: string | number;
  readonly path: readonly (string | number)[];
  readonly code: string;
  /** Places on the way to it, for cycles. */
  readonly around: readonly number[];
}

/**
 * All places of a model, each after its owner.
 * @param name - What the model is called in code.
 */
export function treeOf(graphdef: GraphDef, state: State, name: string): TreeNode[] {
  const values = new Map(
    flattenState(state).map(([path, leaf]) => [pathKey(path), leafValue<unknown>(leaf)]),
  );
  const places: Draft[] = [];
  const first = new Map<number, number>();
  let loose = graphdef.nodes.length;
  const open: Open[] = [{ def: graphdef.root, parent: -1, key: "", path: [], code: name, around: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { def, parent, key, path, code, around } = next;
    if (def.kind === "static") {
      const owner = places[parent];
      if (owner) owner.statics = [...owner.statics, [String(key), staticText(def.value)]];
      continue;
    }
    const here = places.length;
    const common = { parent, key, path, code, statics: [], size: 0, bytes: 0 };
    if (def.kind !== "node") {
      const facts = leafFacts(values.get(pathKey(path)));
      places.push({ ...common, kind: "array", type: "array", object: loose++, ...facts });
      continue;
    }
    const node = graphdef.nodes[def.index] as NodeDef;
    const head = { ...common, ...headOf(node), object: def.index };
    const before = first.get(def.index);
    if (before !== undefined) {
      const { size, bytes, shape, dtype, text } = places[before] as Draft;
      places.push({
        ...head,
        again: before,
        isCycle: around.includes(before),
        size,
        bytes,
        ...(shape && { shape }),
        ...(dtype !== undefined && { dtype }),
        ...(text !== undefined && { text }),
      });
      continue;
    }
    first.set(def.index, here);
    if (node.kind === "variable") {
      places.push({ ...head, ...leafFacts(values.get(pathKey(path))) });
      continue;
    }
    places.push(head);
    const isMap = node.kind === "map";
    for (let i = node.attributes.length - 1; i >= 0; i--) {
      const part = node.keys[i] as string | number;
      open.push({
        def: node.attributes[i] as AttributeDef,
        parent: here,
        key: part,
        path: [...path, part],
        code: code + (isMap ? accessInMap(part) : access(part)),
        around: [...around, here],
      });
    }
  }
  addUp(places);
  return places;
}

const headOf = (node: NodeDef): Pick<Draft, "kind" | "type"> => {
  if (node.kind === "object") return { kind: "module", type: nameOf(node.type) };
  if (node.kind === "variable") return { kind: "variable", type: node.type.typeName };
  return { kind: "container", type: containerTypes[node.kind] };
};

/** Gives each place the numbers below it. What stands at several places counts at its first. */
function addUp(places: readonly Draft[]): void {
  for (let i = places.length - 1; i > 0; i--) {
    const { parent, size, bytes, again } = places[i] as Draft;
    const owner = places[parent] as Draft;
    if (again !== undefined) continue;
    owner.size += size;
    owner.bytes += bytes;
  }
  for (const place of places) {
    if (place.again === undefined) continue;
    const { size, bytes } = places[place.again] as Draft;
    Object.assign(place, { size, bytes });
  }
}

/** Whether a State's leaf is that of a Variable of this type or of one that extends it. */
export const isOfType = (leaf: unknown, type: abstract new (...args: never[]) => unknown): boolean =>
  isVariableState(leaf) && (leaf.type.prototype instanceof type || (leaf.type as unknown) === type);
