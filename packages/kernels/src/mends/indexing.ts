/** @file Scatters. */
import { free, loop } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";

const tensorScatterUpdate: Mend = mend<"tensor" | "indices" | "updates">(
  "TensorScatterUpdate",
  ["cpu"],
  ({ inputs: { tensor }, backend, stock }) => {
    if (tensor.dtype === "string" || tensor.dtype === "complex64") return stock();
    const output = { shape: tensor.shape, dtype: tensor.dtype };
    const copy = loop(backend, [tensor], output, ([values], out) => out.set(values!));
    // `result` shares the copy's array, which stays alive without the copy.
    const result = stock({ tensor: copy });
    free(backend, copy);
    return result;
  },
);

/** Replacements of kernels that scatter. */
export const indexingMends: readonly Mend[] = [tensorScatterUpdate];
