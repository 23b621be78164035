/** @file Hyperparameters in the state, where they follow schedules or are changed by hand. */
import { NnxError, registerFactory, registerFunction, StructureError } from "@nnxjs/nnx-core";
import { checkFunction, checkOptions, describe, isPlainObject } from "@nnxjs/nnx-core/internal";
import type { Schedule } from "../../schedules/schedule.ts";
import { scheduled } from "../schedule.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

/**
 * A schedule with a state of its own, which may depend on the extra arguments of a step.
 * @see optax `StatefulSchedule`
 */
export interface StatefulSchedule<S extends TransformationState = TransformationState> {
  init(): S;
  /** The state after a step. */
  update(state: S, extra: ExtraArgs): S;
  /** The hyperparameter in a step, a finite number. */
  valueAt(state: S, extra: ExtraArgs): number;
}

/** Options of {@link injectHyperparams}. */
export interface InjectOptions {
  /**
   * Names of arguments and options that are left as they are: functions that are no schedules, and
   * numbers such as `memorySize` that no schedule may change.
   * @defaultValue none
   */
  staticArgs?: string | readonly string[];
  /**
   * Names of the arguments before the options, which JavaScript does not tell.
   * @defaultValue `["learningRate"]`
   */
  argNames?: readonly string[];
}

/** A number may be a schedule. */
type Injectable<T> = T extends number
  ? T | Schedule | StatefulSchedule
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { [K in keyof T]: Injectable<T[K]> }
      : T;

type InjectableArgs<A extends readonly unknown[]> = { [I in keyof A]: Injectable<A[I]> };

type InjectState = {
  /** Steps taken. */
  readonly count: number;
  /** The hyperparameters, by name, of the last step; those without a schedule may be changed. */
  readonly hyperparams: { readonly [name: string]: number };
  readonly hyperparamsStates: { readonly [name: string]: TransformationState };
  readonly innerState: TransformationState;
};

type Factory = (...args: never[]) => GradientTransformation;

/**
 * A transformation whose hyperparameters are part of its state: numbers may be schedules, and those
 * that are none may be changed between steps. The transformation is made anew in each step.
 * @param innerFactory - Makes the transformation, such as `nnx.adam`.
 * @returns A function of the same arguments. Only numbers that are given become part of the state:
 * what is left out keeps the factory's default.
 * @throws NnxError for arguments without a name; RangeError in a step in which a schedule gives no
 * finite number, or what the factory refuses.
 * @see `optax.inject_hyperparams`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const tx = nnx.injectHyperparams(nnx.adam)(1e-3, { b1: (step) => 0.9 - 0.1 / (step + 1) });
 * const optimizer = new nnx.Optimizer(model, tx);
 * const { hyperparams } = optimizer.optState as { hyperparams: Record<string, nnx.OptArray> };
 * hyperparams.learningRate!.value = 1e-4;
 * ```
 */
export function injectHyperparams<A extends readonly unknown[]>(
  innerFactory: (...args: A) => GradientTransformation,
  options: InjectOptions = {},
): (...args: InjectableArgs<A>) => GradientTransformation<InjectState> {
  checkFunction("injectHyperparams", innerFactory);
  checkOptions<InjectOptions>("injectHyperparams", options, { staticArgs: true, argNames: true });
  const given = Object.keys(options).length > 0 ? options : undefined;
  return (...args) => injected(innerFactory as unknown as Factory, given, ...(args as unknown[]));
}

/**
 * The name that `injectHyperparams` had for stateful schedules.
 * @see `optax.inject_stateful_hyperparams`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const learningRate = new nnx.WrappedSchedule(nnx.linearSchedule(1e-2, 1e-3, 100));
 * const optimizer = new nnx.Optimizer(model, nnx.injectStatefulHyperparams(nnx.adam)(learningRate));
 * ```
 */
export const injectStatefulHyperparams: typeof injectHyperparams = injectHyperparams;

const injected: (
  innerFactory: Factory,
  options: InjectOptions | undefined,
  ...args: unknown[]
) => GradientTransformation<InjectState> = registerFactory(
  "tx.injected",
  (innerFactory, options, ...args: unknown[]) => {
    const found = new Arguments(args, options ?? {});
    const make = (hyperparams: InjectState["hyperparams"]): GradientTransformation => {
      const made: unknown = innerFactory(...(found.with(hyperparams) as never[]));
      checkTransformation("injectHyperparams", made, "from the factory");
      return made as GradientTransformation;
    };
    const valuesIn = (states: InjectState["hyperparamsStates"], extra: ExtraArgs) =>
      found.mapSchedules((schedule, name) => schedule.valueAt(stateOf(states, name), extra));
    return {
      init: (params) => {
        const hyperparamsStates = found.mapSchedules((schedule) => schedule.init());
        const hyperparams = { ...found.numbers, ...valuesIn(hyperparamsStates, {}) };
        return { count: 0, hyperparams, hyperparamsStates, innerState: make(hyperparams).init(params) };
      },
      update: (updates, state, params, extra = {}) => {
        const { hyperparamsStates: before } = state;
        const hyperparams = { ...state.hyperparams, ...valuesIn(before, extra) };
        const hyperparamsStates = found.mapSchedules((schedule, name) =>
          schedule.update(stateOf(before, name), extra),
        );
        const [given, innerState] = make(hyperparams).update(updates, state.innerState, params, extra);
        return [given, { count: state.count + 1, hyperparams, hyperparamsStates, innerState }];
      },
    };
  },
);

function stateOf(states: InjectState["hyperparamsStates"], name: string): TransformationState {
  const state = Object.hasOwn(states, name) ? states[name] : undefined;
  if (state !== undefined) return state;
  throw new StructureError(
    `injectHyperparams: expected a state for the schedule ${JSON.stringify(name)}, got ${describe(states)}. ` +
      "Restore the state of the same transformation.",
  );
}

/** The arguments of a factory, with what in them is a hyperparameter. */
class Arguments {
  readonly numbers: Record<string, number> = {};
  private readonly schedules = new Map<string, StatefulSchedule>();
  private readonly args: readonly unknown[];
  private readonly argNames: readonly string[];

  constructor(args: readonly unknown[], { staticArgs = [], argNames = ["learningRate"] }: InjectOptions) {
    this.args = args;
    this.argNames = argNames;
    const fixed = new Set(typeof staticArgs === "string" ? [staticArgs] : staticArgs);
    args.forEach((arg, i) => {
      if (isPlainObject(arg) && !isSchedule(arg)) {
        for (const [name, value] of Object.entries(arg)) if (!fixed.has(name)) this.add(name, value);
      } else if (isSchedule(arg) || typeof arg === "number" || typeof arg === "function") {
        const name = this.nameAt(i);
        if (!fixed.has(name)) this.add(name, arg);
      }
    });
  }

  /** The arguments with these hyperparameters in the places of their own. */
  with(hyperparams: Readonly<Record<string, number>>): unknown[] {
    const current = (name: string, value: unknown): unknown =>
      this.schedules.has(name) || Object.hasOwn(this.numbers, name) ? hyperparams[name] : value;
    return this.args.map((arg, i) => {
      if (!isPlainObject(arg) || isSchedule(arg)) {
        const name = this.argNames[i];
        return name === undefined ? arg : current(name, arg);
      }
      return Object.fromEntries(Object.entries(arg).map(([name, value]) => [name, current(name, value)]));
    });
  }

  /** Each schedule through `f`, by name. Numbers that `f` returns are finite. */
  mapSchedules<R>(f: (schedule: StatefulSchedule, name: string) => R): Record<string, R> {
    return Object.fromEntries([...this.schedules].map(([name, schedule]) => [name, f(schedule, name)]));
  }

  private nameAt(i: number): string {
    const name = this.argNames[i];
    if (name !== undefined) return name;
    throw new NnxError(
      `injectHyperparams: expected a name for each argument before the options, got none for argument ${i}. ` +
        'Pass { argNames: ["stepSize"] } as the second argument of injectHyperparams.',
    );
  }

  private add(name: string, value: unknown): void {
    if (typeof value === "number") this.numbers[name] = value;
    else if (typeof value === "function")
      this.schedules.set(name, new WrappedSchedule(value as Schedule, name));
    else if (isSchedule(value)) this.schedules.set(name, value);
  }
}

const isSchedule = (x: unknown): x is StatefulSchedule =>
  typeof x === "object" &&
  x !== null &&
  ["init", "update", "valueAt"].every((name) => typeof Reflect.get(x, name) === "function");

/** The count of steps. */
type WrappedScheduleState = { readonly count: number };

/**
 * A schedule of the count of steps as one with a state.
 * @see `optax.WrappedSchedule`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const schedule = new nnx.WrappedSchedule(nnx.linearSchedule(1, 0, 10));
 * const later = schedule.update(schedule.init());
 * schedule.valueAt(later); // => 0.9
 * ```
 */
export class WrappedSchedule implements StatefulSchedule<WrappedScheduleState> {
  private readonly scheduleFn: Schedule;
  private readonly name: string;

  /** @param name - What it is for, in messages. */
  constructor(scheduleFn: Schedule, name = "the value") {
    this.scheduleFn = scheduleFn;
    this.name = name;
  }

  init(): WrappedScheduleState {
    return { count: 0 };
  }

  update({ count }: WrappedScheduleState): WrappedScheduleState {
    return { count: count + 1 };
  }

  /** @throws RangeError for what is no finite number. */
  valueAt({ count }: WrappedScheduleState): number {
    return scheduled(`injectHyperparams of ${this.name}`, this.scheduleFn, count);
  }
}

registerFunction("tx.injectHyperparams", injectHyperparams);
