/**
 * @file While a call is recorded, copies stand in the place of what it gets. So a tensor that the
 * function closes over is a constant, even if an argument has the same one.
 */
import { isContainer, mapItems, nested, replaceItems } from "../data/containers.ts";
import type { LeafPlace } from "../graph/flatten.ts";
import { graphStateOf, isGraphState } from "../graph/graph-state.ts";
import { childAt, GraphNode, isWritable, setChild } from "../graph/node.ts";
import { hold, type Lease } from "../ownership/lease.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { StatesBuilder } from "../state/builder.ts";
import { isStateLike } from "../state/check-state.ts";
import { withValue } from "../state/map.ts";
import { leafValue, type OwnedState, type State, type StateLeaf } from "../state/state.ts";
import { walkState } from "../state/walk-state.ts";
import { isTensor, sharing, type Tensor } from "../tensor.ts";
import { lending, unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { unwatched, watchedLeaf } from "../variable/watched-leaf.ts";
import { type Arguments, takeApart } from "./arguments.ts";
import { copyHostObject, isHostObject } from "./host-data.ts";
import { lastIndexIn } from "./index-in.ts";

/** A Variable that has copies for the time of a run. */
interface Loan {
  readonly variable: Variable;
  readonly own: VariableState;
  readonly lent: VariableState;
  readonly lease: Lease;
}

/** Copies in the place of what a call gets. */
export class Lent {
  /** The arguments with copies; modules are themselves. */
  readonly args: readonly unknown[];
  private readonly loans: Loan[] = [];
  private readonly places: { readonly at: LeafPlace; readonly own: unknown; readonly lent: unknown }[] = [];
  /** The copies of tensors, each with what it stands for. */
  private readonly copied: { readonly copy: Tensor; readonly own: Tensor }[] = [];
  /** Finds a copy among them, from the first time on that somebody asks. */
  private placeOf: ((copy: Tensor) => number) | undefined;
  private readonly copies = new Map<unknown, unknown>();
  private readonly given: Arguments;
  /** Whether a tensor stayed where it is. */
  private isPartial = false;

  constructor(args: readonly unknown[], given: Arguments) {
    this.given = given;
    const { leaves } = given;
    try {
      this.args = args.map((arg) => this.copyOf(arg));
      lending(() => {
        for (const { value, at } of leaves) {
          if (value instanceof Variable) this.lendVariable(value);
          else if (at && isTensor(value) && isPartOfModule(at)) this.lendPlace(at, value);
          else if (at?.owner instanceof GraphNode) this.isPartial = true;
        }
      });
    } catch (error) {
      this.restore();
      throw error;
    }
  }

  /** The arguments with copies, taken apart. */
  arguments(): Arguments {
    const { given } = this;
    if (this.isPartial) return takeApart(this.args);
    const own = <T>(item: T): T => (this.copies.get(item) as T | undefined) ?? item;
    return {
      ...given,
      tensors: given.tensors.map(own),
      host: given.host.map(own),
      leaves: given.leaves.map((leaf) => (isTensor(leaf.value) ? { ...leaf, value: own(leaf.value) } : leaf)),
    };
  }

  private tensor(tensor: Tensor): Tensor {
    // One tensor in two places stays one.
    let copy = this.copies.get(tensor) as Tensor | undefined;
    if (!copy) {
      copy = sharing(tensor);
      this.copies.set(tensor, copy);
      this.copied.push({ copy, own: tensor });
    }
    return copy;
  }

  private value(value: unknown): unknown {
    if (isTensor(value)) return this.tensor(value);
    if (typeof value !== "object" || value === null) return value;
    const withTensors = mapTensors(value, (tensor) => this.tensor(tensor));
    return this.withKeys(withTensors);
  }

  private withKeys(value: unknown): unknown {
    if (isHostObject(value)) {
      const copy = this.copies.get(value) ?? copyHostObject(value);
      this.copies.set(value, copy);
      return copy;
    }
    if (!isContainer(value)) return value;
    const mapped = mapItems(value, (item) => this.withKeys(item));
    return mapped;
  }

  private copyOf(arg: unknown): unknown {
    if (typeof arg !== "object" || arg === null) return arg;
    if (isTensor(arg)) return this.tensor(arg);
    if (isHostObject(arg)) return this.withKeys(arg);
    if (arg instanceof GraphNode || arg instanceof Variable) return arg;
    if (isGraphState(arg)) return graphStateOf(arg.graphdef, this.stateCopy(arg.state));
    if (!isContainer(arg)) return arg;
    if (isStateLike(arg) && Object.isFrozen(arg)) return this.stateCopy(arg);
    if (!holdsData(arg)) return arg;
    return mapItems(arg, (item) => this.copyOf(item));
  }

  private stateCopy(state: State): OwnedState {
    if (isVariableState(state)) {
      const copy = this.leafCopy(state);
      // What is watched has numbers alone, which nobody has to free.
      if (isVariableState(copy) && copy !== unwatched(copy)) return copy as unknown as OwnedState;
    }
    const builder = new StatesBuilder(1);
    walkState(state, {
      enter: (key) => builder.enter(key),
      leaf: (key, leaf) => builder.put(0, key, this.leafCopy(leaf)),
      exit: () => builder.exit(),
    });
    return builder.finish()[0] as OwnedState;
  }

  private leafCopy(leaf: StateLeaf): StateLeaf {
    const copy = withValue(leaf, this.value(leafValue(leaf)));
    if (!isVariableState(copy) || isTensor(copy.value) || isHostObject(copy.value)) return copy;
    // It stands for this place alone, and a recording has to know who computes with its numbers.
    this.isPartial = true;
    return watchedLeaf(Object.freeze({ ...unwatched(copy) }));
  }

  private lendVariable(variable: Variable): void {
    const own = unread(() => variable.toState());
    const lent = this.value(own.value);
    if (lent === own.value) return;
    const lease = hold(own.value);
    variable.setRawValue(lent);
    this.loans.push({ variable, own, lent: unread(() => variable.toState()), lease });
  }

  private lendPlace(at: LeafPlace, own: Tensor): void {
    if (!isWritable(at.owner, at.key)) {
      this.isPartial = true;
      return;
    }
    const lent = this.tensor(own);
    setChild(at.owner, at.key, lent);
    this.places.push({ at, own, lent });
  }

  /** Puts back what was not written meanwhile. */
  restore(): void {
    lending(() => {
      for (const { variable, own, lent, lease } of this.loans) {
        if (!variable.isDisposed && unread(() => variable.toState()) === lent) variable.takeState(own);
        lease.release();
      }
    });
    for (const { at, own, lent } of this.places)
      if (childAt(at.owner, at.key) === lent) setChild(at.owner, at.key, own);
    this.loans.length = 0;
    this.places.length = 0;
  }

  /**
   * Disposes what `f` has disposed of the arguments and of attributes: it had copies.
   * @returns whether there was anything. A replay would not.
   */
  disposeOriginals(): boolean {
    let ofVariables: Set<Tensor> | undefined;
    let isAny = false;
    for (let i = 0; i < this.copied.length; i++) {
      const { copy, own } = this.copied[i] as { readonly copy: Tensor; readonly own: Tensor };
      if (!copy.isDisposed) continue;
      ofVariables ??= new Set(this.loans.flatMap((loan) => tensorsIn(loan.own.value)));
      if (ofVariables.has(own)) continue;
      isAny = true;
      if (!own.isDisposed) own.dispose();
    }
    return isAny;
  }

  private originalOf(copy: Tensor): Tensor | undefined {
    this.placeOf ??= lastIndexIn(this.copied.map((each) => each.copy));
    return this.copied[this.placeOf(copy)]?.own;
  }

  /** A result with the caller's own tensors in the place of copies. */
  ownIn(result: unknown): unknown {
    if (isTensor(result)) return this.originalOf(result) ?? result;
    if (!isContainer(result) || Object.isFrozen(result)) return result;
    return replaceItems(result, (item) => this.ownIn(item));
  }
}

/** Whether there is something to lend in a container. Others may have what a copy would not. */
function holdsData(container: object): boolean {
  for (const x of nested(container))
    if (isTensor(x) || isHostObject(x) || isGraphState(x) || isStateLike(x)) return true;
  return false;
}

/** Whether a place is in a module or Variable's container, not in the list of arguments. */
const isPartOfModule = ({ owner }: LeafPlace): boolean => owner instanceof GraphNode;
