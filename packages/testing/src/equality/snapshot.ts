/** @file Values of any structure as plain data, read once, so that they can be compared and printed. */
import {
  flattenState,
  type GraphDef,
  GraphNode,
  isVariableState,
  leafValue,
  type Path,
  type PathPart,
  split,
  type State,
  Variable,
} from "@nnxjs/nnx-core";
import { entriesOf, isContainer, isPlainObject, isStateLike } from "@nnxjs/nnx-core/internal";
import { isTensor } from "../tensor.ts";

/** The elements of a tensor. */
export type Elements = Float32Array | Int32Array | Uint8Array | readonly string[];

/** A tensor's data. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: Elements;
}

/** One leaf: a tensor, or anything else as JavaScript has it. */
export interface Leaf {
  readonly path: Path;
  /** The name of the Variable type, or `""`. */
  readonly type: string;
  readonly value: TensorData | { readonly plain: unknown };
}

/** A value as data. */
export interface Snapshot {
  readonly leaves: readonly Leaf[];
  /** The definitions of the modules in it, each with the path of the module. */
  readonly definitions: readonly (readonly [path: Path, graphdef: GraphDef])[];
}

type Found = { readonly path: Path; readonly type: string; readonly value: unknown };

/** The leaves of a State. */
const leavesOfState = (state: State, path: Path): Found[] =>
  flattenState(state).flatMap(([below, leaf]) => {
    const type = isVariableState(leaf) ? leaf.type.typeName : "";
    return leavesOfValue(leafValue(leaf), [...path, ...below], type);
  });

/** The leaves in the value of a Variable, which may be a container. */
function leavesOfValue(value: unknown, path: Path, type: string): Found[] {
  if (isTensor(value) || !isContainer(value)) return [{ path, type, value }];
  const entries = entriesOf(value);
  if (entries.length === 0) return [{ path, type, value: JSON.stringify(value) }];
  return entries.flatMap(([key, item]) => leavesOfValue(item, [...path, key as PathPart], type));
}

class Walk {
  readonly leaves: Found[] = [];
  readonly definitions: (readonly [Path, GraphDef])[] = [];

  visit(value: unknown, path: Path): void {
    if (value instanceof GraphNode) {
      const [graphdef, state] = split(value);
      this.definitions.push([path, graphdef]);
      this.leaves.push(...leavesOfState(state, path));
    } else if (value instanceof Variable) {
      const { typeName } = value.constructor as unknown as { readonly typeName: string };
      this.leaves.push(...leavesOfValue(value.getRawValue(), path, typeName));
    } else if (isTensor(value)) this.leaves.push({ path, type: "", value });
    else if (isPlainObject(value) && isStateLike(value)) this.leaves.push(...leavesOfState(value, path));
    else if (isContainer(value))
      for (const [key, item] of entriesOf(value)) this.visit(item, [...path, key as PathPart]);
    else this.leaves.push({ path, type: "", value });
  }
}

async function read({ path, type, value }: Found): Promise<Leaf> {
  if (isTensor(value)) {
    const { shape, dtype } = value;
    // A copy: on cpu `data` may return the array that the model computes with.
    const values = (await value.data()).slice() as unknown as Elements;
    return { path, type, value: { shape, dtype, values } };
  }
  return { path, type, value: { plain: value } };
}

/**
 * Reads a tensor, model, State, Variable or a container of such, so that it can be compared later,
 * even after the tensors are gone.
 */
export async function snapshot(value: unknown): Promise<Snapshot> {
  const walk = new Walk();
  walk.visit(value, []);
  return { leaves: await Promise.all(walk.leaves.map(read)), definitions: walk.definitions };
}
