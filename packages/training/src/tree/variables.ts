/**
 * @file The Variables that parameters came from. A transformation sees tensors by path; a filter
 * asks for types, too.
 */
import { StructureError, Variable } from "@nnxjs/nnx-core";
import { variableFromState } from "@nnxjs/nnx-core/internal";
import { align } from "./structure.ts";
import type { Tree } from "./tree.ts";

const byTree = new WeakMap<Tree, object>();

/** Remembers what the Variables of a tree of parameters are: records of the same paths. */
export function withVariables(params: Tree, variables: object): Tree {
  byTree.set(params, variables);
  return params;
}

/** The Variables of a tree of parameters; nothing where nobody said which they are. */
export const variablesOf = (params: Tree): object | undefined => byTree.get(params);

/** What a Variable is but for its value. */
class Kind {
  private readonly type: Variable["type"];
  private readonly metadata: Variable["metadata"];

  constructor({ type, metadata }: Variable) {
    this.type = type;
    this.metadata = metadata;
  }

  make(): Variable {
    const { type, metadata } = this;
    return variableFromState({ type, value: undefined, metadata });
  }
}

/** What is kept of the Variables among some places: what is kept of a recorded step must not keep the model. */
export const kindsOf = (places: readonly unknown[]): readonly unknown[] =>
  places.map((place) => (place instanceof Variable ? new Kind(place) : place));

/**
 * Variables of these types and metadata, without values, as records of the paths of `params`.
 * @param kinds - Of all places, in their order.
 */
export function likenesses(params: Tree, kinds: readonly unknown[]): object {
  const differ = (): Error => new StructureError("A tree differs from itself.");
  const { rows, finish } = align([params], 1, differ);
  rows.forEach((row, i) => {
    const kind = kinds[i];
    row.put(0, kind instanceof Kind ? kind.make() : kind);
  });
  return finish()[0] as object;
}
