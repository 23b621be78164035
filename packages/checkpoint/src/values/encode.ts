/** @file The leaves of a State as tensors of a file and their descriptions. */
import { isTensor, type Tensor } from "@nnxjs/kernels/internal";
import {
  type FlatEntry,
  formatPath,
  isVariableState,
  type Json,
  leafValue,
  type Metadata,
  NotFoundError,
  type Path,
  StructureError,
  Variable,
  variableNameFromType,
  type VariableType,
} from "@nnxjs/nnx-core";
import { describe, entriesOf, isContainer, mapItems, toJson } from "@nnxjs/nnx-core/internal";
import { keyData, PRNGKey } from "@nnxjs/rnglib/keys";
import type { FileDtype, TensorForm } from "../format/dtypes.ts";
import { keyOf } from "../format/keys.ts";
import { isWellFormed } from "../format/text.ts";
import type { LeafDescription, TreePart } from "./description.ts";
import { numbersIn } from "./numbers.ts";

/** A tensor that is to be written: of a model, or bytes that are made already. */
export interface Piece extends TensorForm {
  readonly content: Tensor | Uint8Array<ArrayBuffer>;
}

/** A leaf in the form that files have. */
export interface EncodedLeaf {
  readonly key: string;
  readonly description: LeafDescription;
  readonly pieces: ReadonlyMap<string, Piece>;
}

type Fail = (got: unknown, advice: string) => Error;

const fileDtypes: Readonly<Record<string, FileDtype>> = {
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
  complex64: "C64",
};

/** The dtype that tensors of a dtype are written with; `undefined` for texts. */
export const fileDtypeOf = (dtype: string): FileDtype | undefined =>
  Object.hasOwn(fileDtypes, dtype) ? fileDtypes[dtype] : undefined;

function pieceOf(value: Tensor | PRNGKey, fail: Fail): Piece {
  if (!isTensor(value)) return { dtype: "U32", shape: [...value.shape, 2], content: bytesIn(keyData(value)) };
  const dtype = fileDtypeOf(value.dtype);
  if (dtype === undefined)
    throw fail(value, "Files hold float32, int32, bool and complex64: keep texts outside the model.");
  return { dtype, shape: value.shape, content: value };
}

const bytesIn = ({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const isPiece = (value: unknown): value is Tensor | PRNGKey => isTensor(value) || PRNGKey.isKey(value);

/** The key of a tensor within the value of a leaf. */
export const innerKey = (key: string, path: Path): string =>
  key === "" ? keyOf(path) : `${key}.${keyOf(path)}`;

/** The class's registered name, or what it calls itself. */
export function typeNameOf(type: VariableType): string {
  if (type === Variable) return "Variable";
  try {
    return variableNameFromType(type);
  } catch (error) {
    if (error instanceof NotFoundError) return type.typeName;
    throw error;
  }
}

/**
 * A leaf as tensors and a description.
 * @throws StructureError for a value that no file can hold.
 */
export function encodeLeaf(where: string, [path, leaf]: FlatEntry): EncodedLeaf {
  const fail: Fail = (got, advice) =>
    new StructureError(
      `${where} at ${formatPath(path)}: expected a value that a file can hold, got ${describe(got)}. ${advice}`,
    );
  const key = keyOf(path);
  if (!isWellFormed(key)) throw fail(key, "Give it a name that is whole characters.");
  const { description, pieces } = encode(key, leafValue<unknown>(leaf), fail);
  if (!isVariableState(leaf)) return { key, description, pieces };
  return {
    key,
    description: { ...description, type: typeNameOf(leaf.type), ...metadataOf(leaf.metadata) },
    pieces,
  };
}

function encode(key: string, value: unknown, fail: Fail): Omit<EncodedLeaf, "key"> {
  const alone = (piece: Piece): ReadonlyMap<string, Piece> => new Map([[key, piece]]);
  if (isTensor(value)) return { description: {}, pieces: alone(pieceOf(value, fail)) };
  if (PRNGKey.isKey(value)) return { description: { kind: "key" }, pieces: alone(pieceOf(value, fail)) };
  if (typeof value === "boolean") {
    const content = Uint8Array.of(Number(value));
    return { description: { kind: "boolean" }, pieces: alone({ dtype: "BOOL", shape: [], content }) };
  }
  const numbers = numbersIn(value);
  if (numbers) {
    const { dtype, shape, values } = numbers;
    return { description: { kind: "number" }, pieces: alone({ dtype, shape, content: bytesIn(values) }) };
  }
  return encodeTree(key, value, fail);
}

/** Data, with tensors and keys taken out of it. */
function encodeTree(key: string, value: unknown, fail: Fail): Omit<EncodedLeaf, "key"> {
  const parts: TreePart[] = [];
  const pieces = new Map<string, Piece>();
  const open: (string | number)[] = [];
  // Values have an end: Variables and States saw to that when they took them.
  const without = (item: unknown): unknown => {
    if (isPiece(item)) {
      const path = [...open];
      const at = innerKey(key, path);
      if (pieces.has(at) || !isWellFormed(at))
        throw fail(value, "Two names in it are the same in a path, or no text: rename them.");
      pieces.set(at, pieceOf(item, fail));
      parts.push({ path, kind: isTensor(item) ? "tensor" : "key" });
      return null;
    }
    if (!holdsPiece(item)) return item;
    const keys = entriesOf(item)[Symbol.iterator]();
    return mapItems(item, (child) => {
      const [name] = keys.next().value as readonly [unknown, unknown];
      if (typeof name !== "string" && typeof name !== "number")
        throw fail(item, "Keys of Maps with tensors are texts or numbers.");
      open.push(Array.isArray(item) ? Number(name) : name);
      const made = without(child);
      open.pop();
      return made;
    });
  };
  const skeleton = toJson(without(value), fail);
  if (parts.length === 0) return { description: { kind: "data", value: skeleton }, pieces };
  return { description: { kind: "tree", value: skeleton, parts }, pieces };
}

/** Whether tensors or keys are in it, which has an end: see above. */
const holdsPiece = (value: unknown): value is object =>
  isContainer(value) && entriesOf(value).some(([, item]) => isPiece(item) || holdsPiece(item));

/** Metadata as JSON. What cannot be written is named: a model has it, and keeps it. */
function metadataOf(metadata: Metadata): Pick<LeafDescription, "metadata" | "unwritten"> {
  const written: [string, Json][] = [];
  const unwritten: string[] = [];
  for (const [name, value] of Object.entries(metadata)) {
    try {
      written.push([name, toJson(value, () => new Unwritable())]);
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error;
      unwritten.push(name);
    }
  }
  return {
    ...(written.length > 0 ? { metadata: Object.fromEntries(written) } : {}),
    ...(unwritten.length > 0 ? { unwritten } : {}),
  };
}

/** What {@link toJson} throws at a value that has no JSON. */
class Unwritable extends Error {}
