/** @file Who is told how keys are made, and when their words are read. */
import { describe, expect, it, onTestFinished } from "vitest";
import { observeKeys } from "./derivations.ts";
import { bits, clone, foldIn, key, keyData, PRNGKey, split } from "./index.ts";
import { repeat } from "./key.ts";

interface Derivation {
  made: PRNGKey;
  from: PRNGKey;
  make: (from: PRNGKey) => PRNGKey;
}

function listen(): { derived: Derivation[]; opened: PRNGKey[] } {
  const [derived, opened]: [Derivation[], PRNGKey[]] = [[], []];
  const before = observeKeys({
    derived: (made, from, make) => void derived.push({ made, from, make }),
    opened: (each) => void opened.push(each),
  });
  // Other tests record draws.
  onTestFinished(() => void observeKeys(before));
  return { derived, opened };
}

describe("observeKeys", () => {
  it("hears how a key came from another, so that it can be made of other keys, too", () => {
    const { derived } = listen();
    const from = key(3);
    const keys = split(from, 2);
    const made = [keys, foldIn(from, 7), clone(from), keys.at(1), repeat(from, [2])];
    // Comparing goes through arrays of keys, and so makes more.
    const before = [...derived];
    expect(before.map((each) => each.made)).toEqual(made);
    expect(before.map((each) => each.from)).toEqual([from, from, from, keys, from]);
    const other = key(9);
    const again = before.map(({ make }, i) => make(i === 3 ? split(other, 2) : other));
    expect(again).toEqual([
      split(other, 2),
      foldIn(other, 7),
      clone(other),
      split(other, 2).at(1),
      repeat(other, [2]),
    ]);
  });

  it("hears when words are read, by whatever reads them", () => {
    const { opened } = listen();
    const keys = [key(0), key(1), key(2)] as const;
    keyData(keys[0]);
    keys[1].toJSON();
    bits(keys[2]);
    expect([...opened]).toEqual(keys);
  });

  it("hears nothing of keys that are made of seeds or compared", () => {
    const { derived, opened } = listen();
    expect(key(1).equals(key(2))).toBe(false);
    expect(PRNGKey.isKey(key(1))).toBe(true);
    expect([derived, opened]).toEqual([[], []]);
  });
});
