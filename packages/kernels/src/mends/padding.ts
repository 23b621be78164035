/** @file Padding of tensors with many axes, on wasm. */
import type { PadV2Attrs, TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { MOST_AXES } from "../backends.ts";
import { free } from "../memory/access.ts";
import { MANY_AXES } from "./binary.ts";
import { type Mend, mend } from "./mend.ts";

/**
 * Pads one axis after the other. The axes before it and those behind it are joined into one each.
 */
const pad: Mend = mend<"x", PadV2Attrs>(
  "PadV2",
  ["wasm"],
  MANY_AXES,
  ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.shape.length <= MOST_AXES || sizeOf(x.shape) === 0) return stock();
    const shape = [...x.shape];
    let result: TensorInfo | undefined;
    attrs.paddings.forEach(([before, after], axis) => {
      if (before === 0 && after === 0) return;
      const blocks = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
      const padded = stock(
        { x: { ...(result ?? x), shape: blocks } },
        {
          paddings: [
            [0, 0],
            [before, after],
            [0, 0],
          ],
        },
      );
      if (result) free(backend, result);
      result = padded;
      shape[axis] = shape[axis]! + before + after;
    });
    // No axis is padded: use the stock kernel to copy.
    const info = result ?? stock({ x: { ...x, shape: [sizeOf(shape)] } }, { paddings: [[0, 0]] });
    return { ...info, shape };
  },
);

/** The replacement of the padding kernel. */
export const paddingMends: readonly Mend[] = [pad];
