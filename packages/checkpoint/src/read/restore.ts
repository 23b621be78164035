/** @file Values of a checkpoint into a model, all or nothing. */
import {
  dispose,
  type Filter,
  flattenState,
  formatPath,
  type GraphDef,
  GraphNode,
  isVariableState,
  leafValue,
  merge,
  type OwnedState,
  type Path,
  pathKey,
  type PathPart,
  state,
  type StateLeaf,
  StructureError,
  toPredicate,
  unflattenState,
  update,
  Variable,
  type VariableDef,
} from "@nnxjs/nnx-core";
import {
  checkGraphDef,
  checkOptions,
  describe,
  isContainer,
  isGraphDefLike,
  isGraphState,
  isStateLike,
  leavesOfDefinition,
} from "@nnxjs/nnx-core/internal";
import { checkFlag } from "../errors.ts";
import { typeNameOf } from "../values/encode.ts";
import { Checkpoint, kindOf, open, openInside } from "./checkpoint.ts";
import { entryOf, type FileLeaf } from "./file-leaves.ts";
import { contentText, type Fit, fitOf, isOfType } from "./fit.ts";
import { withoutValue } from "./frame.ts";
import type { CheckpointSource } from "./open-files.ts";
import { type Asked, readValues } from "./read-values.ts";

/** Options of {@link restore}. */
export interface RestoreOptions {
  /**
   * Every leaf must be in both, the checkpoint and the model. Without it, what only one of them has
   * is left alone. What both have must fit either way.
   * @defaultValue true
   */
  strict?: boolean;
  /** Which leaves: of the model and of the checkpoint. @defaultValue true */
  filter?: Filter;
}

/** What was left alone, since only one side has it. Nothing, if `strict`. */
export interface Skipped {
  /** Leaves of the model that the checkpoint does not have. */
  readonly missing: readonly Path[];
  /** Leaves of the checkpoint that the model does not have. */
  readonly extra: readonly Path[];
}

/** A leaf of a model, and how what is read becomes one. */
interface Target {
  readonly path: Path;
  readonly definition: Pick<VariableDef, "type" | "metadata"> | undefined;
  fit(leaf: FileLeaf): Fit;
}

/**
 * Writes a checkpoint into a model, in place: each Variable keeps its identity. First everything is
 * compared, by path, type, shape and dtype, then everything is read and held against its checksums;
 * only then the model changes.
 * @param into - A model, an optimizer, or a record, array or Map of these, as it was saved. Or the
 * GraphDef of one: then the model is made, without running constructors.
 * @param source - What `file`, `opfs` or `indexedDb` returned; bytes, a Blob, a URL; or what `open`
 * returned.
 * @returns what was skipped; for a GraphDef the model.
 * @throws StructureError that lists everything that does not fit; NotFoundError when nothing is
 * there; CheckpointError for what is damaged. The model is as it was then.
 * @see Flax's guide on checkpointing, orbax `PyTreeCheckpointer.restore`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const bytes = await nnx.toBytes({ model, optimizer });
 * await nnx.restore({ model, optimizer }, bytes);
 * await nnx.restore({ model }, bytes, { strict: false }); // leaves the optimizer's part alone
 * ```
 */
export function restore<M>(
  into: GraphDef<M>,
  source: CheckpointSource | Checkpoint,
  options?: RestoreOptions,
): Promise<M>;
export function restore(
  into: object,
  source: CheckpointSource | Checkpoint,
  options?: RestoreOptions,
): Promise<Skipped>;
export async function restore(
  into: object,
  source: CheckpointSource | Checkpoint,
  options: RestoreOptions = {},
): Promise<unknown> {
  checkOptions<RestoreOptions>("restore", options, { strict: true, filter: true });
  const isDefinition = isGraphDefLike(into);
  if (isDefinition) checkGraphDef("restore", into);
  else checkModel(into);
  const isWanted = toPredicate(options.filter ?? true);
  if (isDefinition && options.filter !== undefined && options.filter !== true)
    throw new StructureError(
      "restore: expected no filter for a GraphDef, got one. A model needs all of its values: restore it, or restore into one.",
    );
  const strict = options.strict ?? true;
  checkFlag("restore", "strict", strict);
  if (source instanceof Checkpoint) return restoreFrom(into, source, isWanted, strict);
  const checkpoint = await open(source);
  try {
    return await restoreFrom(into, checkpoint, isWanted, strict);
  } finally {
    await checkpoint.close();
  }
}

function checkModel(into: unknown): void {
  const isState = isStateLike(into) || isGraphState(into);
  if (!isState && (into instanceof GraphNode || into instanceof Variable || isContainer(into))) return;
  const advice = isState
    ? "A State never changes: use fromBytes, or state() of what open returns."
    : "Pass the model first, then where it is read from.";
  throw new StructureError(
    `restore: expected a model, a record of models or a GraphDef, got ${describe(into)}. ${advice}`,
  );
}

async function restoreFrom(
  into: object,
  checkpoint: Checkpoint,
  isWanted: (path: Path, leaf: unknown) => boolean,
  strict: boolean,
): Promise<unknown> {
  const definition = isGraphDefLike(into) ? into : undefined;
  const targets = definition ? targetsOfDefinition(definition) : targetsOfModel(into, isWanted);
  const { asked, chosen, skipped } = match(checkpoint, targets, isWanted, strict, definition !== undefined);
  const values = await readValues(asked);
  const entries = chosen.map(({ path, definition: own }, i): readonly [Path, StateLeaf] => [
    path,
    own
      ? Object.freeze({ type: own.type, value: values[i], metadata: own.metadata })
      : (values[i] as StateLeaf),
  ]);
  return put(into, definition, entries, skipped);
}

/** Nothing is changed, and nothing stays, when the model refuses the values. */
function put(
  into: object,
  definition: GraphDef | undefined,
  entries: readonly (readonly [Path, StateLeaf])[],
  skipped: Skipped,
): unknown {
  const values = stateOf(entries);
  try {
    if (definition) return merge(definition, values);
    update(into, values);
    return skipped;
  } finally {
    dispose(values);
  }
}

/** The State of a Variable is its leaf: it holds no tensors, but those that nobody took can go. */
function stateOf(entries: readonly (readonly [Path, StateLeaf])[]): OwnedState {
  const [first] = entries;
  return first?.[0].length === 0 ? (first[1] as unknown as OwnedState) : unflattenState(entries);
}

function targetsOfModel(model: object, isWanted: (path: Path, leaf: unknown) => boolean): Target[] {
  const values = state(model);
  try {
    return flattenState(values)
      .filter(([path, leaf]) => isWanted(path, leaf))
      .map(([path, leaf]) => ({
        path,
        definition: isVariableState(leaf) ? leaf : undefined,
        fit: (found) => fitOf(leafValue(leaf), found),
      }));
  } finally {
    dispose(values);
  }
}

const targetsOfDefinition = (graphdef: GraphDef): Target[] =>
  leavesOfDefinition(graphdef).map(({ path, definition }) => ({
    path,
    definition,
    fit: (found) => {
      const isKey =
        definition && typeNameOf(definition.type) === "rng_key" && entryOf(found)?.dtype === "U32";
      return { kind: isKey ? "key" : kindOf(found) };
    },
  }));

/** Which leaf of the file goes where. @throws StructureError for what does not fit. */
function match(
  checkpoint: Checkpoint,
  targets: readonly Target[],
  isWanted: (path: Path, leaf: unknown) => boolean,
  strict: boolean,
  isDefinition: boolean,
): { asked: Asked[]; chosen: Target[]; skipped: Skipped } {
  const { leaves } = openInside("restore", checkpoint);
  const asked: Asked[] = [];
  const chosen: Target[] = [];
  const missing: Path[] = [];
  const faults: string[] = [];
  const met = new Set<string>();
  for (const target of targets) {
    const { path, definition } = target;
    const at = pathKey(path);
    const leaf = leaves.get(at);
    met.add(at);
    if (!leaf) {
      missing.push(path);
      continue;
    }
    const fit: Fit = isOfType(leaf, definition?.type)
      ? target.fit(leaf)
      : {
          fault: `${contentText(leaf)} of type ${leaf.description.type}, where the model has a ${definition?.type.typeName}`,
        };
    if ("fault" in fit) faults.push(`${formatPath(path)}: ${fit.fault}`);
    else {
      asked.push({ leaf, kind: fit.kind });
      chosen.push(target);
    }
  }
  const extra = [...leaves.values()]
    .filter((leaf) => !met.has(pathKey(leaf.path)) && isWanted(leaf.path, withoutValue(leaf)))
    .map(({ path }) => path);
  if (strict || isDefinition)
    faults.push(...missing.map((path) => `${formatPath(path)}: nothing in the checkpoint`));
  if (strict) faults.push(...extra.map((path) => `${formatPath(path)}: nothing in the model`));
  if (faults.length > 0) throw unlike(checkpoint, targets.length, faults, otherRoot(missing, extra));
  return { asked, chosen, skipped: { missing, extra } };
}

/** How many lines a message has room for, and how many when it knows what they have in common. */
const room = 50;
const few = 4;

/**
 * What to do when a model was saved and a record with it is restored, or the other way round; nothing
 * when the paths differ in something else.
 */
function otherRoot(missing: readonly Path[], extra: readonly Path[]): string {
  /** The name below which the one side has all that the other side has. */
  const nameAround = (inner: readonly Path[], outer: readonly Path[]): PathPart | undefined => {
    const under = new Set(outer.map(pathKey));
    const names = new Set(outer.flatMap((path) => path.slice(0, 1)));
    return inner.length === 0
      ? undefined
      : [...names].find((name) => inner.every((path) => under.has(pathKey([name, ...path]))));
  };
  const saved = nameAround(missing, extra);
  if (saved !== undefined)
    return `The checkpoint has all of it below ${saved}: restore into { ${saved}: model }, with { strict: false } if it has more. `;
  const given = nameAround(extra, missing);
  return given === undefined
    ? ""
    : `The checkpoint has it without ${given}: restore into what stands there. `;
}

function unlike(
  checkpoint: Checkpoint,
  count: number,
  faults: readonly string[],
  advice: string,
): StructureError {
  const shown = advice === "" ? room : few;
  const lines = faults.slice(0, shown).map((fault) => `\n  ${fault}`);
  const more = faults.length > shown ? `\n  and ${faults.length - shown} more` : "";
  return new StructureError(
    `restore: expected ${checkpoint.name} to have a value for each of the ${count} leaves of the model, of its type, shape ` +
      `and dtype, and nothing else, got${lines.join("")}${more}\n${advice}Restore into a model like the one that was saved. ` +
      "With { strict: false } what only one of them has is left alone; { filter } chooses what is restored.",
  );
}
