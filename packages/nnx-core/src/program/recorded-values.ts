/** @file The tensors of a recording: which value of the program each of them is. */
import { describe, NnxError } from "../errors.ts";
import { type AssignedTensor, isAssigned, nextTensorId, type Tensor } from "../tensor.ts";
import { shareForGood } from "./constants.ts";
import type { Constant, Slot, ValueInfo } from "./program.ts";

/** Values of constants with more elements are not compared. */
const fewValues = 64;

/** The values of a run, by the numbers of its tensors. */
export class RecordedValues {
  readonly infos: ValueInfo[] = [];
  readonly constants: Constant[] = [];
  /** Variables of tensorflow.js among the constants, with the data that they had. */
  readonly assigned: (readonly [variable: AssignedTensor, dataId: object])[] = [];
  private readonly where: string;
  private readonly refuse: (error: () => NnxError) => void;
  /** The number of the first tensor of the run, and of those that have values of the host. */
  private readonly firstId = nextTensorId();
  private born: Set<number> | undefined;
  private readonly slots = new Map<number, Slot>();
  /** Data that depend on the arguments or on keys. */
  private readonly changing = new WeakSet<object>();
  private known: Map<number, readonly number[]> | undefined;
  private notes: Map<number, string> | undefined;
  /** The numbers of the tensors of the block that is recorded, and of those of blocks before. */
  private inBlock: number[] | undefined;
  private ended: Set<number> | undefined;

  /**
   * @param tensors - Those in the arguments.
   * @param refuse - Gets what makes the error for a tensor that cannot be made again.
   */
  constructor(where: string, tensors: readonly Tensor[], refuse: (error: () => NnxError) => void) {
    this.where = where;
    this.refuse = refuse;
    for (let i = 0; i < tensors.length; i++) {
      const tensor = tensors[i] as Tensor;
      const slot = this.newSlot(tensor);
      if (!this.slots.has(tensor.id)) this.slots.set(tensor.id, slot);
      this.changing.add(tensor.dataId);
    }
  }

  newSlot({ shape, dtype }: ValueInfo): Slot {
    this.infos.push({ shape: shape.slice(), dtype });
    return this.infos.length - 1;
  }

  private setSlot({ id }: Tensor, slot: Slot): void {
    this.slots.set(id, slot);
    this.inBlock?.push(id);
  }

  /** Adds a value that a block gets. */
  addParameter(tensor: Tensor): Slot {
    const slot = this.newSlot(tensor);
    this.setSlot(tensor, slot);
    this.changing.add(tensor.dataId);
    return slot;
  }

  /** Adds a result of a node. */
  addResult(tensor: Tensor, changes: boolean): Slot {
    const slot = this.newSlot(tensor);
    // A kernel may return its input, which then keeps its number.
    if (!this.slots.has(tensor.id)) this.setSlot(tensor, slot);
    if (changes) this.changing.add(tensor.dataId);
    return slot;
  }

  /** Notes a tensor with values of the host. */
  addBorn({ id }: Tensor, note?: string): void {
    this.born = (this.born ?? new Set<number>()).add(id);
    if (note !== undefined) this.notes = (this.notes ?? new Map<number, string>()).set(id, note);
  }

  isBorn({ id }: Tensor): boolean {
    return this.born?.has(id) ?? false;
  }

  /**
   * Lets a tensor that the recording did not see stand for another one.
   * @param of - Missing where the tensor has values of the host.
   */
  adopt(tensor: Tensor, of: Tensor | undefined): void {
    if (this.slots.has(tensor.id)) return;
    if (!of) {
      this.addBorn(tensor);
      return;
    }
    this.setSlot(tensor, this.slotOf(of));
    if (this.changing.has(of.dataId)) this.changing.add(tensor.dataId);
  }

  /** Notes the values of a tensor, so that equal constants can be found. */
  addKnown({ id, size }: Tensor, values: unknown): void {
    if (size <= fewValues && ArrayBuffer.isView(values))
      this.known = (this.known ?? new Map<number, readonly number[]>()).set(
        id,
        Array.from(values as Float32Array),
      );
  }

  /** Whether data depend on the arguments or on keys. */
  changes(dataId: object): boolean {
    return this.changing.has(dataId);
  }

  /** Runs `f`, after which what it made belongs to a block that has ended. */
  block<R>(f: () => R): R {
    const { inBlock } = this;
    const made: number[] = [];
    this.inBlock = made;
    try {
      return f();
    } finally {
      this.inBlock = inBlock;
      this.ended ??= new Set();
      for (const id of made) this.ended.add(id);
    }
  }

  /** The value of a tensor, if the run made or got it. */
  knownSlot({ id }: Tensor): Slot | undefined {
    return this.slots.get(id);
  }

  /** The value of a tensor; of one that the run did not make or get, a new constant. */
  slotOf(tensor: Tensor): Slot {
    const known = this.slots.get(tensor.id);
    if (known !== undefined && !this.ended?.has(tensor.id)) return known;
    if (known !== undefined) {
      throw new NnxError(
        `${this.where}: expected a function that uses what branches and loops return, got one that keeps ${describe(tensor)} of a branch ` +
          "or of one turn of a loop. Another run may not make it: return it.",
      );
    }
    if (tensor.id >= this.firstId && !this.isBorn(tensor)) {
      this.refuse(
        () =>
          new NnxError(
            `${this.where}: expected a function that computes with ops, got one that makes ${describe(tensor)} past the engine. ` +
              "A replay could not make it again: use ops of tensorflow.js or of this library.",
          ),
      );
    }
    const slot = this.newSlot(tensor);
    this.slots.set(tensor.id, slot);
    if (isAssigned(tensor)) this.assigned.push([tensor, tensor.dataId]);
    this.constants.push({
      slot,
      tensor: shareForGood(tensor),
      values: this.known?.get(tensor.id),
      note: this.notes?.get(tensor.id),
    });
    return slot;
  }

  /** Frees the constants. */
  dispose(): void {
    for (const { tensor } of this.constants) tensor.dispose();
  }
}
