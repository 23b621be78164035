/** @file Who is told that keys are used up. */
import { describe, expect, it } from "vitest";
import {
  bernoulli,
  bits,
  clone,
  foldIn,
  key,
  maskScale,
  normal,
  PRNGKey,
  randint,
  split,
  truncatedNormal,
  uniform,
} from "./index.ts";
import { observeUses } from "./uses.ts";

/** What an observer hears while a function runs. */
function heard(run: () => void): string[] {
  const told: string[] = [];
  observeUses(
    {
      used: (each, where) => void told.push(`${where} ${String(each)}`),
      cloned: (each) => void told.push(`clone ${String(each)}`),
    },
    run,
  );
  return told;
}

describe("observeUses", () => {
  it("hears of each sampler and of split, once each, with the key", () => {
    const keys = split(key(1), 2);
    expect(
      heard(() => {
        bits(key(5));
        uniform(keys, 3);
        split(key(6), 4);
        // It splits its key, which is a part of the one use.
        randint(key(7), 3, 0, 10);
        maskScale(key(8), 0.5, new Float32Array(4));
        normal(key(9));
        truncatedNormal(key(10), -1, 1);
        bernoulli(key(11));
      }),
    ).toEqual([
      "bits key<fry>[] [0, 5]",
      `uniform ${String(keys)}`,
      "split key<fry>[] [0, 6]",
      "randint key<fry>[] [0, 7]",
      "maskScale key<fry>[] [0, 8]",
      "normal key<fry>[] [0, 9]",
      "truncatedNormal key<fry>[] [0, 10]",
      "bernoulli key<fry>[] [0, 11]",
    ]);
  });

  it("hears of clones, and not of what uses up no key", () => {
    expect(
      heard(() => {
        clone(key(3));
        foldIn(key(3), 1);
        split(key(3)).at(0);
      }),
    ).toEqual(["clone key<fry>[] [0, 3]", "split key<fry>[] [0, 3]"]);
  });

  it("hears nothing more afterwards, also of what it refused", () => {
    const told: string[] = [];
    const refuse = (): void => {
      observeUses(
        {
          used: (_key, where) => {
            told.push(where);
            throw new Error("used twice");
          },
          cloned: () => undefined,
        },
        () => bits(key(0)),
      );
    };
    expect(refuse).toThrow("used twice");
    bits(key(0));
    clone(key(0));
    expect(told).toEqual(["bits"]);
  });

  it("returns what the function returns, and gives way to an inner one", () => {
    const inner: string[][] = [];
    const outer = heard(() => {
      inner.push(heard(() => void bits(key(1))));
      split(key(2));
    });
    expect([inner, outer]).toEqual([[["bits key<fry>[] [0, 1]"]], ["split key<fry>[] [0, 2]"]]);
    const made = observeUses({ used: () => undefined, cloned: () => undefined }, () => bits(key(4), 2));
    expect(made).toEqual(bits(key(4), 2));
  });

  it("hears on after a sampler that failed", () => {
    expect(
      heard(() => {
        expect(() => split(key(0), -1)).toThrow(RangeError);
        bits(key(1));
      }),
    ).toEqual(["split key<fry>[] [0, 0]", "bits key<fry>[] [0, 1]"]);
  });

  it("leaves the numbers as they are", () => {
    let drawn: unknown;
    heard(() => {
      drawn = [...split(key(42), 3)].map((each) => [...uniform(each, 2)]);
    });
    expect(drawn).toEqual([...split(key(42), 3)].map((each) => [...uniform(each, 2)]));
    expect(PRNGKey.isKey(clone(key(0)))).toBe(true);
  });
});
