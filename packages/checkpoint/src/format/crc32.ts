/** @file CRC-32 as zlib has it, sixteen bytes at a time. */

const sliceCount = 16;

/** One table of 256 entries for each of sixteen bytes; made on first use. */
let tables: Int32Array | undefined;

/**
 * The tables: at `256 k + b` what the register is after the byte `b` and `k` zeros, from a register of
 * zeros.
 */
export function crcTables(): Int32Array {
  const made = new Int32Array(256 * sliceCount);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    made[i] = c;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!;
    made[i] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}

type Crc32 = (bytes: Uint8Array, before?: number) => number;

let best: Crc32 = crc32InJavaScript;

/** Uses a quicker function that gives the same: Node has one. */
export const useCrc32 = (quicker: Crc32): void => {
  best = quicker;
};

/**
 * The CRC-32 of what came before and these bytes.
 * @param before - Of what came before; 0 at the beginning.
 */
export const crc32: Crc32 = (bytes, before) => best(bytes, before);

/** @see Kounavis and Berry 2005 (slicing), RFC 1952 */
export function crc32InJavaScript(bytes: Uint8Array, before = 0): number {
  tables ??= crcTables();
  const t = tables;
  let c = ~before;
  let i = 0;
  // Words are read as the machine has them, which is little-endian wherever JavaScript runs.
  if (bytes.byteOffset % 4 === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const whole = words.length & ~3;
    for (let w = 0; w < whole; w += 4) {
      const p = words[w]! ^ c;
      const q = words[w + 1]!;
      const r = words[w + 2]!;
      const s = words[w + 3]!;
      c =
        t[3840 | (p & 255)]! ^
        t[3584 | ((p >>> 8) & 255)]! ^
        t[3328 | ((p >>> 16) & 255)]! ^
        t[3072 | (p >>> 24)]! ^
        t[2816 | (q & 255)]! ^
        t[2560 | ((q >>> 8) & 255)]! ^
        t[2304 | ((q >>> 16) & 255)]! ^
        t[2048 | (q >>> 24)]! ^
        t[1792 | (r & 255)]! ^
        t[1536 | ((r >>> 8) & 255)]! ^
        t[1280 | ((r >>> 16) & 255)]! ^
        t[1024 | (r >>> 24)]! ^
        t[768 | (s & 255)]! ^
        t[512 | ((s >>> 8) & 255)]! ^
        t[256 | ((s >>> 16) & 255)]! ^
        t[s >>> 24]!;
    }
    i = whole * 4;
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t[(c ^ bytes[i]!) & 255]!;
  return ~c >>> 0;
}

/** Eight hexadecimal digits. */
export const hexOf = (crc: number): string => crc.toString(16).padStart(8, "0");
