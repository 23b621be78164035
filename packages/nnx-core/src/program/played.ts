/** @file A recorded call, played for later ones. */
import { hold } from "../ownership/lease.ts";
import type { Path } from "../path.ts";
import { scoped } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { noteUnseen } from "../variable/unseen.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { type Arguments, pathOfLeaf } from "./arguments.ts";
import { OtherWay } from "./host.ts";
import type { PlayedNames, PlayedParts, ReplayParts, Write } from "./played-parts.ts";
import type { Program } from "./program.ts";
import { Kernels, optimize, Replay } from "./replay.ts";
import type { Make } from "./results.ts";

/** A program with what is around it: what it holds for, and what becomes of its results. */
export class Played {
  info: { replays: number; lastUse: number } = { replays: 0, lastUse: 0 };
  /** Why it did not hold for a call. */
  miss: OtherWay["what"] = "host";
  readonly names: () => PlayedNames;
  private readonly recorded: Program;
  private readonly kernels: Kernels;
  /** Made for the first replay: many functions are called once. */
  private made: Replay | undefined;
  private readonly disposeRecorded: () => void;
  private readonly guards: ReadonlyMap<number, unknown>;
  private readonly assigned: PlayedParts["assigned"];
  private readonly result: Make;
  private readonly partsOf: () => ReplayParts;
  private madeParts: ReplayParts | undefined;
  private isDisposed = false;

  constructor(parts: PlayedParts) {
    this.names = parts.names;
    this.recorded = parts.program;
    this.kernels = new Kernels(parts.program);
    this.disposeRecorded = parts.dispose;
    this.guards = parts.guards;
    this.assigned = parts.assigned;
    this.result = parts.result;
    this.partsOf = parts.forReplays;
  }

  private get parts(): ReplayParts {
    this.madeParts ??= this.partsOf();
    return this.madeParts;
  }

  private get replay(): Replay {
    this.made ??= new Replay(optimize(this.recorded, this.kernels), this.kernels, this.parts.replaced);
    return this.made;
  }

  /** The program after all passes; before them where its kernels or constants are gone. */
  get program(): Program {
    return this.made || (!this.isDisposed && this.isCurrent()) ? this.replay.program : this.recorded;
  }

  get kernelCount(): number {
    return this.program.nodes.length;
  }

  get constantCount(): number {
    return this.isDisposed ? 0 : this.program.constants.length;
  }

  isCurrent(): boolean {
    return this.kernels.areCurrent();
  }

  /** Whether the program holds for a call. */
  isFor(given: Arguments): boolean {
    this.miss = "host";
    if (!this.isCurrent() || this.changedVariable() || this.changedNumber(given) !== undefined) return false;
    return this.sharesAlike(given);
  }

  /** Whether what was one tensor or key in two places of the arguments is one still. */
  sharesAlike(given: Arguments): boolean {
    const { aliases, keyAliases } = this.parts;
    return (
      aliases.every(([a, b]) => given.tensors[a] === given.tensors[b]) &&
      keyAliases.every(([a, b]) => given.host[a] === given.host[b])
    );
  }

  /** The position of a number that is not what it was. */
  changedNumber({ host }: Arguments): number | undefined {
    for (const [index, value] of this.guards) if (!Object.is(host[index], value)) return index;
    return undefined;
  }

  /** A constant that is a variable of tensorflow.js, and has other data than it had. */
  changedVariable(): PlayedParts["assigned"][number][0] | undefined {
    return this.assigned.find(([{ dataId }, before]) => dataId !== before)?.[0];
  }

  pathOfNumber(index: number, { leaves }: Arguments): Path {
    const leaf = leaves.find(
      ({ firstHost, hostCount }) => firstHost <= index && index < firstHost + hostCount,
    );
    return leaf ? pathOfLeaf(leaf) : [];
  }

  /**
   * Runs the program and writes the Variables: all or none.
   * @returns nothing if the program does not hold for the call.
   */
  play(given: Arguments, args: readonly unknown[]): { readonly result: unknown } | undefined {
    const { handedOn, returned, replaced, writes: allWrites } = this.parts;
    // Whoever gets them may keep them.
    for (const leaf of handedOn) {
      const variable = given.leaves[leaf]?.value;
      if (variable instanceof Variable) unread(() => variable.getRawValue());
    }
    const ran = this.replay.run(given);
    if (ran instanceof OtherWay) {
      this.miss = ran.what;
      return undefined;
    }
    const [tensors, host] = ran;
    const from = { tensors, inputs: given.tensors, host, args };
    // What was written over is in its Variable already.
    const writes = allWrites.filter(
      ({ sole }) => sole === undefined || tensors[sole] !== given.tensors[replaced.get(sole) ?? -1],
    );
    const values = writes.map(({ make }) => make(from));
    const leases = returned.map((input) => hold(given.tensors[input], "lent"));
    try {
      // What is released lives until the scope ends, so that writes can be undone.
      scoped(() => {
        write(writes, values, given);
      });
      return { result: this.result(from) };
    } finally {
      for (const lease of leases) lease.handOver();
    }
  }

  dispose(): void {
    this.isDisposed = true;
    if (this.made) this.made.dispose();
    else this.disposeRecorded();
  }
}

/** Writes all Variables or none. */
function write(writes: readonly Write[], values: readonly unknown[], { leaves }: Arguments): void {
  const before: (readonly [Variable, VariableState])[] = [];
  try {
    writes.forEach(({ leaf }, i) => {
      const variable = leaves[leaf]?.value as Variable;
      before.push([variable, unread(() => variable.toState())]);
      variable.setRawValue(values[i]);
    });
  } catch (error) {
    for (const [variable, state] of before) variable.takeState(state);
    throw error;
  }
  for (const [i, [variable]] of before.entries()) if (writes[i]?.sole !== undefined) noteUnseen(variable);
}
