/** @file Rows of a table, on kernels that are registered first. */
import { rowsOf as run } from "../own/rows.ts";
import { rows } from "../topics/rows.ts";
import { op } from "./op.ts";

/** Row `id` of a float32 table for every id; negative ones count from the end. */
export const rowsOf: typeof run = /* @__PURE__ */ op(run, rows);
