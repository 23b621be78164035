/** @file Runs for all slices what was recorded of one. */
import { stackArrays, type WordArray } from "../../data/array-axes.ts";
import {
  callKernel,
  clampKernels,
  type Clamps,
  computeWith,
  fuse,
  isRecording,
  isTensor,
  newTensor,
  stackTensors,
  type Tensor,
  unstackTensor,
} from "../../tensor.ts";
import { innermostScope } from "../../ownership/tensor-scopes.ts";
import type { HostSlot } from "../host.ts";
import type { ProgramNode, Slot, ValueInfo } from "../program.ts";
import type { HostOfSlices } from "./host-slices.ts";
import type { Operand } from "./rule.ts";
import { batchRules } from "./rules.ts";

/** A value for all slices: one, or those of all along a first axis. */
export interface ManyValue {
  readonly tensor: Tensor;
  readonly isBatched: boolean;
}

/** What was recorded of one slice. */
export interface SliceProgram {
  readonly nodes: readonly ProgramNode[];
  readonly infos: readonly ValueInfo[];
  /** How many of the first values are inputs, which all slices have along a first axis. */
  readonly inputs: number;
  /** The values of inputs and constants. */
  readonly given: (slot: Slot) => Tensor;
}

type Outputs = readonly Tensor[];

/** A node that runs. */
interface Turn {
  readonly node: ProgramNode;
  /** The values that nothing after it needs. */
  readonly last: Slot[];
  /** A node that only brings the result of this one into bounds, which this one does itself. */
  bounding: Turn | undefined;
  /** Whether that is another node's {@link bounding}. */
  isPart: boolean;
}

/** What the call of a product does by itself, by the kernel that does it alone. */
const bounds: ReadonlyMap<string, Clamps> = new Map(
  Array.from(clampKernels, ([clamps, name]) => [name, clamps]),
);

const boundsOf = (turn: Turn | undefined): Clamps | undefined =>
  turn?.node.work.kind === "kernel" ? bounds.get(turn.node.work.name) : undefined;

/** Runs a program for all slices. Call it in a scope, which frees everything but the outputs. */
export class BatchRun {
  private readonly program: SliceProgram;
  private readonly size: number;
  private readonly host: (slot: HostSlot) => HostOfSlices;
  /** By slot, whether a value may differ from slice to slice. */
  private readonly batched: boolean[];
  /** By slot. */
  private readonly values: (ManyValue | undefined)[];
  /** How many values have a tensor. */
  private readonly holders = new Map<Tensor, number>();

  constructor(program: SliceProgram, size: number, host: (slot: HostSlot) => HostOfSlices) {
    this.program = program;
    this.size = size;
    this.host = host;
    const { infos, inputs, nodes } = program;
    this.values = new Array<ManyValue | undefined>(infos.length).fill(undefined);
    this.batched = new Array<boolean>(infos.length).fill(false).fill(true, 0, inputs);
    for (const node of nodes) {
      const differs = node.inputs.some((slot) => this.batched[slot]) || this.isDrawnForEach(node);
      if (differs) for (const slot of node.outputs) this.batched[slot] = true;
    }
  }

  /** Whether a value may differ from slice to slice. */
  isBatched(slot: Slot): boolean {
    return this.batched[slot] as boolean;
  }

  /** Whether a tensor was there before the run. */
  isGiven(tensor: Tensor): boolean {
    return (this.holders.get(tensor) ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY;
  }

  /** @returns the values of the outputs, in their order. */
  run(outputs: readonly Slot[]): Tensor[] {
    const turns = this.turns(outputs);
    const frees = !isRecording();
    for (let i = turns.length - 1; i >= 0; i--) {
      const turn = turns[i] as Turn;
      if (turn.isPart) continue;
      this.step(turn);
      if (frees) for (const slot of turn.last) this.free(slot);
    }
    return outputs.map((slot) => this.valueOf(slot).tensor);
  }

  /** The nodes whose results are needed, and checks, which have none; the last comes first. */
  private turns(outputs: readonly Slot[]): Turn[] {
    const { nodes, infos } = this.program;
    const isNeeded = new Array<boolean>(infos.length).fill(false);
    for (const slot of outputs) isNeeded[slot] = true;
    /** By slot, what alone needs a value. */
    const uses = new Array<Turn | undefined>(infos.length).fill(undefined);
    const found: Turn[] = [];
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i] as ProgramNode;
      const { inputs, outputs: made } = node;
      if (made.length > 0 && !made.some((slot) => isNeeded[slot])) continue;
      const turn: Turn = { node, last: [], bounding: undefined, isPart: false };
      const use = uses[made[0] as Slot];
      if (use && boundsOf(use) && this.boundsItself(node)) {
        turn.bounding = use;
        use.isPart = true;
      }
      for (const slot of inputs) {
        uses[slot] = isNeeded[slot] ? undefined : turn;
        if (isNeeded[slot]) continue;
        isNeeded[slot] = true;
        turn.last.push(slot);
      }
      for (const slot of made) if (!isNeeded[slot]) turn.last.push(slot);
      found.push(turn);
    }
    return found;
  }

  private boundsItself({ work, outputs }: ProgramNode): boolean {
    return work.kind === "call" && work.batch !== undefined && this.isBatched(outputs[0] as Slot);
  }

  private valueOf(slot: Slot): ManyValue {
    const known = this.values[slot];
    if (known) return known;
    const made = { tensor: this.program.given(slot), isBatched: this.isBatched(slot) };
    this.values[slot] = made;
    // Inputs and constants belong to others.
    this.holders.set(made.tensor, Number.POSITIVE_INFINITY);
    return made;
  }

  private put(slot: Slot, tensor: Tensor, isBatched: boolean): void {
    this.values[slot] = { tensor, isBatched };
    this.holders.set(tensor, (this.holders.get(tensor) ?? 0) + 1);
  }

  private free(slot: Slot): void {
    const { tensor } = this.values[slot] as ManyValue;
    const count = (this.holders.get(tensor) as number) - 1;
    if (count === Number.POSITIVE_INFINITY) return;
    this.holders.set(tensor, count);
    if (count === 0) tensor.dispose();
  }

  private step({ node, bounding }: Turn): void {
    const { infos } = this.program;
    let isBatched = false;
    const inputs: Operand[] = [];
    for (const slot of node.inputs) {
      const { tensor, isBatched: differs } = this.valueOf(slot);
      isBatched ||= differs;
      inputs.push({ tensor, isBatched: differs, shape: (infos[slot] as ValueInfo).shape });
    }
    isBatched ||= this.isDrawnForEach(node);
    const track = innermostScope()?.track;
    const before = track?.length ?? 0;
    const made = isBatched ? this.forAll(node, inputs, boundsOf(bounding)) : this.once(node, inputs, 0);
    if (track) freeOthers(track, before, made);
    const { outputs } = bounding?.node ?? node;
    for (let i = 0; i < outputs.length; i++) this.put(outputs[i] as Slot, made[i] as Tensor, isBatched);
  }

  private isDrawnForEach({ work }: ProgramNode): boolean {
    if (work.kind === "host") return this.host(work.host).isBatched;
    return "from" in work && work.from !== undefined && this.host(work.from.host).isBatched;
  }

  private forAll(node: ProgramNode, inputs: readonly Operand[], clamps: Clamps = "none"): Outputs {
    const { work } = node;
    const { size } = this;
    const outputs = node.outputs.map((slot) => this.program.infos[slot] as ValueInfo);
    if (work.kind === "kernel") {
      const named: Record<string, Operand> = {};
      if (work.names) for (let i = 0; i < work.names.length; i++) named[work.names[i]!] = inputs[i]!;
      const attrs = work.attrs as Readonly<Record<string, unknown>>;
      const made = batchRules.get(work.name)?.({ name: work.name, size, named, inputs, attrs, outputs });
      if (made) return isTensor(made) ? [made] : made;
    } else if (work.kind === "call" && work.batch) {
      return [
        work.batch(
          inputs.map(({ tensor }) => tensor),
          inputs.map((each) => each.isBatched),
          size,
          clamps,
        ),
      ];
    } else if (work.kind === "fill" && work.from) {
      const { each } = this.host(work.from.host);
      const keys = stackArrays(each as readonly WordArray[], 0);
      const { shape, dtype } = outputs[0]!;
      return [newTensor(dtype as "float32", [size, ...shape], work.from.make(keys))];
    } else if (work.kind === "host") {
      const { shape } = outputs[0]!;
      const { each } = this.host(work.host);
      return [newTensor("float32", [size, ...shape], (out) => out.set(each.flat() as number[]))];
    }
    return this.oneByOne(node, inputs);
  }

  /** Runs a node for each slice. */
  private oneByOne(node: ProgramNode, inputs: readonly Operand[]): Outputs {
    const slices = inputs.map(({ tensor, isBatched }) => (isBatched ? unstackTensor(tensor, 0) : undefined));
    const all = Array.from({ length: this.size }, (_, index) => {
      const own = inputs.map((each, i) => ({ ...each, tensor: slices[i]?.[index] ?? each.tensor }));
      return this.once(node, own, index);
    });
    return node.outputs.map((_, i) =>
      stackTensors(
        all.map((each) => each[i] as Tensor),
        0,
      ),
    );
  }

  /** Runs a node for one slice, or for all that have the same. */
  private once({ work, outputs }: ProgramNode, inputs: readonly Operand[], index: number): Outputs {
    const tensors = inputs.map(({ tensor }) => tensor);
    const { shape, dtype } = (this.program.infos[outputs[0] as Slot] ?? {}) as ValueInfo;
    switch (work.kind) {
      case "kernel": {
        const named =
          work.names && Object.fromEntries(work.names.map((name, i) => [name, tensors[i] as Tensor]));
        return [callKernel(work.name, named ?? tensors, work.attrs)].flat();
      }
      case "loop": {
        const loop = work.from ? work.from.make(this.hostAt(work.from.host, index) as object) : work.loop;
        return fuse(tensors, work.shapes, loop, work.from ? undefined : work.kernel) as Outputs;
      }
      case "call":
        return [computeWith(tensors, work.run) as Tensor];
      case "fill": {
        const fill = work.from ? work.from.make(this.hostAt(work.from.host, index) as object) : work.fill;
        return [newTensor(dtype as "float32", shape, fill)];
      }
      case "host": {
        const numbers = [this.hostAt(work.host, index)].flat() as number[];
        return [newTensor("float32", shape, (out) => out.set(numbers))];
      }
      case "values":
      case "choice":
      case "repeat":
      case "stop":
      case "expect":
        // Sections and blocks are not recorded as such here.
        return [];
      default:
        return work satisfies never;
    }
  }

  private hostAt(slot: HostSlot, index: number): unknown {
    const { isBatched, each } = this.host(slot);
    return each[isBatched ? index : 0];
  }
}

/** Frees what was made in a scope after the first tensors, but for these. */
function freeOthers(track: Tensor[], first: number, made: Outputs): void {
  // Mostly there is nothing else.
  if (track.length === first + 1 && track[first] === made[0]) return;
  for (const tensor of track.splice(first)) {
    if (made.includes(tensor) || tensor.kept) track.push(tensor);
    else tensor.dispose();
  }
}
