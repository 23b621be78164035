/** @file The blocks of a matrix product that stay in a cache, and where they are packed. */
import { upTo } from "../shape.ts";
import type { WasmModule } from "./module.ts";
import { productModule } from "./product.generated.ts";
import type { ProductPlan } from "./product-plan.ts";

/** The most that is packed at a time: what stays in the second-level cache. */
const MOST = { rows: 128, inner: 512, columns: 512 };
/** Up to so many rows, packing b costs more than it saves. */
const FEW_ROWS = 12;
/** Columns of a panel of b, and rows of one of a. */
export const WIDE = 8;
const HIGH = 4;
/** Bytes of one tile. */
const PART = 128;

/** Blocks of about equal size, each a multiple of `multiple` but the last, and none above `most`. */
const blockOf = (size: number, most: number, multiple: number): number =>
  upTo(size / Math.ceil(size / most), multiple);

/** How many products are added up before they are added to those before. */
export const innerBlock = (inner: number): number => blockOf(inner, MOST.inner, 1);

/** Sizes of a product, or of blocks of it. */
type Sizes = Pick<ProductPlan, "rows" | "inner" | "columns">;

/** Where the scratch memory has what is known of zeros, and where it has how much is done without them. */
export interface ZeroPlaces {
  /** Lists of what is not zero in the packed blocks of a and of b. */
  readonly left: number;
  readonly right: number;
  readonly part: number;
  readonly done: number;
  /** The first byte after all. */
  readonly end: number;
}

/** How zeros are left out. */
export interface Zeros {
  readonly module: WasmModule<"few" | "turn" | "list" | "sparse">;
  /** The places from `from` on; undefined where looking for zeros costs more than it may save. */
  placesOf(whole: Sizes, block: Sizes, from: number): ZeroPlaces | undefined;
}

let zeros: Zeros | undefined;

/**
 * From now on, products with zeros are left out where there are many. No bit of a result changes.
 * Programs without masks have little use for it.
 */
export function leaveOutZeros(how: Zeros): void {
  zeros = how;
}

/** The sizes of the blocks, and where in the scratch memory they are packed. */
export interface Blocks {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Whether b is read where it is, but for the columns after the last multiple of 8. */
  readonly isDirect: boolean;
  readonly left: number;
  readonly right: number;
  readonly bias: number;
  readonly without: ZeroPlaces | undefined;
  /** The functions that compute it. */
  readonly modules: typeof productModule | readonly [typeof productModule, Zeros["module"]];
  readonly bytes: number;
}

/** The blocks of a product. */
export function blocksOf(plan: ProductPlan): Blocks {
  const isDirect = plan.rows <= FEW_ROWS && plan.b.column === 1;
  const rows = blockOf(plan.rows, MOST.rows, HIGH);
  const inner = innerBlock(plan.inner);
  const columns = isDirect ? plan.columns : blockOf(plan.columns, MOST.columns, WIDE);
  const left = PART;
  const right = left + 4 * upTo(rows, HIGH) * inner;
  const bias = right + 4 * inner * (isDirect ? WIDE : upTo(columns, WIDE));
  const end = bias + 4 * upTo(plan.columns, WIDE);
  const without = isDirect ? undefined : zeros?.placesOf(plan, { rows, inner, columns }, end);
  const modules = without && zeros ? ([productModule, zeros.module] as const) : productModule;
  const bytes = without?.end ?? end;
  return { rows, inner, columns, isDirect, left, right, bias, without, modules, bytes };
}
