/** @file The values of all slices, where those of the first stand for all. */
import { isArrayLike } from "../data/array-like.ts";
import { containerFrom, containerKind, entriesOf } from "../data/containers.ts";
import type { HostOfSlices } from "../program/batch/host-slices.ts";
import { alias, isTensor, type Tensor, unstackTensor, withFirstAt } from "../tensor.ts";
import type { Variable } from "../variable/variable.ts";
import { type Misfit, stackValues } from "./axis-values.ts";
import { type Joining, sameFor } from "./joining.ts";

/** Where the values of all slices are found. */
export interface BatchSource {
  readonly size: number;
  /**
   * The tensors of all slices along a first axis, by the number of the first slice's. It is missing
   * where all have the same.
   */
  readonly tensors: ReadonlyMap<number, Tensor>;
  /** Whether a tensor is the caller's, so that a result needs one of its own. */
  readonly isGiven: (tensor: Tensor) => boolean;
  /** The keys or numbers of which this is the first slice's; of a Variable, those that it gets. */
  readonly hostOf: (value: object) => HostOfSlices | undefined;
}

/** Puts together what one run computed for all slices. */
export class BatchedValues implements Joining {
  private readonly source: BatchSource;
  /** Tensors that a result has: another result gets one of its own. */
  private readonly taken = new Set<Tensor>();

  constructor(source: BatchSource) {
    this.source = source;
  }

  stack([value]: readonly unknown[], axis: number, misfit: Misfit, variable?: Variable): unknown {
    const { size, tensors } = this.source;
    const each = this.hostOf(value, variable)?.each;
    if (each && each.length > 1) return stackValues(each, axis, misfit);
    if (isTensor(value)) {
      const found = tensors.get(value.id);
      const along = axis < 0 ? axis + value.rank + 1 : axis;
      if (found && along >= 0 && along <= value.rank) return this.own(withFirstAt(found, along));
    }
    if (!this.hasTensors(value)) return stackValues(new Array(size).fill(value), axis, misfit);
    return this.mapped(value, (item) => this.stack([item], axis, misfit));
  }

  same([value]: readonly unknown[], last: number, misfit: Misfit, variable?: Variable): unknown {
    const { tensors } = this.source;
    const each = this.hostOf(value, variable)?.each;
    if (each && each.length > 1) return sameFor(each, last, misfit);
    if (isTensor(value)) {
      const found = tensors.get(value.id);
      return found ? sameFor(unstackTensor(found, 0), 0, misfit) : value;
    }
    if (!this.hasTensors(value)) return value;
    return this.mapped(value, (item) => this.same([item], last, misfit));
  }

  private hostOf(value: unknown, variable: Variable | undefined): HostOfSlices | undefined {
    const { hostOf } = this.source;
    if (variable) return hostOf(variable);
    return isArrayLike(value) && !isTensor(value) ? hostOf(value) : undefined;
  }

  /** Whether a container has something that differs from slice to slice. */
  private hasTensors(value: unknown): boolean {
    if (isTensor(value)) return false;
    if (isArrayLike(value)) return false;
    return (
      containerKind(value) !== undefined &&
      entriesOf(value as object).some(
        ([, item]) => isTensor(item) || isArrayLike(item) || this.hasTensors(item),
      )
    );
  }

  private mapped(container: unknown, change: (item: unknown) => unknown): unknown {
    const entries = entriesOf(container as object).map(([key, item]) => [key, change(item)] as const);
    return containerFrom(containerKind(container)!, entries);
  }

  /** A tensor for one result alone. */
  private own(tensor: Tensor): Tensor {
    if (this.taken.has(tensor) || this.source.isGiven(tensor)) return alias(tensor);
    this.taken.add(tensor);
    return tensor;
  }
}
