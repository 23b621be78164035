/** @file Tells of each op that the engine records. */
import { type TapeNode, tapeEngine } from "@nnxjs/kernels/internal";

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
