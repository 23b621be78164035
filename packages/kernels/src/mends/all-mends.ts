/** @file All replacements of wrong kernels, in one table. */
import { binaryMends } from "./binary.ts";
import { gpuAxisMends } from "./gpu/along-axis.ts";
import { gpuElementwiseMends } from "./gpu/elementwise.ts";
import { gpuMends } from "./gpu/others.ts";
import { gpuJoinMends } from "./gpu/joins.ts";
import { elementAxesMends } from "./gpu/axes-of-elements.ts";
import { moveAxesMends } from "./gpu/axes-of-moves.ts";
import { reductionAxesMends } from "./gpu/axes-of-reductions.ts";
import { gpuPlaceMends } from "./gpu/places.ts";
import { gpuTopKMend } from "./gpu/top-k.ts";
import { gpuWholeMends } from "./gpu/whole.ts";
import { gpuRowMends } from "./gpu/rows.ts";
import { composedMends } from "./composed.ts";
import { convolutionMends } from "./convolutions.ts";
import { edgeMends } from "./edges.ts";
import { emptyMends } from "./empty.ts";
import { indexingMends } from "./indexing.ts";
import { integerMends } from "./integers.ts";
import type { Mend } from "../mend.ts";
import { poolMends } from "./pools.ts";
import { lostNaNMends } from "./lost-nan.ts";
import { productMends } from "./product.ts";
import { placeMends } from "../wasm/reductions.ts";
import { topKMend } from "./top-k.ts";
import { selectMend } from "./select.ts";
import { slopeMends } from "./prelu.ts";

/** Every replacement. */
export const allMends: readonly Mend[] = [
  ...binaryMends,
  ...composedMends,
  ...convolutionMends,
  ...emptyMends,
  ...indexingMends,
  ...poolMends,
  ...productMends,
  selectMend,
  ...placeMends,
  topKMend,
  ...slopeMends,
  ...integerMends,
  ...edgeMends,
  ...lostNaNMends,
  ...gpuElementwiseMends,
  ...gpuWholeMends,
  ...gpuRowMends,
  ...gpuPlaceMends,
  gpuTopKMend,
  ...elementAxesMends,
  ...moveAxesMends,
  ...reductionAxesMends,
  ...gpuAxisMends,
  ...gpuJoinMends,
  ...gpuMends,
];
