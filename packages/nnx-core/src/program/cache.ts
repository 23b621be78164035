/** @file The programs of one function, and which of them a call plays. */
import { hasHidden, isAsKept, keptData } from "../data/kept-data.ts";
import type { Frame } from "../graph/frame.ts";
import { GraphNode } from "../graph/node.ts";
import { sameRecipe } from "../graph/registry.ts";
import { Modules } from "../recording/running.ts";
import { backendInUse } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { type Arguments, isWalkedWhole, PARTS_ABOVE, takeApart } from "./arguments.ts";
import { sameSignature } from "./argument-walk.ts";
import { Footprint } from "./footprint.ts";
import { firstCall, type Group, reasonFor } from "./group.ts";
import { printPlayed } from "./print.ts";
import type { Played } from "./played.ts";
import { recordCall } from "./record-call.ts";
import { refuseHidden } from "./refuse-hidden.ts";
import { refuseStatic } from "./refuse-static.ts";

/** What was recorded, and why. */
export interface ProgramInfo {
  /** Why it was recorded. */
  readonly reason: string;
  /** How many calls replayed it. */
  readonly replays: number;
  /** How many kernels a replay runs. */
  readonly kernels: number;
  /** How many tensors it holds. */
  readonly constants: number;
}

/** A recording, with what is needed to let go of it. */
interface Recording extends ProgramInfo {
  replays: number;
  /** The call of the function that used it last, counted from the first. */
  lastUse: number;
  /** Nothing where the call could not be kept. */
  readonly played: Played | undefined;
  readonly group: Group;
}

/** How many kinds of arguments are remembered for one module. */
const mostFootprints = 4;

/**
 * How many recordings are kept. A function may get other static data, or change its arguments, in each of
 * a million calls.
 */
const mostRecordings = 512;

export class JitCache {
  private readonly f: (...args: readonly unknown[]) => unknown;
  private readonly staticArgs: ReadonlySet<number>;
  private groups: Group[] = [];
  private footprints = new WeakMap<object, { readonly footprint: Footprint; readonly group: Group }[]>();
  private readonly recordings: Recording[] = [];
  private uses = 0;

  constructor(f: JitCache["f"], staticArgs: readonly number[]) {
    this.f = f;
    this.staticArgs = new Set(staticArgs);
  }

  get programs(): readonly ProgramInfo[] {
    return this.recordings.map(({ reason, replays, kernels, constants }) => ({
      reason,
      replays,
      kernels,
      constants,
    }));
  }

  dispose(): void {
    for (const { programs } of this.groups) for (const played of programs) played.dispose();
    this.groups = [];
    this.footprints = new WeakMap();
  }

  call(args: readonly unknown[]): unknown {
    const known = this.remembered(args);
    if (known) {
      const [given, group] = known;
      const played = this.play(args, given, group);
      if (played) return played.result;
    } else this.check(args);
    const frames: Frame[] | undefined = isWalkedWhole(args) ? [] : undefined;
    const given = takeApart(args, frames);
    const group = this.groupOf(given);
    // The group that was remembered is gone with its last program, or has just been tried.
    if (group !== known?.[1]) {
      const played = this.play(args, given, group);
      if (played) {
        this.remember(args, given, group);
        return played.result;
      }
    }
    return this.record(args, given, group, frames);
  }

  /** The program of a call as text; the call leaves nothing behind. */
  print(args: readonly unknown[]): string {
    this.check(args);
    const given = takeApart(args);
    refuseHidden(args, given);
    const { played } = recordCall(this.f, args, given, { alwaysUndo: true });
    if (!played) return "No program: the call changes the structure of its arguments.";
    const text = printPlayed(played);
    played.dispose();
    return text;
  }

  private check(args: readonly unknown[]): void {
    args.forEach((arg, i) => {
      if (!this.staticArgs.has(i)) refuseStatic(arg, `argument ${i}`, i);
    });
  }

  /** The arguments taken apart, if a footprint fits. */
  private remembered(args: readonly unknown[]): readonly [Arguments, Group] | undefined {
    for (const { footprint, group } of this.footprints.get(this.keyIn(args)) ?? []) {
      if (group.backend !== backendInUse()) continue;
      const given = footprint.match(args);
      if (given) return [given, group];
    }
    return undefined;
  }

  private remember(args: readonly unknown[], given: Arguments, group: Group): void {
    const footprint = hasHidden(given.statics) ? undefined : Footprint.of(args, given);
    if (!footprint) return;
    const key = this.keyIn(args);
    const others = this.footprints.get(key) ?? [];
    this.footprints.set(key, [{ footprint, group }, ...others].slice(0, mostFootprints));
  }

  /** Footprints are remembered with a module, so that they do not keep models. */
  private keyIn(args: readonly unknown[]): object {
    for (const arg of args) if (arg instanceof GraphNode || arg instanceof Variable) return arg;
    return this;
  }

  /** Plays the program that holds for the arguments, if there is one. */
  private play(
    args: readonly unknown[],
    given: Arguments,
    group: Group,
  ): { readonly result: unknown } | undefined {
    for (let i = 0; i < group.programs.length; i++) {
      const played = group.programs[i] as Played;
      if (!played.isFor(given)) continue;
      const done = played.play(given, args);
      if (!done) continue;
      if (i > 0) {
        group.programs.splice(i, 1);
        group.programs.unshift(played);
      }
      played.info.replays++;
      played.info.lastUse = ++this.uses;
      return done;
    }
    return undefined;
  }

  /** The group of a call; a new one is not remembered before it has a program. */
  private groupOf(given: Arguments): Group {
    const { signature, statics } = given;
    const backend = backendInUse();
    const found = this.groups.find(
      (group) =>
        group.backend === backend &&
        sameSignature(group.signature, signature) &&
        isAsKept(group.statics, statics, sameRecipe),
    );
    if (found) return found;
    const kept = keptData(statics);
    return { signature, statics: kept, backend, programs: [], again: new Map() };
  }

  private record(
    args: readonly unknown[],
    given: Arguments,
    group: Group,
    frames: readonly Frame[] | undefined,
  ): unknown {
    const { text: reason, changed } = this.recordings.length > 0 ? reasonFor(group, given) : firstCall;
    refuseHidden(args, given, frames);
    const found = frames && new Modules(frames, undefined, PARTS_ABOVE);
    const { result, played: recorded } = recordCall(this.f, args, given, { found });
    const isChanged = !isAsKept(group.statics, given.statics, sameRecipe);
    if (isChanged) recorded?.dispose();
    const played = isChanged ? undefined : recorded;
    const what = isChanged ? "static data in its arguments" : "the structure of its arguments";
    const recording: Recording = {
      reason: played ? reason : `${reason}; not kept, because the call changed ${what}`,
      replays: 0,
      lastUse: ++this.uses,
      played,
      group,
      // Known once a replay has been prepared.
      get kernels() {
        return played?.kernelCount ?? 0;
      },
      get constants() {
        return played?.constantCount ?? 0;
      },
    };
    this.recordings.push(recording);
    if (this.recordings.length > mostRecordings) this.letGo();
    if (played) {
      if (changed) group.again.set(changed.what, (group.again.get(changed.what) ?? 0) + 1);
      played.info = recording;
      if (!this.groups.includes(group)) this.groups.unshift(group);
      group.programs.unshift(played);
    }
    return result;
  }

  /** Frees what was not used for the longest time. */
  private letGo(): void {
    const oldest = this.recordings.reduce((a, b) => (b.lastUse < a.lastUse ? b : a));
    this.recordings.splice(this.recordings.indexOf(oldest), 1);
    const { played, group } = oldest;
    if (!played) return;
    played.dispose();
    const at = group.programs.indexOf(played);
    if (at >= 0) group.programs.splice(at, 1);
    if (group.programs.length === 0) this.groups = this.groups.filter((each) => each !== group);
  }
}
