import { NnxError } from "@nnxjs/nnx-core";
import { type Initializer, initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import * as layers from "./index.ts";
import { build, callTable, type ConstructEntry, constructTable } from "../test/construct-table.ts";

const thrownBy = (run: () => unknown): Error => {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a throw, got none");
};
/** All names of the options, read from the error for an unknown one. */
const namesIn = (error: Error): string[] =>
  (/options among \{([^}]*)\}/.exec(error.message)?.[1] ?? "").split(", ");
const isOurs = (error: Error): boolean =>
  error instanceof NnxError || error instanceof TypeError || error instanceof RangeError;
/** A name that no option has. */
const nonsense = Symbol("nonsense");

const constructors = constructTable.map((made) => [made.type.name, made] as const);
const optionsOf = (made: ConstructEntry): string[] => namesIn(thrownBy(() => build(made, { zzz: 1 })));

it("has an entry for every class that is made with options", () => {
  const known = new Set<unknown>(constructTable.map(({ type }) => type));
  for (const value of Object.values<unknown>(layers)) {
    if (typeof value !== "function" || !/^class /.test(String(value))) continue;
    const isLayer = "forward" in (value.prototype as object) && value !== layers.Sequential;
    if (isLayer) expect(known).toContain(value);
  }
});

it.each(constructors)("%s refuses unknown options and names the nearest known one", (name, made) => {
  expect(() => build(made)).not.toThrow();
  expect(() => build(made, { zzz: 1 })).toThrow(
    new RegExp(`^${name}: expected options among \\{.*\\}, got "zzz"\\. Leave it out\\.$`),
  );
  for (const known of optionsOf(made)) {
    const typo = `${known.slice(0, -2)}${known.at(-1)}`;
    if (optionsOf(made).includes(typo) || known === "std") continue;
    expect(() => build(made, { [typo]: 1 })).toThrow(
      new RegExp(`^${name}: .*got "${typo}"\\. Did you mean `),
    );
  }
});

it.each(constructors)("%s refuses what is no value of an option, and no options at all", (name, made) => {
  for (const known of optionsOf(made)) {
    const error = thrownBy(() => build(made, { [known]: nonsense }));
    expect(error.message).toMatch(new RegExp(`^${name}\\b.*${known === "dropoutRate" ? "rate" : known}`));
    expect(error.message).toContain("Symbol(nonsense)");
    expect([known, isOurs(error)]).toEqual([known, true]);
  }
  for (const given of [null, 3, "rngs", [1], () => 1]) {
    expect(() => new made.type(...made.args(), given)).toThrow(new RegExp(`^${name}: expected `));
  }
});

it.each(constructors.filter(([, made]) => made.rngs !== "none"))(
  "%s says that it misses rngs, or where they belong",
  (name, made) => {
    const inPlace = () => new made.type(...made.args(), new Rngs(0));
    expect(inPlace).toThrow(new RegExp(`^${name}: expected .*rngs`));
    expect(() => build(made, { rngs: 0 })).toThrow(new RegExp(`^${name}: expected rngs to be Rngs.*got 0`));
    if (made.rngs === "optional") return;
    expect(() => new made.type(...made.args())).toThrow(new RegExp(`^${name}: expected \\{ rngs \\}`));
    expect(() => new made.type(...made.args(), { ...made.options?.() })).toThrow(
      new RegExp(`^${name}: expected rngs to be Rngs, got undefined`),
    );
  },
);

/** Returns the values of another initializer, but something invalid at call number `at`. */
const failing = (at: number, fail: () => tf.Tensor): { init: Initializer; reached: () => boolean } => {
  let calls = 0;
  return {
    init: (key, shape, dtype) => (calls++ === at ? fail() : initializers.normal()(key, shape, dtype)),
    reached: () => calls > at,
  };
};

it.each(constructors)("%s leaves nothing behind when an initializer fails", (_name, made) => {
  const names = optionsOf(made).filter((option) => /Init(ializer)?$/.test(option) && option !== "carryInit");
  const failures: [fail: () => tf.Tensor, message: RegExp][] = [
    [
      () => {
        throw new Error("no values");
      },
      /no values/,
    ],
    [() => tf.zeros([7]), /expected the initializer to return a tensor of shape .* got a float32\[7\]/],
    [() => 0 as unknown as tf.Tensor, /expected the initializer to return a tensor of shape .* got 0/],
  ];
  for (const option of names) {
    for (const [fail, message] of failures) {
      for (let at = 0; ; at++) {
        const { init, reached } = failing(at, fail);
        const args = made.args();
        const options = { rngs: new Rngs(0), ...made.options?.(), ...made.drawsAll, [option]: init };
        const before = tf.memory().numTensors;
        const run = () => new made.type(...args, options);
        if (at > 0 && !failsAt(run, reached)) break;
        if (at === 0) expect(run).toThrow(message);
        expect([option, at, tf.memory().numTensors - before]).toEqual([option, at, 0]);
      }
    }
  }
});

/** Whether it throws. If it does not, its result is left to the garbage collector. */
function failsAt(run: () => object, reached: () => boolean): boolean {
  let failed = false;
  try {
    run();
  } catch {
    failed = true;
  }
  expect(failed).toBe(reached());
  return failed;
}

it.each(callTable)("$name refuses unknown options of a call, and wrong values", (entry) => {
  const call = (more: object) => entry.call({ ...entry.options, ...more });
  expect(() => call({})).not.toThrow();
  const error = thrownBy(() => call({ zzz: 1 }));
  expect(error.message).toMatch(new RegExp(`^${entry.name}: expected options among .* got "zzz"`));
  for (const known of namesIn(error)) {
    if (entry.free?.includes(known)) continue;
    const wrong = thrownBy(() => call({ [known]: nonsense }));
    expect(wrong.message).toMatch(new RegExp(`^${entry.name}: expected .*(${known}|rate)`));
    expect(wrong.message).toContain("Symbol(nonsense)");
    expect([known, isOurs(wrong)]).toEqual([known, true]);
  }
  for (const given of [null, 3, "axis", [1]]) {
    expect(() => entry.call(given)).toThrow(new RegExp(`^${entry.name}: expected .* got `));
  }
});
