/**
 * @file Lets the tape keep the attributes that an op was called with. The engine keeps the very
 * arrays that the op got, so a `begin` that is written to for the next slice changed the gradient of
 * the slice before.
 */
import { copiedData, type TapeEngine, tapeEngine } from "@nnxjs/kernels/internal";

/** Marks the method of any copy of this package. */
const COPIES = Symbol.for("@nnxjs/gradients copies attributes");

/** From now on the tape has copies of attributes. Calling this again changes nothing. */
export function copyAttributes(): void {
  const tape = tapeEngine();
  const { addTapeNode } = tape;
  if (COPIES in addTapeNode) return;
  const copying: TapeEngine["addTapeNode"] = function (this: TapeEngine, ...args): void {
    args[5] = copiedData(args[5]);
    addTapeNode.apply(this, args);
  };
  tape.addTapeNode = Object.assign(copying, { [COPIES]: addTapeNode });
}

/** The tape keeps attributes as the engine does again, unless another copy of this package came later. */
export function keepAttributes(): void {
  const tape = tapeEngine();
  if (COPIES in tape.addTapeNode) Reflect.deleteProperty(tape, "addTapeNode");
}
