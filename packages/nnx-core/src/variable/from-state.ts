/** @file Makes Variables from leaves without running their constructors. */
import { leafFor } from "./frozen.ts";
import { holdFirst } from "./held-value.ts";
import { observer } from "./observer.ts";
import type { Variable } from "./variable.ts";
import type { VariableState, VariableType } from "./variable-state.ts";

/** A constructor for instances of a class that runs none of the class's code. */
type Blank = new (leaf: VariableState) => Variable;

const blanks = new WeakMap<VariableType, Blank>();

function blankOf(type: VariableType): Blank {
  const known = blanks.get(type);
  if (known) return known;
  // A plain function, since a class's `prototype` cannot be set. It sets `leaf`, the only field of
  // `Variable`.
  function BlankVariable(this: object, leaf: VariableState): void {
    (this as { leaf: VariableState }).leaf = leaf;
  }
  BlankVariable.prototype = type.prototype;
  const blank = BlankVariable as unknown as Blank;
  blanks.set(type, blank);
  return blank;
}

/**
 * A live Variable from a leaf. Constructors and `createValue` do not run: the value is stored as it
 * is.
 */
export function variableFromState<V extends Variable>(state: VariableState): V {
  const leaf = leafFor(state.type, state);
  const variable = new (blankOf(leaf.type))(leaf) as V;
  holdFirst(variable, leaf.value);
  observer?.(variable, "new");
  return variable;
}
