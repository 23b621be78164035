/** @file Where two values differ, by path. */
import { equalGraphDefs, formatPath, pathKey, printGraphDef } from "@nnxjs/nnx-core";
import { PRNGKey } from "@nnxjs/rnglib";
import type { Elements, Leaf, Snapshot, TensorData } from "./snapshot.ts";
import { nearBy, type Tolerance, ulpsBetween } from "./tolerance.ts";

/** One place where two values differ. */
export interface Difference {
  /** The path, as in `blocks.0.kernel`; `(root)` for the value itself. */
  readonly path: string;
  /** What differs there, such as `expected 0.5 at [0, 3], got 0`. */
  readonly text: string;
}

/** The indices of element number `position`. */
function indicesOf(position: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = position;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices;
}

const isSame = (a: unknown, b: unknown): boolean => (PRNGKey.isKey(a) ? a.equals(b) : Object.is(a, b));

const show = (x: unknown): string =>
  Object.is(x, -0) ? "-0" : typeof x === "string" ? JSON.stringify(x) : String(x);

/** How two tensors differ, or undefined. */
function tensorText(actual: TensorData, expected: TensorData, tolerance: Tolerance): string | undefined {
  const kind = ({ dtype, shape }: TensorData): string => `${dtype}[${shape.join(",")}]`;
  if (kind(actual) !== kind(expected)) return `expected ${kind(expected)}, got ${kind(actual)}`;
  const isNear = nearBy("differences", tolerance);
  const isEqual = (a: unknown, b: unknown): boolean =>
    typeof a === "number" && typeof b === "number" ? isNear(a, b) : Object.is(a, b);
  const [from, to]: [Elements, Elements] = [actual.values, expected.values];
  let count = 0;
  let first = -1;
  let most = 0;
  for (let i = 0; i < to.length; i++) {
    const [a, b] = [from[i], to[i]];
    if (isEqual(a, b)) continue;
    if (count === 0) first = i;
    count++;
    if (typeof a === "number" && typeof b === "number") most = Math.max(most, ulpsBetween(a, b));
  }
  if (count === 0) return undefined;
  const at = expected.shape.length === 0 ? "" : ` at [${indicesOf(first, expected.shape).join(", ")}]`;
  const others = count === 1 ? "" : `; ${count} of ${to.length} elements differ`;
  const ulps = expected.dtype === "float32" ? `, at most ${most} ulp` : "";
  return `expected ${show(to[first])}${at}, got ${show(from[first])}${others}${ulps}`;
}

function leafText(actual: Leaf, expected: Leaf, tolerance: Tolerance): string | undefined {
  if (actual.type !== expected.type)
    return `expected ${expected.type || "no Variable"}, got ${actual.type || "no Variable"}`;
  const [a, b] = [actual.value, expected.value];
  if ("plain" in b) {
    if (!("plain" in a)) return `expected ${show(b.plain)}, got a tensor`;
    return isSame(a.plain, b.plain) ? undefined : `expected ${show(b.plain)}, got ${show(a.plain)}`;
  }
  return "plain" in a ? `expected a tensor, got ${show(a.plain)}` : tensorText(a, b, tolerance);
}

/** The first line in which two definitions differ. */
function definitionText(actual: string, expected: string): string {
  const [is, was] = [actual.split("\n"), expected.split("\n")];
  const line = was.findIndex((text, i) => text !== is[i]);
  const at = line < 0 ? was.length : line;
  return `expected the definition to say "${(was[at] ?? "nothing more").trim()}", got "${(is[at] ?? "nothing more").trim()}"`;
}

/** Where `actual` differs from `expected`; empty if nowhere. */
export function differencesOf(actual: Snapshot, expected: Snapshot, tolerance: Tolerance): Difference[] {
  const found: Difference[] = [];
  for (const [i, [path, wanted]] of expected.definitions.entries()) {
    const given = actual.definitions[i];
    if (!given) found.push({ path: formatPath(path), text: "expected a module, got none" });
    else if (!equalGraphDefs(given[1], wanted))
      found.push({
        path: formatPath(path),
        text: definitionText(printGraphDef(given[1]), printGraphDef(wanted)),
      });
  }
  const rest = new Map(actual.leaves.map((leaf) => [pathKey(leaf.path), leaf]));
  for (const wanted of expected.leaves) {
    const key = pathKey(wanted.path);
    const given = rest.get(key);
    rest.delete(key);
    const text = given ? leafText(given, wanted, tolerance) : "expected a value, got none";
    if (text !== undefined) found.push({ path: formatPath(wanted.path), text });
  }
  for (const { path } of rest.values())
    found.push({ path: formatPath(path), text: "expected nothing, got a value" });
  return found;
}

const MOST = 10;

/** Differences as lines, the first ten of them. */
export const printDifferences = (differences: readonly Difference[]): string =>
  [
    ...differences.slice(0, MOST).map(({ path, text }) => `${path}: ${text}`),
    ...(differences.length > MOST ? [`… and ${differences.length - MOST} more`] : []),
  ].join("\n");
