/** @file WebAssembly modules as text. */

/** What {@link textOf} adds to each byte, so that the prefix of SIMD instructions needs one letter. */
const SHIFT = 4;
/** How many bytes have a letter of their own. */
const SINGLE = 90;

/** The letters are those from "#" to "~"; "!" stands for the backslash, which a string cannot have as it is. */
const letter = (place: number): string => {
  const code = 35 + place;
  return code === 92 ? "!" : String.fromCharCode(code);
};

/**
 * Bytes as ASCII text: a letter for each, and for the high ones a letter before it, which says by
 * how much. Hexadecimal is longer by half, and after gzip, too: gzip finds repetitions within 32 kB
 * of text alone. Of base64 it finds none, because bytes are not whole letters there. `bytesIn` reads
 * the text, in kernels and in keys.
 */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const value = (byte + SHIFT) & 255;
    const page = Math.floor(value / SINGLE);
    if (page > 0) text += letter(SINGLE + page - 1);
    text += letter(value % SINGLE);
  }
  return text;
}
