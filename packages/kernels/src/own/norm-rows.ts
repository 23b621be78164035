/** @file Normalisation where each row has a mean and a variance of its own, and its gradient. */
import { wasmRun } from "../wasm/call.ts";
import { normRowsModule } from "../wasm/norm-rows.generated.ts";
import { blockOf, expanded, flag, named, type NormRun, Pieces } from "./norm-parts.ts";

/** What is known of one row. */
const KNOWN_BYTES = 64;

export const forwardRows: NormRun = (backend, names, inputs, attrs, outputs) => {
  const { outer, groups, size, epsilon, usesMean, isFast, withMoments } = attrs;
  const rows = outer * groups;
  const pieces = new Pieces(2, groups * size);
  const moments = new Pieces(withMoments ? 0 : 2, rows);
  return wasmRun(backend, {
    module: normRowsModule,
    inputs,
    outputs,
    scratch: KNOWN_BYTES + pieces.bytes + moments.bytes,
    run: (functions, { inputs: from, outputs: to, scratch: known }) => {
      const { x = 0, scale, bias } = named(from, names);
      const scratch = known + KNOWN_BYTES;
      const own = scratch + pieces.bytes;
      functions.rows(
        x,
        expanded(functions, scale, attrs, pieces.at(scratch, 0), 1),
        expanded(functions, bias, attrs, pieces.at(scratch, 1), 0),
        to[0]!,
        to[1] ?? moments.at(own, 0),
        to[2] ?? moments.at(own, 1),
        known,
        rows,
        size,
        groups,
        flag(usesMean),
        flag(isFast),
        epsilon,
      );
    },
  });
};

export const backRows: NormRun = (backend, names, inputs, attrs, outputs) => {
  const { outer, groups, size, epsilon, usesMean, isFast, byGroup } = attrs;
  const columns = groups * size;
  const pieces = new Pieces(5, columns);
  return wasmRun(backend, {
    module: normRowsModule,
    inputs,
    outputs,
    scratch: pieces.bytes + KNOWN_BYTES,
    run: (functions, { inputs: from, outputs: to, scratch }) => {
      const { x = 0, dy = 0, scale } = named(from, names);
      const at = (number: number): number => pieces.at(scratch, number);
      const scales = expanded(functions, scale, attrs, at(0), 1);
      const [dScale, dBias] = byGroup ? [at(1), at(2)] : [to[1]!, to[2]!];
      const rows = outer * groups;
      // Whole periods of scale and bias; each block has sums of its own, which are added up.
      const block = groups * Math.ceil(blockOf(rows) / groups);
      for (let first = 0; first < rows; first += block) {
        const begin = 4 * first * size;
        const [ofScale, ofBias] = first === 0 ? [dScale, dBias] : [at(3), at(4)];
        functions.fill(ofScale, columns, 0);
        functions.fill(ofBias, columns, 0);
        functions.rowsBack(
          x + begin,
          dy + begin,
          scales,
          to[0]! + begin,
          ofScale,
          ofBias,
          at(5),
          Math.min(block, rows - first),
          size,
          groups,
          flag(usesMean),
          flag(isFast),
          epsilon,
        );
        if (first === 0) continue;
        functions.plus(dScale, ofScale, dScale, columns);
        functions.plus(dBias, ofBias, dBias, columns);
      }
      if (!byGroup) return;
      functions.sumRuns(dScale, to[1]!, groups, size);
      functions.sumRuns(dBias, to[2]!, groups, size);
    },
  });
};
