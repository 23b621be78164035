/**
 * @file The numbers that every peer computes with: they follow from a name and a shape alone, by
 * integer arithmetic that same_numbers.py repeats.
 */

/** A hash of 32 bits (the finalizer of MurmurHash3). */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A hash of a name (FNV-1a of its ASCII characters). */
function seedOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Uniform numbers in [-scale, scale). */
export function numbers(name: string, shape: readonly number[], scale = 1): Float32Array {
  const seed = seedOf(name);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const share = (mix(Math.imul(i, 0x9e3779b1) + seed) >>> 8) / 2 ** 24;
    return (2 * share - 1) * scale;
  });
}

/** Whole numbers from 0 to below `bound`. */
export function integers(name: string, shape: readonly number[], bound: number): Int32Array {
  const seed = seedOf(name);
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) => mix(Math.imul(i, 0x9e3779b1) + seed) % bound);
}

/** The initial values of a parameter: its path in the model says what it is. */
export function weights(path: string, shape: readonly number[]): Float32Array {
  if (path.endsWith("scale")) return new Float32Array(sizeOf(shape)).fill(1);
  if (path.endsWith("bias")) return numbers(path, shape, 0.1);
  return numbers(path, shape, Math.sqrt(3 / sizeOf(shape.slice(0, -1))));
}
