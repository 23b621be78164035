/**
 * @file What was last made of a Variable, kept on it where nothing that compares, copies or prints objects looks. Native private fields,
 * stamped on from outside, since no constructor of its own makes a merged Variable.
 */
import type { VariableDef, VariableState } from "./variable-state.ts";

/** Gives its subclass the object to put fields on. */
class Stamp {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a class adds private fields to an object that it did not make.
    return target;
  }
}

class Snapshot extends Stamp {
  #leaf: VariableState | undefined;
  #definition: VariableDef | undefined;

  constructor(target: object, leaf: VariableState | undefined) {
    super(target);
    this.#leaf = leaf;
    this.#definition = undefined;
  }

  static leafOf(variable: Snapshot): VariableState | undefined {
    return variable.#leaf;
  }

  static setLeaf(variable: Snapshot, leaf: VariableState | undefined): void {
    variable.#leaf = leaf;
  }

  static definitionOf(variable: Snapshot): VariableDef | undefined {
    return variable.#definition;
  }

  static setDefinition(variable: Snapshot, definition: VariableDef | undefined): void {
    variable.#definition = definition;
  }
}

/** Makes room for snapshots on a new Variable. */
export function stamp(variable: object, leaf: VariableState | undefined): void {
  new Snapshot(variable, leaf);
}

/** The last leaf, until value or metadata change. */
export const leafOf = (variable: object): VariableState | undefined => Snapshot.leafOf(variable as Snapshot);

export const setLeaf = (variable: object, leaf: VariableState | undefined): void =>
  Snapshot.setLeaf(variable as Snapshot, leaf);

/** The last definition, until metadata change. */
export const definitionOf = (variable: object): VariableDef | undefined =>
  Snapshot.definitionOf(variable as Snapshot);

export const setDefinition = (variable: object, definition: VariableDef | undefined): void =>
  Snapshot.setDefinition(variable as Snapshot, definition);
