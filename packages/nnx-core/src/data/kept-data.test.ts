import { describe, expect, it } from "vitest";
import { hasHidden, isAsKept, keptData } from "./kept-data.ts";

const cyclic = (n: number): unknown => {
  const list: unknown[] = [n];
  list.push(list, { list });
  return list;
};
class Own {
  n = 1;
}
const own = new Own();

/** Different data: none is as another one was. */
const all: readonly (() => unknown)[] = [
  () => 0,
  () => -0,
  () => Number.NaN,
  () => "0",
  () => null,
  () => undefined,
  () => [],
  () => ({}),
  () => new Map(),
  () => new Set(),
  () => [0],
  () => [-0],
  () => [[0]],
  () => ({ 0: 0 }),
  () => new Map([[0, 0]]),
  () => new Map([["0", 0]]),
  () => new Set([0]),
  () => ({ a: 1, b: 2 }),
  () => ({ b: 2, a: 1 }),
  () => ({ [Symbol.for("a")]: 1 }),
  () => Object.defineProperty({}, "a", { value: 1 }) as unknown,
  () => new Set([1, 2]),
  () => new Set([2, 1]),
  () => new Date(0),
  () => new Date(Number.NaN),
  () => Float32Array.of(0),
  () => Float32Array.of(-0),
  () => Int32Array.of(0),
  () => new ArrayBuffer(4),
  () => new DataView(new ArrayBuffer(4)),
  () => Float32Array.of(0, 0),
  () => cyclic(1),
  () => cyclic(2),
  () => own,
  () => [own, isAsKept],
];

describe("data", () => {
  it("are as they were kept, and no others are", () => {
    for (const [i, make] of all.entries()) {
      const kept = keptData(make());
      expect(all.map((other) => isAsKept(kept, other()))).toEqual(all.map((_, k) => k === i));
    }
  });

  it("are compared with what they were", () => {
    const list = [{ n: 1, at: new Date(1), bytes: Uint8Array.of(1) }];
    const kept = keptData(list);
    const [first] = list as [(typeof list)[0]];
    for (const change of [
      (by: number) => {
        first.n += by;
      },
      (by: number) => void first.at.setTime(first.at.getTime() + by),
      (by: number) => {
        first.bytes[0]! += by;
      },
      (by: number) => void (by > 0 ? list.push(first) : list.pop()),
    ]) {
      expect(isAsKept(kept, list)).toBe(true);
      change(1);
      expect(isAsKept(kept, list)).toBe(false);
      change(-1);
    }
  });

  it("may be equal in other ways", () => {
    expect(isAsKept(keptData([1, ["a"]]), [2, ["b"]], (a, b) => typeof a === typeof b)).toBe(true);
  });

  it("may have contents that keys do not show", () => {
    expect([[], { a: [1] }, new Map([["a", 1]]), own, isAsKept, 1].map(hasHidden)).toEqual(
      Array(6).fill(false),
    );
    const hidden = [new Set(), [new Date()], { a: Uint8Array.of(1) }, { [Symbol.iterator]: 1 }, cyclicDate()];
    expect(hidden.map(hasHidden)).toEqual(Array(5).fill(true));
  });
});

function cyclicDate(): unknown {
  const list = cyclic(1) as unknown[];
  list.push(new Date());
  return list;
}
