/**
 * @file Arrays of which tensors on cpu have parts, which no backend counts: what has such a part
 * must not be written over.
 */

const inParts = new WeakSet<object>();

/** Says that a tensor gets a part of this array. */
export const notePart = ({ buffer }: { readonly buffer: ArrayBufferLike }): void => {
  inParts.add(buffer);
};

/** Whether some tensor may have a part of the memory of this array. */
export const hasParts = ({ buffer }: { readonly buffer: ArrayBufferLike }): boolean => inParts.has(buffer);
