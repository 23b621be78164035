/**
 * @file The functions that look names up. They refer to everything that the library names, so that
 * a bundle with one of them has it all, and one without has what it imports.
 */
import {
  type Checkpoint,
  type CheckpointSource,
  fromBytes as stateFromBytes,
  fromTransferable as stateFromTransferable,
  open as openCheckpoint,
  type StateMessage,
} from "@nnxjs/checkpoint";
import {
  graphDefFromJson as fromJson,
  type GraphDef,
  type GraphDefJson,
  type OwnedState,
  variableTypeFromName as typeFromName,
  type VariableType,
} from "@nnxjs/nnx-core";
import { requireNamed } from "@nnxjs/nnx-core/internal";
import { functions, modules, transformations, variables } from "./named.ts";

/**
 * The definition that `graphDefToJson` wrote. Everything that this library names is known; own
 * classes and functions must have been registered. A bundle with this function has it all:
 * `graphDefFromJson` of `@nnxjs/nnx-core` knows what the program imports, no more.
 * @typeParam M - The model's type, which the JSON cannot say.
 * @param json - What `graphDefToJson` gave.
 * @throws {@link StructureError} when it is something else, {@link NotFoundError} for names that
 * nothing is registered under.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const text = JSON.stringify(nnx.graphDefToJson(nnx.graphdef(model)));
 * const graphdef = nnx.graphDefFromJson<nnx.Linear>(JSON.parse(text) as nnx.GraphDefJson);
 * nnx.equalGraphDefs(graphdef, nnx.graphdef(model)); // => true
 * ```
 */
export function graphDefFromJson<M = unknown>(json: GraphDefJson): GraphDef<M> {
  requireNamed("graphDefFromJson", [...variables, ...modules, ...functions, ...transformations]);
  return fromJson<M>(json);
}

/**
 * The class of Variables registered under `name`.
 * @param options - `allowRegister` makes and registers a subclass of `base` (default `Variable`)
 * for an unknown name.
 * @throws {@link NotFoundError} for an unknown name.
 * @see Flax `nnx.variable_type_from_name`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.variableTypeFromName("batch_stats") === nnx.BatchStat; // => true
 * ```
 */
export function variableTypeFromName(
  name: string,
  options: { allowRegister?: boolean; base?: VariableType } = {},
): VariableType {
  requireNamed("variableTypeFromName", variables);
  return typeFromName(name, options);
}

/**
 * The State that `toBytes` wrote: with types and metadata, yours to dispose. Bytes of another
 * library give bare arrays by path.
 * @param bytes - What `toBytes` gave, or any safetensors file.
 * @throws {@link NotFoundError} for a Variable class whose name is not registered;
 * {@link CheckpointError} for what is damaged, or no safetensors file.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const state = await nnx.fromBytes(await nnx.toBytes(model));
 * nnx.update(model, state);
 * nnx.dispose(state);
 * ```
 */
export function fromBytes(bytes: ArrayBuffer | Uint8Array): Promise<OwnedState> {
  requireNamed("fromBytes", variables);
  return stateFromBytes(bytes);
}

/**
 * The State in a message of `toTransferable`: yours to dispose. On the cpu backend its tensors
 * compute with the very buffers that came.
 * @param message - What `toTransferable` gave.
 * @throws {@link CheckpointError} for another message; {@link NotFoundError} for a Variable class
 * that is not registered in this thread.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const { message } = await nnx.toTransferable(nnx.state(model)); // postMessage(message, transfer)
 * const state = nnx.fromTransferable(message);
 * Object.keys(state); // => ["bias", "kernel"]
 * nnx.dispose(state);
 * ```
 */
export function fromTransferable(message: StateMessage): OwnedState {
  requireNamed("fromTransferable", variables);
  return stateFromTransferable(message);
}

/**
 * Opens a checkpoint, or any safetensors file or index: reads and checks the header, and nothing
 * else.
 * @param source - A file, an address, a Blob, or bytes.
 * @throws {@link NotFoundError} when nothing is there, {@link CheckpointError} for what is no such
 * file, or is damaged.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const checkpoint = await nnx.open(await nnx.toBytes(model));
 * const kernel = await checkpoint.read("kernel");
 * await checkpoint.close();
 * ```
 */
export function open(source: CheckpointSource): Promise<Checkpoint> {
  requireNamed("open", variables);
  return openCheckpoint(source);
}
