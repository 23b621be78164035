/** @file Whether several States have the same paths. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { isLeaf, type State, type StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

/** @throws {@link StructureError} naming the first path that not all have. */
export function checkSamePaths(where: string, first: StateNode, others: readonly StateNode[]): void {
  const open: PathPart[] = [];
  const above: StateNode[][] = [];
  let beside = [first, ...others];
  const compareAll = (): void => {
    for (const other of beside.slice(1)) compare(where, beside[0] as StateNode, other, open);
  };
  compareAll();
  walkState(first, {
    enter: (key) => {
      open.push(key);
      above.push(beside);
      beside = beside.map((each) => (each as State)[key] as StateNode);
      compareAll();
    },
    // `compare` of the subtree around a leaf has checked the leaf.
    leaf: () => {},
    exit: () => {
      open.pop();
      beside = above.pop() as StateNode[];
    },
  });
}

/** Compares the keys of two subtrees, and which of them lead to leaves. */
function compare(where: string, node: StateNode, other: StateNode, path: Path): void {
  if (isLeaf(node) || isLeaf(other)) {
    if (!isLeaf(node) || !isLeaf(other)) throw differs(where, path, node, other);
    return;
  }
  for (const key of new Set([...Object.keys(node), ...Object.keys(other)])) {
    const child = Object.hasOwn(node, key) ? node[key] : undefined;
    const beside = Object.hasOwn(other, key) ? other[key] : undefined;
    if (child === undefined || beside === undefined || isLeaf(child) !== isLeaf(beside))
      throw differs(where, [...path, key], child, beside);
  }
}

function differs(
  where: string,
  path: Path,
  node: StateNode | undefined,
  other: StateNode | undefined,
): StructureError {
  const name = (x: StateNode | undefined): string => (x === undefined ? "nothing" : describe(x));
  return new StructureError(
    `${where} at ${formatPath(path)}: expected States with the same paths, got ${name(node)} and ${name(other)}. ` +
      "Pass States of one model that were made with the same filter.",
  );
}
