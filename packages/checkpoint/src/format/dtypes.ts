/** @file The dtypes of safetensors. */

/** Bits of an element. */
const bits = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
} as const;

/** What a tensor of a file may consist of. */
export type FileDtype = keyof typeof bits;

export const isFileDtype = (name: string): name is FileDtype => Object.hasOwn(bits, name);

/** How many bytes an element has. */
export const widthOf = (dtype: FileDtype): number => bits[dtype] / 8;

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
