/** @file Outlines of models and States as text: classes, shapes, amounts, modes, shared parts. */
import { containerKind, entriesOf, nested } from "../data/containers.ts";
import { nameOf } from "../data/name-of.ts";
import { formatPath, partFromKey, type Path } from "../path.ts";
import { type Amount, amountOf, amountText, headingOf, plus } from "../variable/amount.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { valueText, variableText } from "../variable/variable-text.ts";
import { isLeaf } from "./state.ts";

/** How much of a model is shown. */
export interface OutlineOptions {
  /** How many levels below the root. @defaultValue 6 */
  readonly levels?: number;
  /** How many parts of one module or container. @defaultValue 12 */
  readonly parts?: number;
  /** How many lines. @defaultValue 100 */
  readonly lines?: number;
  /** Whether to show the first values of tensors, and a hash of all. @defaultValue false */
  readonly withValues?: boolean;
}

/** What the graph knows of values. States have no nodes. */
export interface Nodes {
  readonly isNode: (x: object) => boolean;
  /** Whether a value is part of the graph: a node, a Variable, an array, or a container of these. */
  readonly isPart: (x: unknown) => boolean;
}

/** The nodes of a State: none. Everything in it is a part. */
export const stateNodes: Nodes = { isNode: () => false, isPart: () => true };

const leafText = (leaf: unknown, withValues?: boolean): string =>
  isVariableState(leaf) ? variableText(leaf.type, leaf.value, withValues) : valueText(leaf, withValues);

const modes = ["deterministic", "useRunningAverage"] as const;

/** The modes that a node has as attributes. */
const modesOf = (node: object): readonly (readonly [name: string, value: boolean])[] =>
  modes.flatMap((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(node, name)?.value;
    return typeof value === "boolean" ? [[name, value] as const] : [];
  });

/** How much is in a model or State, by type, and its mode. */
function totalsText(root: object, { isNode }: Nodes): string {
  const amounts = new Map<string, Amount>();
  const found = new Set<boolean>();
  const isOpen = (x: object): boolean =>
    isNode(x) || (!isLeaf(x) && !(x instanceof Variable) && containerKind(x) !== undefined);
  const add = (heading: string, value: unknown): void => {
    amounts.set(heading, plus(amounts.get(heading), amountOf(value)));
  };
  for (const each of nested(root, isOpen)) {
    if (each instanceof Variable) {
      if (!each.isDisposed) add(headingOf(each.type), each.toState().value);
    } else if (isVariableState(each)) add(headingOf(each.type), each.value);
    else if (isLeaf(each)) add("array", each);
    else if (isNode(each)) for (const [, value] of modesOf(each)) found.add(value);
  }
  const parts = [...amounts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([heading, amount]) => `${heading} ${amountText(amount)}`);
  if (found.size === 2) parts.push("some layers in training mode, some in evaluation mode");
  else if (found.size === 1) parts.push(found.has(true) ? "evaluation mode" : "training mode");
  return parts.join(", ");
}

const containerNames = { array: "", record: "", map: "Map" } as const;

/** The name of a node's class, or of what kind of container it is, with its modes. */
function headOf(value: object, { isNode }: Nodes): string {
  if (!isNode(value)) {
    const kind = containerKind(value);
    return kind === "array" ? `[${(value as readonly unknown[]).length}]` : containerNames[kind ?? "record"];
  }
  const set = modesOf(value).map(([name, on]) => `${name}: ${on}`);
  return [nameOf(value.constructor), ...set].join(", ");
}

/** The class of the root and what it holds, in one line. */
export function outlineLine(root: object, nodes: Nodes, name?: string): string {
  const head = name ?? nameOf(root.constructor);
  const totals = totalsText(root, nodes);
  return totals === "" ? head : `${head}: ${totals}`;
}

/**
 * A model or State as an indented outline. A part that stands at several places is shown at the
 * first; the others name it. What is too deep, wide or long is cut, with a count.
 */
export function outline(
  root: object,
  nodes: Nodes,
  {
    name,
    levels = 6,
    parts = 12,
    lines: most = 100,
    withValues,
  }: OutlineOptions & { readonly name?: string } = {},
): string {
  const lines = [outlineLine(root, nodes, name)];
  const firstPaths = new Map<object, Path>([[root, []]]);
  let cut = 0;
  const push = (line: string): void => {
    if (lines.length < most) lines.push(line);
    else cut++;
  };
  const show = (owner: object, path: Path, indent: string): void => {
    const all = childrenOf(owner, nodes);
    for (const [key, child] of all.slice(0, parts)) {
      const part = partFromKey(String(key));
      const label = `${indent}${String(part)}: `;
      if (child instanceof Variable || isLeaf(child) || !isObject(child)) {
        push(`${label}${shared(firstPaths, child, [...path, part]) ?? partText(child, withValues)}`);
        continue;
      }
      const again = shared(firstPaths, child, [...path, part]);
      const head = headOf(child, nodes);
      const inside = childrenOf(child, nodes).length;
      if (again !== undefined) push(`${label}${head === "" ? "" : `${head}, `}${again}`);
      else if (path.length + 1 >= levels && inside > 0)
        push(`${label}${[head, `… ${inside} inside`].filter(Boolean).join(", ")}`);
      else {
        push(`${label}${head}`.trimEnd());
        // Where nothing more is shown, the rest is not looked at either.
        if (lines.length < most) show(child, [...path, part], `${indent}  `);
        else cut += inside;
      }
    }
    if (all.length > parts) push(`${indent}… and ${all.length - parts} more`);
  };
  show(root, [], "  ");
  if (cut > 0) lines.push(`… and more than ${cut - 1} lines`);
  return lines.join("\n");
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null;

function partText(child: unknown, withValues?: boolean): string {
  if (!(child instanceof Variable)) return leafText(child, withValues);
  return child.isDisposed ? `${child.type.typeName} disposed` : leafText(child.toState(), withValues);
}

/** Says where an object was shown first, or notes that this is where. */
function shared(firstPaths: Map<object, Path>, x: unknown, path: Path): string | undefined {
  if (!isObject(x) || isLeaf(x)) return undefined;
  const first = firstPaths.get(x);
  if (!first) firstPaths.set(x, path);
  return first && `the same as ${formatPath(first)}`;
}

const childrenOf = (
  owner: object,
  { isPart }: Nodes,
): readonly (readonly [key: unknown, child: unknown])[] => {
  const entries = entriesOf(owner).filter(([, child]) => isPart(child));
  return Array.isArray(owner) || owner instanceof Map
    ? entries
    : [...entries].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
};
