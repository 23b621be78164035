/** @file Writes the values of States into a model, all or nothing. */
import { isContainer } from "../data/containers.ts";
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { checkValues, stateIn } from "../state/check-state.ts";
import { mergeTrees } from "../state/combine.ts";
import type { PureState } from "../state/pure.ts";
import { refuseEnded } from "../state/holding.ts";
import { isLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { UpdatePlan } from "./update-plan.ts";
import type { GraphState } from "./graph-state.ts";
import { GraphNode } from "./node.ts";

/** Options of {@link update}. */
export interface UpdateOptions {
  /**
   * Whether the States must have a value for every leaf of the model, of its type, shape and dtype,
   * and nothing else. Use it when loading a checkpoint.
   * @defaultValue false
   */
  strict?: boolean;
}

/** A State, its values alone, or what `unpack` returned. */
export type UpdateValues = PureState | GraphState;

/**
 * Writes values into the model in place. Its Variables keep their identity and type. Paths that the
 * model does not have are created. Paths that the States do not have stay as they are. If several
 * States have a path, the last one counts. Leaves may be plain values, as `toPure` gives them; a
 * Variable accepts any value. Types, shapes and dtypes are not compared, unless `strict` says so.
 * Options come after a list of States, since any object may be a State.
 * @param node - The model.
 * @param state - The new values; those that it lacks stay.
 * @param states - Further values.
 * @throws {@link StructureError} when a leaf meets a module or a State meets a Variable, or an
 * object is frozen; {@link DisposedError} for values that were disposed; with `strict` also for
 * leaves that are missing, unknown, or of another type, shape or dtype. Nothing is written then.
 * @see Flax `nnx.update`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const [, params, rest] = nnx.split(model, nnx.Param, true);
 * nnx.update(model, params, rest);
 * nnx.update(model, [params, rest], { strict: true }); // they must fit exactly
 * ```
 */
export function update(node: unknown, state: UpdateValues, ...states: readonly UpdateValues[]): void;
export function update(node: unknown, states: readonly UpdateValues[], options: UpdateOptions): void;
export function update(node: unknown, ...given: readonly unknown[]): void {
  const isTarget = node instanceof GraphNode || node instanceof Variable || isContainer(node);
  if (!isTarget) {
    throw new StructureError(
      `update: expected a module, Variable or container, got ${describe(node)}. Pass the model first.`,
    );
  }
  const { states, strict } = read(node, given);
  const plan = new UpdatePlan(node, strict);
  plan.add(node instanceof Variable ? onlyOne(states) : together(states));
  plan.run();
}

/** Reads the States, and the options after a list of them. */
function read(node: object, given: readonly unknown[]): { states: readonly unknown[]; strict: boolean } {
  const [first, second] = given;
  const isOptions = Array.isArray(first) && given.length === 2;
  if (isOptions) checkOptions<UpdateOptions>("update", second as UpdateOptions, { strict: true });
  else if (given.length > 1) refuseOptions(node, given.at(-1));
  const states = (isOptions ? (first as readonly unknown[]) : given).map(stateIn);
  if (states.length === 0) {
    throw new StructureError(
      "update: expected at least one State, got none. Pass what split or state returned.",
    );
  }
  states.forEach((state, i) => {
    if (typeof state === "object" && state !== null) refuseEnded("update", state);
    const isState =
      isPlainObject(state) ||
      (Array.isArray(state) && Array.isArray(node)) ||
      (isLeaf(state) && node instanceof Variable);
    if (isState) return;
    const advice =
      state instanceof GraphNode
        ? "The model comes first: update(model, state)."
        : "Pass what split, state or toPure returned.";
    throw new StructureError(
      `update: expected a State, or values by name, as State ${i + 1}, got ${describe(state)}. ${advice}`,
    );
  });
  return { states, strict: isOptions && (second as UpdateOptions).strict === true };
}

/** Refuses options in the place of a State, which would be written into the model. */
function refuseOptions(node: object, last: unknown): void {
  if (!isPlainObject(last) || typeof last.strict !== "boolean" || Object.keys(last).length > 1) return;
  if ("strict" in node) return;
  throw new StructureError(
    "update: expected a State as the last argument, got options. Pass them after a list: update(model, [state], { strict: true }).",
  );
}

/** Finds the State for a Variable. The States of filters that did not match it are empty. */
function onlyOne(states: readonly unknown[]): unknown {
  const filled = states.filter((state) => isLeaf(state) || Object.keys(state as object).length > 0);
  if (states.length === 1 || filled.length === 1) return filled[0] ?? states[0];
  throw new StructureError(
    `update: expected exactly one State that is not empty for a Variable, got ${filled.length}. Pass the one that has its value.`,
  );
}

function together(states: readonly unknown[]): unknown {
  if (states.length === 1) return states[0];
  return mergeTrees(states.map((state) => checkValues("update", state)));
}
