/** @file Sorts numbers by random words. */

/** Words of up to this many numbers are compared instead of counted. */
const FEW = 24;
/** From here on, fewer passes with longer tables are quicker. */
const MANY = 8192;

/**
 * Sorts `values` by `words`, in place. Values of equal words keep their order.
 * @param words - As many as there are values. They are overwritten.
 */
export function sortByWords(words: Uint32Array, values: Int32Array): void {
  const n = values.length;
  if (n <= FEW) insert(words, values);
  else if (n < MANY) countBytes(words, values);
  else countElevenBits(words, values);
}

function insert(words: Uint32Array, values: Int32Array): void {
  for (let i = 1; i < values.length; i++) {
    const word = words[i]!;
    const value = values[i]!;
    let at = i;
    for (; at > 0 && words[at - 1]! > word; at--) {
      words[at] = words[at - 1]!;
      values[at] = values[at - 1]!;
    }
    words[at] = word;
    values[at] = value;
  }
}

/** Where each digit's numbers begin, from how many there are. */
function startsFrom(counts: Uint32Array): void {
  let sum = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!;
    counts[digit] = sum;
    sum += count;
  }
}

/** Four passes, one for each byte of the words. The fourth writes back where the numbers were. */
function countBytes(words: Uint32Array, values: Int32Array): void {
  const n = values.length;
  let from = words;
  let fromValues = values;
  let to: Uint32Array = new Uint32Array(n);
  let toValues: Int32Array = new Int32Array(n);
  const starts = new Uint32Array(256);
  for (let shift = 0; shift < 32; shift += 8) {
    starts.fill(0);
    for (let i = 0; i < n; i++) starts[(from[i]! >>> shift) & 255]!++;
    startsFrom(starts);
    for (let i = 0; i < n; i++) {
      const word = from[i]!;
      const at = starts[(word >>> shift) & 255]!++;
      to[at] = word;
      toValues[at] = fromValues[i]!;
    }
    [from, fromValues, to, toValues] = [to, toValues, from, fromValues];
  }
}

const LOW = 2 ** 11 - 1;

/**
 * Three passes, of 11, 11 and 10 bits. A word and its value lie beside each other, so that they are
 * written to one place.
 */
function countElevenBits(words: Uint32Array, values: Int32Array): void {
  const n = values.length;
  const [first, second, third] = [
    new Uint32Array(LOW + 1),
    new Uint32Array(LOW + 1),
    new Uint32Array(LOW + 1),
  ];
  for (let i = 0; i < n; i++) {
    const word = words[i]!;
    first[word & LOW]!++;
    second[(word >>> 11) & LOW]!++;
    third[word >>> 22]!++;
  }
  for (const counts of [first, second, third]) startsFrom(counts);
  const [a, b] = [new Uint32Array(2 * n), new Uint32Array(2 * n)];
  for (let i = 0; i < n; i++) {
    const word = words[i]!;
    const at = first[word & LOW]!++ << 1;
    a[at] = word;
    a[at + 1] = values[i]!;
  }
  for (let i = 0; i < a.length; i += 2) {
    const word = a[i]!;
    const at = second[(word >>> 11) & LOW]!++ << 1;
    b[at] = word;
    b[at + 1] = a[i + 1]!;
  }
  for (let i = 0; i < b.length; i += 2) values[third[b[i]! >>> 22]!++] = b[i + 1]!;
}
