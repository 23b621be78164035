/** @file The tape of the engine. */
import * as tf from "@tensorflow/tfjs-core";

type Tensor = tf.Tensor;

/** One kernel that the engine recorded. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  gradient?: (dys: (Tensor | undefined)[]) => Readonly<Record<string, () => Tensor>>;
}

/** The engine's members for its tape. They exist at run time, but its types do not declare them. */
interface TapeEngine {
  startTape(): void;
  endTape(): void;
  addTapeNode(
    kernelName: string,
    inputs: TapeNode["inputs"],
    outputs: readonly Tensor[],
    gradient: ((dys: Tensor | readonly Tensor[]) => Readonly<Record<string, () => Tensor>>) | null,
    saved: readonly Tensor[],
    attributes: object,
  ): void;
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
}

export const tapeEngine = (): TapeEngine => tf.engine() as unknown as TapeEngine;

/**
 * Calls `notice` with every op as the tape records it, while the op's tensors are still alive.
 * Returns a function that stops this.
 */
export function onRecord(notice: (node: TapeNode) => void): () => void {
  const engine = tapeEngine();
  const before = Object.getOwnPropertyDescriptor(engine, "addTapeNode");
  const addTapeNode = engine.addTapeNode.bind(engine);
  engine.addTapeNode = function (...args): void {
    addTapeNode(...args);
    // The tape also records the copies that a kernel saves for its gradient. They are not ops of
    // the model, and are recorded inside the kernel.
    if (this.state.kernelDepth > 0) return;
    const node = this.state.activeTape?.at(-1);
    if (node) notice(node);
  };
  return () => {
    if (before) Object.defineProperty(engine, "addTapeNode", before);
    // Deleting the override uncovers the method of the engine's prototype.
    else Reflect.deleteProperty(engine, "addTapeNode");
  };
}
