/**
 * @file Sessions, and what models tell them. A session is one run of a capture. The open ones stand
 * in a list here, and nothing on the modules.
 */
import { StructureError } from "../errors.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { Modules } from "./running.ts";

/** How several values under one name become one. */
export interface Reduction {
  readonly reduceFn: (previous: unknown, value: unknown) => unknown;
  readonly initFn: () => unknown;
}

/** The ways in which a model tells a value: by `sow`, by `perturb`, or as a method's result. */
export const kinds = ["sown", "perturbed", "outputs"] as const;
export type Kind = (typeof kinds)[number];

/** One value that a module tells. */
export interface Told {
  readonly kind: Kind;
  readonly module: object;
  readonly type: VariableType;
  readonly name: string;
  /** Where it is missing, values are collected in a list, one item for each call. */
  readonly reduction?: Reduction | undefined;
  /** The run goes on with this value. A session may replace it, unless it was sown. */
  value: unknown;
}

/** One call of a module's method. */
export interface Called {
  readonly module: object;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Whether captures of method outputs record the results of this method. */
  readonly isRecorded: boolean;
}

/** Gets what modules tell while they run. */
export interface Session {
  /** What error messages call it. */
  readonly where: string;
  /** It gets what these modules tell, and nothing else. */
  readonly modules: Modules;
  /** The type under which methods' results are told. Where it is missing, they are not told. */
  readonly outputs?: VariableType | undefined;
  /**
   * A method of one of the modules begins.
   * @returns what is called with the result, if the method does not throw.
   */
  began?(called: Called): ((result: unknown) => void) | undefined;
  /** Random numbers are about to be drawn. */
  drew?(): void;
  /** Records a value, or ignores it. @returns whether it recorded the value. */
  record(told: Told): boolean;
}

/** The open sessions, the outermost first. `runOnce` opens and closes them. */
export const openSessions: Session[] = [];

/** Whether a session is open. `sow` and `perturb` ask this first, since most runs have none. */
export const isCapturing = (): boolean => openSessions.length > 0;

let seal: { readonly where: string; readonly count: number } | undefined;

/**
 * Runs `f`, in which the open sessions record nothing: what one branch of several tells is not what
 * each replay would.
 */
export function sealed<R>(where: string, f: () => R): R {
  const outer = seal;
  seal = { where, count: openSessions.length };
  try {
    return f();
  } finally {
    seal = outer;
  }
}

/**
 * Has a session record a value.
 * @returns whether it recorded the value.
 * @throws {@link StructureError} where the session is sealed.
 */
export function recordIn(session: Session, told: Told): boolean {
  const isRecorded = session.record(told);
  if (!isRecorded || !seal || openSessions.indexOf(session) >= seal.count) return isRecorded;
  throw new StructureError(
    `${seal.where}: expected functions that tell nothing to a ${session.where} around them, in a recorded function, got one that tells ${JSON.stringify(told.name)}. ` +
      "Return the value, or capture outside of the recorded function.",
  );
}

/** Tells that random numbers are about to be drawn. */
export function noteDraw(): void {
  for (const session of openSessions) session.drew?.();
}
