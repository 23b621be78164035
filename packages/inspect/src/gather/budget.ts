/** @file How much of each tensor a report shows. */
import type { PictureOptions } from "./picture.ts";

/** All pictures together have about so many cells; one has at most `picture`. */
const CELLS = { all: 1_500_000, picture: 65_536 };
/** So many values together are kept as they are, of the smallest tensors. */
const EXACT = { all: 100_000, tensor: 16_384 };

/** The options of the picture of each tensor, from their sizes. */
export function shares(sizes: readonly number[]): Pick<PictureOptions, "cells" | "isExact">[] {
  const order = [...sizes.keys()].sort((a, b) => (sizes[a] as number) - (sizes[b] as number));
  const result: Pick<PictureOptions, "cells" | "isExact">[] = [];
  let [cells, exact] = [CELLS.all, EXACT.all];
  // What small tensors leave is there for the others.
  for (const [place, index] of order.entries()) {
    const size = sizes[index] as number;
    const share = Math.max(16, Math.min(CELLS.picture, Math.floor(cells / (order.length - place))));
    const isExact = size <= EXACT.tensor && size <= exact;
    if (isExact) exact -= size;
    cells -= Math.min(size, share);
    result[index] = { cells: share, isExact };
  }
  return result;
}
