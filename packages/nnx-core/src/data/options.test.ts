import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NnxError } from "../errors.ts";
import { checkOptions, nearestName } from "./options.ts";

interface Options {
  useBias?: boolean;
  kernelInit?: number;
}
const names = { useBias: true, kernelInit: true } as const;
const check = (options: unknown): void => checkOptions<Options>("Linear", options as Options, names);

describe("checkOptions", () => {
  it("accepts known names, and nothing at all", () => {
    for (const options of [undefined, {}, { useBias: undefined }, { useBias: false, kernelInit: 1 }])
      expect(() => check(options)).not.toThrow();
    expect(() => check(Object.assign(Object.create(null), { useBias: true }))).not.toThrow();
  });

  it.each([
    ["useBais", "Did you mean useBias?"],
    ["use_bias", "Did you mean useBias?"],
    ["UseBias", "Did you mean useBias?"],
    ["kernel_init", "Did you mean kernelInit?"],
    ["momentum", "Leave it out."],
    ["toString", "Leave it out."],
    ["constructor", "Leave it out."],
  ])("refuses %s", (name, advice) => {
    expect(() => check({ [name]: 1 })).toThrow(NnxError);
    expect(() => check({ [name]: 1 })).toThrow(
      `Linear: expected options among {useBias, kernelInit}, got "${name}". ${advice}`,
    );
  });

  it("refuses an own __proto__", () => {
    expect(() => check(JSON.parse('{"__proto__": {"useBias": false}}'))).toThrow('got "__proto__"');
  });

  it.each([[null], [3], [2n], ["useBias"], [[1]], [new Map()], [() => 1]])(
    "refuses %s in the place of options",
    (given) => {
      expect(() => check(given)).toThrow(/^Linear: expected an options object, got .* Pass options by name/);
    },
  );
});

it("says of a bigint that it is one", () => {
  expect(() => check(2n)).toThrow("got 2n.");
});

describe("nearestName", () => {
  it("finds a name after one slip of the keyboard", () => {
    const slip = fc.tuple(
      fc.constantFrom("learningRate", "deterministic", "numFeatures"),
      fc.nat({ max: 8 }),
    );
    fc.assert(
      fc.property(slip, ([name, i]) => {
        const dropped = name.slice(0, i) + name.slice(i + 1);
        expect(nearestName(dropped, ["learningRate", "deterministic", "numFeatures"])).toBe(name);
      }),
    );
  });
});
