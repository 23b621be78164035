import { expect, it } from "vitest";
import { bits, key } from "../keys/index.ts";
import { sortByWords } from "./radix.ts";

const sizes = [0, 1, 2, 23, 24, 25, 300, 8191, 8192, 20_001];

it.each(sizes)("sorts %i values by words, and keeps the order of equal words", (n) => {
  for (const mask of [0xffffffff, 0xff0000ff, 7]) {
    const words = bits(key(n), n).map((word) => word & mask);
    const values = Int32Array.from({ length: n }, (_, i) => n - i);
    const wanted = Array.from(words, (word, i) => [word, n - i] as const).sort(([a], [b]) => a - b);
    sortByWords(words.slice(), values);
    expect([...values]).toEqual(wanted.map(([, value]) => value));
  }
});
