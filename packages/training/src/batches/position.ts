/** @file Where in the data an iteration is, in Variables, so that it is saved with the model. */
import { GraphNode, NnxError, registerVariableName, StructureError, Variable } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { PRNGKey, random, RngKey } from "@nnxjs/rnglib";

/**
 * How many epochs or examples of the data were given: a plain number.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const batches = new nnx.Batches({ x: { data: new Float32Array(8), shape: [8] } }, { batchSize: 4 });
 * for (const { x } of batches) {
 *   batches.index.value; // => 4
 *   nnx.dispose(x);
 *   break; // a checkpoint of the batches goes on from here
 * }
 * ```
 */
export class BatchPosition extends Variable<number> {
  static override readonly typeName: string = "BatchPosition";
  declare protected readonly nominal: { readonly variable: true; readonly batchPosition: true };
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

/** @throws NnxError unless it is an integer above 0. */
export function checkCount(where: string, name: string, value: unknown): void {
  if (isCount(value) && value > 0) return;
  throw new NnxError(
    `${where}: expected ${name} to be a positive integer, got ${describe(value)}. Pass { ${name}: 32 }, say.`,
  );
}

/** @throws NnxError unless it is a positive integer, or Infinity. */
function checkEpochs(where: string, epochs: unknown): void {
  if (epochs !== Number.POSITIVE_INFINITY) checkCount(where, "epochs", epochs);
}

/** @throws NnxError unless it is a single key, or left out. */
function checkKey(where: string, key: unknown): asserts key is PRNGKey | undefined {
  if (key === undefined || (PRNGKey.isKey(key) && key.shape.length === 0)) return;
  throw new NnxError(
    `${where}: expected key to be a single key, got ${describe(key)}. Make one: nnx.random.key(0).`,
  );
}

/**
 * The base of what gives batches: it knows where it is.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const batches = new nnx.Batches({ x: { data: new Float32Array(8), shape: [8] } }, { batchSize: 4 });
 * batches instanceof nnx.Positioned; // => true
 * ```
 */
export abstract class Positioned extends GraphNode {
  /** How many epochs are done. */
  readonly epoch: BatchPosition = new BatchPosition(0);
  /** How many examples of this epoch were given. */
  readonly index: BatchPosition = new BatchPosition(0);
  /** What the order of each epoch is drawn from: `foldIn(key, epoch)`. */
  readonly key: RngKey | null;
  /** How many epochs one loop goes through. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(
    where: string,
    {
      key,
      epochs,
      batchSize,
      dropLast,
    }: { key: PRNGKey | undefined; epochs: number; batchSize: number; dropLast: boolean },
  ) {
    super();
    checkCount(where, "batchSize", batchSize);
    checkEpochs(where, epochs);
    checkKey(where, key);
    if (typeof dropLast !== "boolean") {
      throw new NnxError(
        `${where}: expected dropLast to be true or false, got ${describe(dropLast)}. Leave it out to keep the last batch.`,
      );
    }
    this.key = key ? new RngKey(key) : null;
    this.epochs = epochs;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  /**
   * Where it is.
   * @throws StructureError for a State that is not one of batches.
   */
  protected at(where: string, mostExamples: number): { epoch: number; index: number } {
    const [epoch, index] = [this.epoch.value, this.index.value];
    if (isCount(epoch) && isCount(index) && index <= mostExamples) return { epoch, index };
    throw new StructureError(
      `${where}: expected a position in ${mostExamples} examples, got epoch ${describe(epoch)} and index ${describe(index)}. ` +
        "Restore the State of batches of the same data.",
    );
  }

  /** The end of the loop that starts at an epoch. */
  protected endOf(epoch: number): number {
    return this.epochs === Number.POSITIVE_INFINITY
      ? this.epochs
      : (Math.floor(epoch / this.epochs) + 1) * this.epochs;
  }

  protected moveTo(epoch: number, index: number): void {
    this.epoch.value = epoch;
    this.index.value = index;
  }

  /** What the order of an epoch is drawn from. */
  protected keyOf(epoch: number): PRNGKey | undefined {
    return this.key ? random.foldIn(this.key.value, epoch) : undefined;
  }
}

registerVariableName("batch_position", BatchPosition);
