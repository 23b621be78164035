/**
 * @file Nodes whose kernels only call WebAssembly functions, as these calls: the kernels' own code
 * costs more than the calls where tensors are small. Values that only such nodes need are no
 * tensors, but places in one piece of memory. On cpu, tensors that such nodes need are copied there
 * once, and from there what others need.
 */
import { equalData } from "../data/equal-data.ts";
import {
  addressOn,
  copiesForPlans,
  copyFrom,
  copyTo,
  giveBackMemory,
  lendMemory,
  outputOn,
  planMemory,
  type ReplayBackend,
  scratchAt,
  sizeOf,
  type TensorInfo,
  wroteOver,
} from "../tensor.ts";
import type { HostValues } from "./host.ts";
import { type Groups, isWrittenOver, type Overwrites } from "./overwrites.ts";
import { lastUses } from "./passes/lifetimes.ts";
import { type ProgramNode, type Slot, usesOf, type ValueInfo } from "./program.ts";
import { Room } from "./room.ts";
import type { PlannedNode, State, Values } from "./steps.ts";

/** The number of an address that is known while the nodes run. */
type Cell = number;

/** A parameter that is an address: which, and the distance from it in bytes. */
interface Moving {
  readonly parameter: number;
  readonly cell: Cell;
  readonly distance: number;
}

interface Call {
  readonly run: (...parameters: number[]) => void;
  readonly parameters: number[];
  /** Set before each call. */
  readonly moving: readonly Moving[];
}

interface Result {
  readonly cell: Cell;
  readonly slot: Slot;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** One node. */
interface Step {
  /** What is copied before it, where values are not in the memory themselves. */
  readonly copies: readonly (readonly [cell: Cell, slot: Slot])[];
  readonly results: readonly Result[];
  readonly scratch: number;
  readonly calls: readonly Call[];
  /** What it may write over. */
  readonly groups: Groups;
}

/** What {@link PlannedCalls} are made for. */
interface PlanContext {
  readonly backend: ReplayBackend;
  readonly overwrites?: Overwrites;
  readonly infos: readonly ValueInfo[];
  readonly rootOf: (slot: Slot) => Slot;
}

/**
 * Parameters in an array that has room for any value: of an array of floats V8 makes an object for
 * each number at each call.
 */
function forCalls(parameters: readonly number[]): number[] {
  const own: unknown[] = [undefined];
  for (const [i, parameter] of parameters.entries()) own[i] = parameter;
  own.length = parameters.length;
  return own as number[];
}

/** An address as functions take it, which V8 keeps without an object of its own. */
const word = (address: number): number => address | 0;

/** The calls of all planned nodes of a block. */
export class PlannedCalls {
  readonly steps: readonly (Step | undefined)[];
  /** How much memory the values need that are no tensors. */
  readonly bytes: number;
  private readonly context: PlanContext;
  /** The first is that of the scratch memory. */
  private readonly addresses: number[] = [0];
  private readonly cells = new Map<Slot, Cell>();
  /** Where values are, from the begin of the memory. */
  private readonly inRoom: (readonly [cell: Cell, at: number])[] = [];
  private readonly fixed: (readonly [parameters: number[], moving: Moving])[] = [];
  private readonly given: (readonly [cell: Cell, slot: Slot])[] = [];
  private readonly loads: (readonly (readonly [cell: Cell, slot: Slot])[])[];
  private readonly conditions: (readonly [renewal: number, attrs: object])[] = [];
  private base = -1;
  private readonly memory: object | undefined;
  /** Whether tensors are copied to the memory and from it. */
  private readonly isCopied: boolean;

  constructor(
    nodes: readonly ProgramNode[],
    plans: readonly (PlannedNode | undefined)[],
    outputs: readonly Slot[],
    context: PlanContext,
  ) {
    this.context = context;
    const { rootOf, backend } = context;
    this.memory = planMemory(backend);
    this.isCopied = copiesForPlans(backend);
    const planOf = (i: number): PlannedNode | undefined =>
      this.isCopied && context.overwrites?.has(nodes[i] as ProgramNode) ? undefined : plans[i];
    const asTensors = new Set(outputs.map(rootOf));
    for (const [i, node] of nodes.entries())
      if (!planOf(i)) for (const slot of [...usesOf(node), ...node.outputs]) asTensors.add(rootOf(slot));
    const last = lastUses(nodes, rootOf);
    const makers = new Map<Slot, number>();
    for (const [i, { outputs: made }] of nodes.entries()) for (const slot of made) makers.set(slot, i);
    const room = new Room();
    const newCell = (): Cell => this.addresses.push(0) - 1;
    const later: (readonly [Cell, Slot])[][] = nodes.map(() => []);
    const roomCells = new Set<Cell>();
    const placed = (cell: Cell, bytes: number, from: number, to: number): Cell => {
      this.inRoom.push([cell, room.take(bytes, from, to)]);
      roomCells.add(cell);
      return cell;
    };
    const bytesOf = (slot: Slot): number => {
      const { shape, dtype } = context.infos[slot] as ValueInfo;
      return sizeOf(shape) * (dtype === "bool" ? 1 : 4);
    };
    /** The address of a value that a planned node reads. */
    const read = (slot: Slot, node: number, copies: (readonly [Cell, Slot])[]): Cell => {
      const root = rootOf(slot);
      const known = this.cells.get(root);
      if (known !== undefined) return known;
      const cell = newCell();
      this.cells.set(root, cell);
      if (this.isCopied) {
        copies.push([cell, root]);
        return placed(cell, bytesOf(root), node, last.get(root) ?? node);
      }
      const maker = makers.get(root);
      if (maker === undefined) this.given.push([cell, root]);
      else (later[maker] as (readonly [Cell, Slot])[]).push([cell, root]);
      return cell;
    };
    this.steps = nodes.map((node, i) => {
      const planned = planOf(i);
      if (!planned) return undefined;
      const { plan, attrs } = planned;
      const { work } = node;
      if (work.kind === "kernel" && work.renewal !== undefined)
        this.conditions.push([work.renewal, attrs as object]);
      const results: Result[] = [];
      const copies: (readonly [Cell, Slot])[] = [];
      const cells = plan.places.map((place): Cell => {
        if (place.kind === "input") return read(node.inputs[place.index] as Slot, i, copies);
        const cell = newCell();
        if (place.kind === "own") return placed(cell, place.bytes, i, i);
        const slot = node.outputs[place.index] as Slot;
        this.cells.set(slot, cell);
        if (!asTensors.has(slot)) return placed(cell, place.bytes, i, last.get(slot) ?? i);
        const { shape, dtype } = context.infos[slot] as ValueInfo;
        results.push({ cell, slot, shape, dtype });
        return this.isCopied ? placed(cell, place.bytes, i, last.get(slot) ?? i) : cell;
      });
      // The scratch memory.
      cells.push(0);
      const calls = plan.calls.map(({ run, parameters, places }): Call => {
        const own = forCalls(parameters);
        const moving: Moving[] = [];
        for (const [parameter, place] of places.entries()) {
          if (place < 0) continue;
          const cell = cells[place] as Cell;
          const each = { parameter, cell, distance: parameters[parameter] as number };
          if (roomCells.has(cell)) this.fixed.push([own, each]);
          else moving.push(each);
        }
        return { run, parameters: own, moving };
      });
      const groups = context.overwrites?.get(node) ?? [];
      return { copies, results, scratch: plan.scratch, calls, groups };
    });
    this.loads = later;
    this.bytes = room.bytes;
  }

  /** Whether the functions work on the memory of now. */
  get isCurrent(): boolean {
    return this.memory !== undefined && planMemory(this.context.backend) === this.memory;
  }

  /** Whether the plans hold for what host code has computed. */
  fits({ renewals }: HostValues): boolean {
    for (const [renewal, attrs] of this.conditions) if (!equalData(renewals[renewal], attrs)) return false;
    return true;
  }

  /** To be called before the first node. @returns whether there is memory; {@link end} gives it back. */
  begin(values: Values): boolean {
    const { backend } = this.context;
    if (this.bytes > 0) {
      const base = lendMemory(backend, this.bytes);
      if (base === undefined) return false;
      if (base !== this.base) this.moveTo(base);
    }
    for (const [cell, slot] of this.given)
      this.addresses[cell] = word(addressOn(backend, values[slot] as TensorInfo));
    return true;
  }

  end(): void {
    if (this.bytes > 0) giveBackMemory(this.context.backend, this.base);
  }

  private moveTo(base: number): void {
    this.base = base;
    for (const [cell, at] of this.inRoom) this.addresses[cell] = word(base + at);
    for (const [parameters, { parameter, cell, distance }] of this.fixed)
      parameters[parameter] = word((this.addresses[cell] as number) + distance);
  }

  /** To be called after a node that is not planned. */
  load(node: number, values: Values): void {
    const loads = this.loads[node] as readonly (readonly [Cell, Slot])[];
    for (let i = 0; i < loads.length; i++) {
      const [cell, slot] = loads[i] as readonly [Cell, Slot];
      this.addresses[cell] = word(addressOn(this.context.backend, values[slot] as TensorInfo));
    }
  }

  /** Runs a planned node. */
  run({ copies, results, scratch, calls, groups }: Step, { values, over }: State): void {
    const { backend } = this.context;
    const { addresses } = this;
    if (over) for (let i = 0; i < groups.length; i++) isWrittenOver(groups[i] as Groups[number], over);
    for (let i = 0; i < copies.length; i++) {
      const [cell, slot] = copies[i] as readonly [Cell, Slot];
      copyTo(backend, values[slot] as TensorInfo, addresses[cell] as number);
    }
    if (!this.isCopied) this.makeResults(results, values, over);
    if (scratch > 0) addresses[0] = word(scratchAt(backend, scratch));
    for (let i = 0; i < calls.length; i++) {
      const { run, parameters, moving } = calls[i] as Call;
      for (let k = 0; k < moving.length; k++) {
        const { parameter, cell, distance } = moving[k] as Moving;
        parameters[parameter] = word((addresses[cell] as number) + distance);
      }
      run(...parameters);
    }
    if (!this.isCopied) return;
    for (let i = 0; i < results.length; i++) {
      const { cell, slot, shape, dtype } = results[i] as Result;
      values[slot] = copyFrom(backend, shape, dtype, addresses[cell] as number);
    }
  }

  private makeResults(results: readonly Result[], values: Values, over: State["over"]): void {
    const { backend } = this.context;
    const { addresses } = this;
    for (let i = 0; i < results.length; i++) {
      const { cell, slot, shape, dtype } = results[i] as Result;
      const before = over?.get(slot);
      if (before) {
        addresses[cell] = word(addressOn(backend, before));
        wroteOver(before);
        continue;
      }
      const info = outputOn(backend, shape, dtype);
      values[slot] = info;
      addresses[cell] = word(addressOn(backend, info));
    }
  }
}
