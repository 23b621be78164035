/** @file The dtypes of safetensors. */

/** What a tensor of a file may consist of. */
export type FileDtype =
  | "BOOL"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E8M0"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "I64"
  | "U64"
  | "F64"
  | "C64";

/** Bytes of an element. */
const widths: Readonly<Record<FileDtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
};

export const isFileDtype = (name: string): name is FileDtype => Object.hasOwn(widths, name);

/** How many bytes an element has. */
export const widthOf = (dtype: FileDtype): number => widths[dtype];

/** A tensor of a file: what it consists of, and in which shape. */
export interface TensorForm {
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
}

/** How many elements there are; `NaN` for more than a number can count. */
export function sizeOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let size = 1;
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size)) return Number.NaN;
  }
  return size;
}

/** How many bytes there are; `NaN` for more than a number can count. */
export function bytesOf({ dtype, shape }: TensorForm): number {
  const bytes = sizeOf(shape) * widthOf(dtype);
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

/** Such as `F32[2,3]`. */
export const formText = ({ dtype, shape }: TensorForm): string => `${dtype}[${shape.join(",")}]`;
