/**
 * @file The sessions that are open now, and what models tell them. They are kept beside the modules,
 * never on them.
 */
import type { VariableType } from "../variable/variable-state.ts";
import type { Modules } from "./running.ts";

/** How several values under one name become one. */
export interface Reduction {
  readonly reduceFn: (previous: unknown, value: unknown) => unknown;
  readonly initFn: () => unknown;
}

/** The ways in which a model tells a value. */
export const kinds = ["sown", "perturbed", "outputs"] as const;
export type Kind = (typeof kinds)[number];

/** One value that a module tells. */
export interface Told {
  readonly kind: Kind;
  readonly module: object;
  readonly type: VariableType;
  readonly name: string;
  /** Missing where values are collected in a list, one item for each call. */
  readonly reduction?: Reduction | undefined;
  /** The run goes on with it. A session may replace it, unless it was sown. */
  value: unknown;
}

/** A run to which the model tells its values. */
export interface Session {
  /** What error messages call the run. */
  readonly where: string;
  /** The session hears of these modules only. */
  readonly modules: Modules;
  /** The type as which methods' results are told; where it is missing they are not told. */
  readonly outputs?: VariableType | undefined;
  /** Takes a value, or leaves it. @returns whether it took the value. */
  record(told: Told): boolean;
}

/** The open sessions, the outermost first. `runOnce` opens and closes them. */
export const openSessions: Session[] = [];

/** Whether any session is open: the first thing to ask, since most runs have none. */
export const isCapturing = (): boolean => openSessions.length > 0;
