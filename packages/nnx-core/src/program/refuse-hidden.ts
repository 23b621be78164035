/**
 * @file Refuses arguments with parts that nobody sees from outside: a replay would compute with what
 * they were.
 */
import { nested } from "../data/containers.ts";
import { isInstance, isOpen } from "../data/kept-data.ts";
import { describe, NnxError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { GraphNode } from "../graph/node.ts";
import { privateFieldOf } from "../graph/source-guesses.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { Variable } from "../variable/variable.ts";
import type { Arguments } from "./arguments.ts";

/** The attributes of Variables. */
const ofVariables = new Set(["leaf", "unseen"]);

/**
 * @param frames - The modules and containers of the arguments.
 * @throws {@link NnxError} for the first part that is hidden.
 */
export function refuseHidden(
  args: readonly unknown[],
  given: Arguments,
  frames: readonly Frame[] = args.flatMap(framesOfArgument),
): void {
  for (const { value, keys } of frames) {
    if (value instanceof GraphNode) refuseInModule(value, keys);
    else refuseInContainer(value);
  }
  for (const { value } of given.leaves) {
    if (!(value instanceof Variable)) continue;
    for (const own in value)
      if (!ofVariables.has(own) && Object.hasOwn(value, own)) throw unseen(value, own, "Use metadata");
  }
  for (const data of nested(given.statics, isOpen))
    if (isInstance(data) && !Object.isFrozen(data))
      refusePrivate(data, "Freeze the object (Object.freeze) if nothing in it changes, or close over it");
}

/** @param shown - The keys that everybody sees. */
function refuseInModule(module: GraphNode, shown: readonly unknown[]): void {
  refusePrivate(module, "Use TypeScript's `private`");
  const keys = Reflect.ownKeys(module);
  if (keys.length === shown.length) return;
  const hidden = keys.find((key) => !isEnumerable(module, key));
  if (hidden !== undefined) throw unseen(module, String(hidden), "Make it an attribute with a name");
}

/** What frameworks put on containers is not enumerable. */
function refuseInContainer(container: object): void {
  const extra = extraKeyOf(container);
  if (extra !== undefined) throw unseen(container, String(extra), "Make it an item");
}

/** What a container has beside its items. */
function extraKeyOf(container: object): string | symbol | undefined {
  const isRecord = !Array.isArray(container) && !(container instanceof Map);
  // The indices of an array come first.
  const name = isRecord ? undefined : Object.keys(container).at(-1);
  if (name !== undefined && !(Array.isArray(container) && isIndex(name))) return name;
  return Object.getOwnPropertySymbols(container).find((symbol) =>
    Object.prototype.propertyIsEnumerable.call(container, symbol),
  );
}

const isIndex = (name: string): boolean => String(Number(name) >>> 0) === name;

const isEnumerable = (x: object, key: string | symbol): boolean =>
  typeof key === "string" && Object.prototype.propertyIsEnumerable.call(x, key);

function refusePrivate(x: object, whatToDo: string): void {
  const type: unknown = x.constructor;
  const field = typeof type === "function" ? privateFieldOf(type) : undefined;
  if (field !== undefined) throw unseen(x, field, whatToDo);
}

const unseen = (x: object, key: string, whatToDo: string): NnxError =>
  new NnxError(
    `jit: expected arguments whose parts can be compared from call to call, got ${describe(x)} with ${key}, which nobody sees from outside. ` +
      `${whatToDo}: a replay would compute with what it was.`,
  );
