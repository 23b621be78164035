/** @file Hashes of numbers. */

/** A hash of numbers as float32 (FNV-1a), as eight digits. */
export function hashOf(values: ArrayLike<number>): string {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
