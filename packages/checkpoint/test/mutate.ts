/** @file Files that went wrong, in all the ways that chance finds. */

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const below = (random: Random, n: number): number => Math.floor(random() * n);
const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** The header of a file as text, and the data behind it. */
function takenApart(file: Uint8Array): { text: string; data: Uint8Array } {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return { text: new TextDecoder().decode(file.subarray(8, 8 + length)), data: file.subarray(8 + length) };
}

/** A file with this header. */
export function putTogether(text: string, data: Uint8Array, length?: bigint): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(text);
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, length ?? BigInt(header.length), true);
  return joined(start, header, data);
}

const randomBytes = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: 1 + below(random, most) }, () => below(random, 256));

type Mutation = (file: Uint8Array, random: Random) => Uint8Array<ArrayBuffer>;

/** Changes of bytes, wherever they are. */
const bytewise: Mutation[] = [
  // A bit.
  (file, random) => {
    const copy = joined(file);
    copy[below(random, copy.length)]! ^= 1 << below(random, 8);
    return copy;
  },
  // A bit of the length or of the first characters.
  (file, random) => {
    const copy = joined(file);
    copy[below(random, Math.min(24, copy.length))]! ^= 1 << below(random, 8);
    return copy;
  },
  // A byte.
  (file, random) => {
    const copy = joined(file);
    copy[below(random, copy.length)] = below(random, 256);
    return copy;
  },
  // The end is missing, or there is more.
  (file, random) => joined(file.subarray(0, below(random, file.length))),
  (file, random) => joined(file, randomBytes(random, 64)),
  // Something is missing, or came in between.
  (file, random) => {
    const at = below(random, file.length);
    return joined(file.subarray(0, at), file.subarray(at + 1 + below(random, 32)));
  },
  (file, random) => {
    const at = below(random, file.length);
    return joined(file.subarray(0, at), randomBytes(random, 32), file.subarray(at));
  },
  // Zeros, as disks leave them.
  (file, random) => {
    const copy = joined(file);
    const at = below(random, copy.length);
    return copy.fill(0, at, at + below(random, 512));
  },
  // Two parts in each other's place.
  (file, random) => {
    const [a, b, c] = [0, 0, 0].map(() => below(random, file.length)).sort((x, y) => x - y) as [
      number,
      number,
      number,
    ];
    return joined(file.subarray(0, a), file.subarray(b, c), file.subarray(a, b), file.subarray(c));
  },
  // Another length.
  (file, random) => {
    const copy = joined(file);
    const length = pick(random, [
      0n,
      1n,
      2n ** 63n,
      2n ** 64n - 1n,
      2n ** 53n,
      BigInt(file.length),
      100_000_001n,
    ]);
    if (copy.length >= 8) new DataView(copy.buffer).setBigUint64(0, length, true);
    return copy;
  },
];

/** Changes of the text of a header, which stays a header. */
const textual: ((text: string, random: Random) => string)[] = [
  (text, random) => changedNumber(text, random),
  (text, random) =>
    swapped(text, random, /"(?:F32|I32|U32|BOOL|C64|F64)"/g, ['"F32"', '"I32"', '"U32"', '"F64"', '"X"']),
  (text, random) =>
    swapped(text, random, /"shape":\[[^\]]*\]/g, [
      '"shape":[]',
      '"shape":[1e9]',
      '"shape":[-1]',
      '"shape":[0]',
      '"shape":[1.5]',
      '"shape":[9007199254740993]',
    ]),
  (text, random) =>
    swapped(text, random, /"data_offsets":\[[^\]]*\]/g, [
      '"data_offsets":[0,0]',
      '"data_offsets":[4,0]',
      '"data_offsets":[0,8]',
      '"data_offsets":[0,9007199254740991]',
    ]),
  // A key twice.
  (text, random) => {
    const entries = [...text.matchAll(/"(?:[^"\\]|\\.)*":\{"dtype"[^}]*\}/g)].map(([entry]) => entry);
    return entries.length === 0 ? text : text.replace("{", () => `{${pick(random, entries)},`);
  },
  (text) => text.replace('"dtype"', '"__proto__":{},"dtype"'),
  (text) => text.replace("{", '{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]},'),
  (text) => text.replace("{", () => `{"deep":${"[".repeat(50_000)}${"]".repeat(50_000)},`),
  // One text of the metadata in the place of another.
  (text, random) => {
    const texts = [...text.matchAll(/"nnx\.\w+":"(?:[^"\\]|\\.)*"/g)].map(([entry]) => entry);
    if (texts.length < 2) return text;
    const [a, b] = [pick(random, texts), pick(random, texts)];
    const nameOf = (entry: string): string => entry.slice(0, entry.indexOf(":"));
    return text.replace(a, () => nameOf(a) + b.slice(nameOf(b).length));
  },
  (text, random) =>
    text.replace(
      new RegExp(`"nnx\\.${pick(random, ["format", "leaves", "crc32", "checksum"])}"`),
      '"nnx.other"',
    ),
  (text, random) => text.replace('"nnx.format":"1"', `"nnx.format":"${below(random, 100)}"`),
  (text) => text.trimEnd(),
  (text) => ` ${text}`,
  (text) => `${text}\u0000`,
];

function swapped(text: string, random: Random, what: RegExp, by: readonly string[]): string {
  const found = [...text.matchAll(what)];
  if (found.length === 0) return text;
  const { index, 0: old } = pick(random, found);
  return text.slice(0, index) + pick(random, by) + text.slice(index + old.length);
}

const changedNumber = (text: string, random: Random): string =>
  swapped(text, random, /(?<=[[,:])\d+(?=[\],}])/g, [
    "0",
    "1",
    "2",
    "3",
    "4",
    "8",
    "1000000000000",
    "-1",
    "1e3",
    "NaN",
    "00",
  ]);

/** A file like this one, with something wrong. */
export function mutated(file: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  if (random() < 0.4) {
    const { text, data } = takenApart(file);
    return putTogether(pick(random, textual)(text, random), data);
  }
  let copy = joined(file);
  for (let left = 1 + below(random, 3); left > 0 && copy.length > 0; left--)
    copy = pick(random, bytewise)(copy, random);
  return copy;
}
