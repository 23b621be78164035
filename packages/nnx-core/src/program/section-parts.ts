/** @file The values that host code gets and gives: tensors, and values of the host. */
import { isContainer } from "../data/containers.ts";
import { childAt } from "../graph/node.ts";
import type { PathPart } from "../path.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";

/** The values that the result of host code is made of, in order. */
export interface SectionResults {
  readonly tensors: readonly Tensor[];
  readonly host: readonly unknown[];
  /** The Variable that gets each value of the host, where there is one. */
  readonly targets: readonly (Variable | undefined)[];
}

/** What a section gave in the run that is recorded, with the steps of the values of the host. */
export interface SectionRun<R> extends Pick<SectionResults, "host" | "targets"> {
  readonly result: R;
  readonly slots: readonly HostSlot[];
}

/**
 * Tensors and values of the host in nested containers, in order.
 * @param targets - Variables in the places where values of the host go. Other places may be missing.
 */
export function partsOf(value: unknown, targets?: unknown): SectionResults {
  const parts = new Parts();
  parts.add(value, targets);
  return parts;
}

class Parts implements SectionResults {
  readonly tensors: Tensor[] = [];
  readonly host: unknown[] = [];
  readonly targets: (Variable | undefined)[] = [];

  add(x: unknown, targets: unknown): void {
    if (typeof x === "number") this.addHost(x, targets);
    else if (typeof x !== "object" || x === null) return;
    else if (isTensor(x)) this.tensors.push(x);
    else if (isHostObject(x)) this.addHost(x, targets);
    else if (isContainer(x)) this.addItems(x, isContainer(targets) ? targets : undefined);
  }

  private addItems(x: object, targets: object | undefined): void {
    if (Array.isArray(x)) {
      for (let i = 0; i < x.length; i++) this.add(x[i], targets && childAt(targets, i));
    } else if (x instanceof Map) {
      for (const [key, item] of x as ReadonlyMap<PathPart, unknown>)
        this.add(item, targets && childAt(targets, key));
    } else for (const key of Object.keys(x)) this.add(childAt(x, key), targets && childAt(targets, key));
  }

  private addHost(x: unknown, target: unknown): void {
    this.host.push(x);
    this.targets.push(target instanceof Variable ? target : undefined);
  }
}
