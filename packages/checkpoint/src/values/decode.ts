/** @file Values of leaves from the tensors and the description that a file has. */
import type { Path } from "@nnxjs/nnx-core";
import { isContainer, StaticReader } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, wrapKeyData } from "@nnxjs/rnglib/keys";
import { type TensorForm, widthOf } from "../format/dtypes.ts";
import { damaged, shownKey } from "../format/header.ts";
import type { LeafDescription, LeafKind } from "./description.ts";
import { innerKey } from "./encode.ts";
import { nested, type Numbers, numbersFrom } from "./numbers.ts";
import type { Received } from "./read.ts";

/** A tensor's form and what was read of it. */
export interface Content {
  readonly form: TensorForm;
  readonly received: Received;
}

const bytesIn = ({ received }: Content): Uint8Array => received as Uint8Array;

/** @param where - The file. */
function keyFrom(where: string, key: string, content: Content): PRNGKey {
  const { dtype, shape } = content.form;
  if (dtype !== "U32" || shape.at(-1) !== 2)
    throw damaged(`${where} at ${shownKey(key)}`, "a key: U32 with two words at the end of its shape", dtype);
  const words = numbersFrom("U32", bytesIn(content), 4) as number[];
  return wrapKeyData(words, shape.slice(0, -1));
}

function numberFrom(where: string, key: string, content: Content): Numbers {
  const { dtype, shape } = content.form;
  const values = numbersFrom(dtype, bytesIn(content), widthOf(dtype));
  if (values) return nested(values, shape);
  throw damaged(`${where} at ${shownKey(key)}`, "numbers that a double holds", dtype);
}

function booleanFrom(where: string, key: string, content: Content): boolean {
  const { dtype, shape } = content.form;
  if (dtype === "BOOL" && shape.length === 0) return bytesIn(content)[0] === 1;
  throw damaged(`${where} at ${shownKey(key)}`, "one boolean", `${dtype}[${shape.join(",")}]`);
}

/**
 * The value of a leaf.
 * @param kind - What it shall be: the file's own word, or the model's.
 * @param contentOf - What was read under a key.
 */
export function decodeLeaf(
  where: string,
  key: string,
  kind: LeafKind,
  description: LeafDescription,
  contentOf: (key: string) => Content,
): unknown {
  switch (kind) {
    case "tensor":
      return contentOf(key).received;
    case "key":
      return keyFrom(where, key, contentOf(key));
    case "number":
      return numberFrom(where, key, contentOf(key));
    case "boolean":
      return booleanFrom(where, key, contentOf(key));
    case "data":
    case "tree":
      return decodeTree(where, key, description, contentOf);
    default:
      return kind satisfies never;
  }
}

function decodeTree(
  where: string,
  key: string,
  { value, parts = [] }: LeafDescription,
  contentOf: (key: string) => Content,
): unknown {
  const place = `${where} at ${shownKey(key)}`;
  const root: unknown = new StaticReader().value(value, ["nnx.leaves", key, "value"]);
  for (const { path, kind } of parts) {
    const at = innerKey(key, path);
    const content = contentOf(at);
    const item = kind === "tensor" ? content.received : keyFrom(where, at, content);
    if (!putAt(root, path, item))
      throw damaged(place, `null at ${path.join(".")} in its value`, "something else");
  }
  return root;
}

/** Puts an item in the place of `null`; `false` where there is none. */
function putAt(root: unknown, path: Path, item: unknown): boolean {
  let container: unknown = root;
  for (const part of path.slice(0, -1)) container = itemAt(container, part);
  const last = path.at(-1) as string | number;
  if (!isContainer(container) || itemAt(container, last) !== null) return false;
  if (container instanceof Map) container.set(last, item);
  // It is the container's own, even where it is called `__proto__`.
  else Reflect.set(container, last, item);
  return true;
}

function itemAt(container: unknown, part: string | number): unknown {
  if (!isContainer(container)) return undefined;
  if (container instanceof Map) return (container as ReadonlyMap<unknown, unknown>).get(part);
  return Object.hasOwn(container, part) ? (Reflect.get(container, part) as unknown) : undefined;
}
