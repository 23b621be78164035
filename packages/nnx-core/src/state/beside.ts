/** @file What further States have where a walk through the first one is. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { isLeaf, type State, type StateLeaf, type StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

/** States beside another one, all of the same paths. */
export class Beside {
  private readonly where: string;
  /** What the States have here, and at each place above. */
  private readonly levels: (readonly StateNode[])[];

  constructor(where: string, states: readonly StateNode[]) {
    this.where = where;
    this.levels = [states];
  }

  enter(key: PathPart): void {
    this.levels.push(this.nodes.map((node) => (node as State)[key] as StateNode));
  }

  exit(): void {
    this.levels.pop();
  }

  /** Their leaves under a key; without one they are leaves themselves. */
  leaves(key: PathPart | undefined): readonly StateLeaf[] {
    if (key === undefined) return this.nodes as readonly StateLeaf[];
    return this.nodes.map((node) => (node as State)[key] as StateLeaf);
  }

  /** @throws {@link StructureError} naming the first path that not all have. */
  check(first: StateNode): void {
    const open: PathPart[] = [];
    let nodes: readonly StateNode[] = [first, ...this.nodes];
    const above: (readonly StateNode[])[] = [];
    const compare = (path: Path): void => {
      const [node, ...others] = nodes as readonly [StateNode, ...StateNode[]];
      for (const other of others) this.compare(node, other, path);
    };
    compare([]);
    walkState(first, {
      enter: (key) => {
        open.push(key);
        above.push(nodes);
        nodes = nodes.map((node) => (node as State)[key] as StateNode);
        compare(open);
      },
      // What is under the keys was compared with the subtree.
      leaf: () => {},
      exit: () => {
        open.pop();
        nodes = above.pop() as readonly StateNode[];
      },
    });
  }

  private get nodes(): readonly StateNode[] {
    return this.levels.at(-1) as readonly StateNode[];
  }

  /** Compares the keys of two subtrees, and which of them lead to leaves. */
  private compare(node: StateNode, other: StateNode, path: Path): void {
    if (isLeaf(node) || isLeaf(other)) {
      if (!isLeaf(node) || !isLeaf(other)) throw this.differs(path, node, other);
      return;
    }
    for (const key of new Set([...Object.keys(node), ...Object.keys(other)])) {
      const child = Object.hasOwn(node, key) ? node[key] : undefined;
      const beside = Object.hasOwn(other, key) ? other[key] : undefined;
      if (child === undefined || beside === undefined || isLeaf(child) !== isLeaf(beside))
        throw this.differs([...path, key], child, beside);
    }
  }

  private differs(path: Path, node: StateNode | undefined, other: StateNode | undefined): StructureError {
    const name = (x: StateNode | undefined): string => (x === undefined ? "nothing" : describe(x));
    return new StructureError(
      `${this.where} at ${formatPath(path)}: expected States with the same paths, got ${name(node)} and ${name(other)}. ` +
        "Pass States of one model that were made with the same filter.",
    );
  }
}
