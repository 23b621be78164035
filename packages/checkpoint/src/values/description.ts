/** @file What a file says of a leaf beside its tensors: see "`__metadata__`" in FORMAT.md. */
import type { Json, Path } from "@nnxjs/nnx-core";

/** What a leaf of a State holds, in the words of the format. */
export type LeafKind = "tensor" | "key" | "number" | "boolean" | "data" | "tree";

/** Where in the value of a leaf a tensor or a key is. */
export interface TreePart {
  readonly path: Path;
  readonly kind: "tensor" | "key";
}

/** The description of a leaf. */
export interface LeafDescription {
  /** Missing in files of others, which say nothing of it. */
  readonly kind?: LeafKind;
  /** The registered name of the Variable's class; missing for an array without a Variable. */
  readonly type?: string;
  readonly metadata?: { readonly [name: string]: Json };
  readonly unwritten?: readonly string[];
  readonly value?: Json;
  readonly parts?: readonly TreePart[];
}

const kinds: ReadonlySet<unknown> = new Set<LeafKind>(["tensor", "key", "number", "boolean", "data", "tree"]);

type Entries = Readonly<Record<string, unknown>>;

const isRecord = (x: unknown): x is Entries => typeof x === "object" && x !== null && !Array.isArray(x);
const isText = (x: unknown): x is string => typeof x === "string";

const isTreePart = (x: unknown): x is TreePart =>
  isRecord(x) &&
  (x.kind === "tensor" || x.kind === "key") &&
  Array.isArray(x.path) &&
  x.path.length > 0 &&
  x.path.every((part) => isText(part) || Number.isSafeInteger(part));

/** The description that JSON is; `undefined` for what is none. */
export function descriptionFrom(json: unknown): LeafDescription | undefined {
  if (!isRecord(json)) return undefined;
  const { kind = "tensor", type, metadata = {}, unwritten = [], value, parts = [] } = json;
  const isFine =
    kinds.has(kind) &&
    (type === undefined || isText(type)) &&
    isRecord(metadata) &&
    Array.isArray(unwritten) &&
    unwritten.every(isText) &&
    Array.isArray(parts) &&
    parts.every(isTreePart) &&
    (kind === "data" || kind === "tree") === (value !== undefined) &&
    (kind === "tree") === parts.length > 0;
  if (!isFine) return undefined;
  // Checked field by field above.
  return {
    kind,
    ...(type === undefined ? {} : { type }),
    metadata,
    unwritten,
    value,
    parts,
  } as LeafDescription;
}

/** The names of the tensors that a leaf has in a file. */
export const tensorKeysOf = (
  key: string,
  { kind, parts }: LeafDescription,
  inner: (key: string, path: Path) => string,
): string[] => {
  if (kind === "data") return [];
  return kind === "tree" ? (parts ?? []).map(({ path }) => inner(key, path)) : [key];
};
