/** @file Whether what a file has fits what a model has there. */
import { isTensor } from "@nnxjs/kernels/internal";
import { ShapeDtypeStruct, type VariableType } from "@nnxjs/nnx-core";
import { describe, isContainer } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "@nnxjs/rnglib/keys";
import { formText } from "../format/dtypes.ts";
import type { TensorEntry } from "../format/header-text.ts";
import type { LeafKind } from "../values/description.ts";
import { fileDtypeOf, typeNameOf } from "../values/encode.ts";
import { isNumeric, numbersIn } from "../values/numbers.ts";
import { entryOf, type FileLeaf } from "./file-leaves.ts";

/** How a leaf is read, or what does not fit. */
export type Fit = { readonly kind: LeafKind } | { readonly fault: string };

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((length, i) => length === b[i]);

/** Types are compared by name: the registered one, or what the class calls itself. */
export const isOfType = ({ description }: FileLeaf, type: VariableType | undefined): boolean =>
  description.type === undefined ||
  type === undefined ||
  description.type === typeNameOf(type) ||
  description.type === type.typeName;

/** What a file has, for messages. */
export function contentText(leaf: FileLeaf): string {
  const entry = entryOf(leaf);
  if (entry) return `${leaf.description.kind === "key" ? "a key as " : ""}${formText(entry)}`;
  if (leaf.description.kind === "tree") return `${leaf.tensorKeys.length} tensors in a list or record`;
  // `JSON.stringify` is typed as if all values had a text. It returns undefined for some.
  const text = JSON.stringify(leaf.description.value) as string | undefined;
  return `the data ${text?.slice(0, 50)}`;
}

/** Whether one tensor in a file can be a value like this one. */
function fits(
  value: unknown,
  kind: LeafKind | undefined,
  { dtype, shape }: TensorEntry,
): LeafKind | undefined {
  const isKind = (own: LeafKind): boolean => kind === undefined || kind === own;
  if (isTensor(value) || value instanceof ShapeDtypeStruct)
    return isKind("tensor") && dtype === fileDtypeOf(value.dtype) && sameShape(shape, value.shape)
      ? "tensor"
      : undefined;
  if (PRNGKey.isKey(value))
    return isKind("key") && dtype === "U32" && sameShape(shape, [...value.shape, 2]) ? "key" : undefined;
  // Other libraries have arrays without axes where this one has numbers and booleans.
  if (typeof value === "boolean")
    return kind !== "key" && dtype === "BOOL" && shape.length === 0 ? "boolean" : undefined;
  const numbers = numbersIn(value);
  const isAny = Array.isArray(value) && value.length === 0;
  return numbers && kind !== "key" && isNumeric(dtype) && (sameShape(shape, numbers.shape) || isAny)
    ? "number"
    : undefined;
}

/** The value of data that was saved, as far as its kind is concerned. */
const dataForm = (json: unknown): string => {
  const mark: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "$") : undefined;
  if (mark === "undefined" || mark === "bigint" || mark === "number" || mark === "function") return mark;
  return json === null ? "null" : typeof json;
};

const formOf = (value: unknown): string => (value === null ? "null" : typeof value);

/** How a leaf of a file is read into a place that has `value` now. */
export function fitOf(value: unknown, leaf: FileLeaf): Fit {
  const { kind, value: data } = leaf.description;
  const entry = entryOf(leaf);
  const found = entry
    ? fits(value, kind, entry)
    : kind === "tree"
      ? isContainer(value)
        ? kind
        : undefined
      : dataForm(data) === formOf(value) && !isTensor(value) && !PRNGKey.isKey(value)
        ? "data"
        : undefined;
  return found ? { kind: found } : { fault: `${contentText(leaf)}, where the model has ${describe(value)}` };
}
