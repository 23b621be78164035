/** @file What is saved: a model's leaves, or a State's, held until they are written. */
import {
  dispose,
  flattenState,
  type GraphDef,
  graphDefToJson,
  GraphNode,
  leafValue,
  NnxError,
  split,
  StructureError,
  Variable,
} from "@nnxjs/nnx-core";
import {
  checkState,
  describe,
  entriesOf,
  hold,
  isContainer,
  isGraphState,
  isStateLike,
} from "@nnxjs/nnx-core/internal";
import { names } from "../format/metadata.ts";
import { type EncodedLeaf, encodeLeaf } from "../values/encode.ts";

/** What is saved. */
export interface Collected {
  readonly leaves: readonly EncodedLeaf[];
  /** What the metadata says of the whole. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Lets go of the tensors. */
  release(): void;
}

/**
 * Takes a snapshot: what happens to the model later is not in it.
 * @throws StructureError for what is neither a model nor a State, and for values that no file can
 * hold.
 */
export function collect(where: string, what: unknown): Collected {
  const isState = isStateLike(what) || isGraphState(what);
  if (!isState) checkParts(where, what);
  const [graphdef, values] = isState
    ? [isGraphState(what) ? what.graphdef : undefined, checkState(where, what)]
    : split(what);
  const entries = flattenState(values);
  // A State of the caller's may be disposed while it is written.
  const lease = hold(entries.map(([, leaf]) => leafValue<unknown>(leaf)));
  if (!isState) dispose(values);
  try {
    return {
      leaves: entries.map((entry) => encodeLeaf(where, entry)),
      metadata: definitionIn(graphdef),
      release: () => lease.release(),
    };
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** The definition, or why there is none. */
function definitionIn(graphdef: GraphDef | undefined): Map<string, string> {
  if (!graphdef) return new Map();
  try {
    return new Map([[names.graphdef, JSON.stringify(graphDefToJson(graphdef))]]);
  } catch (error) {
    if (!(error instanceof NnxError)) throw error;
    return new Map([[names.noGraphdef, error.message]]);
  }
}

const isModel = (x: unknown): boolean => x instanceof GraphNode || x instanceof Variable;

/** Numbers and texts of a record would be in the definition, where nothing restores them from. */
function checkParts(where: string, what: unknown): void {
  if (isModel(what)) return;
  if (!isContainer(what)) {
    throw new StructureError(
      `${where}: expected a model, a State, or a record of these, got ${describe(what)}. Pass what is saved first.`,
    );
  }
  for (const [name, part] of entriesOf(what)) {
    if (typeof part === "object" && part !== null && !(isContainer(part) && entriesOf(part).length === 0))
      continue;
    throw new StructureError(
      `${where} at ${String(name)}: expected a model, a State, or something that holds some, got ${describe(part)}. ` +
        "Keep numbers in a Variable, and what is about the run in options.metadata.",
    );
  }
}
