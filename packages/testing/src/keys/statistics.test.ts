import "@tensorflow/tfjs-backend-cpu";
import { random } from "@nnxjs/nnx";
import { expect, it } from "vitest";
import { checkAvalanche, checkDistribution, checkIndependentStreams, checkUniformBits } from "../index.ts";
import { ones } from "./ones.ts";

const own = (key: random.PRNGKey, n: number): Uint32Array => random.bits(key, [n]) as Uint32Array;

it("counts bits", () => {
  for (const word of [0, 1, 0x80000000, 0xffffffff, 0x12345678])
    expect(ones(word)).toBe(word.toString(2).replaceAll("0", "").length);
});

it.each([0, 1, 0xfffffffe])("our generator holds to all of them, seed %d", (seed) => {
  checkUniformBits({ seed });
  checkIndependentStreams({ seed });
  checkAvalanche({ seed });
});

it("catches a bit that is stuck, frequent bytes and a short period", () => {
  expect(() => checkUniformBits({ bits: (key, n) => own(key, n).map((x) => (x | 8) >>> 0) })).toThrow(
    /bit 3 to be set half of the time/,
  );
  const frequent = (key: random.PRNGKey, n: number): Uint32Array =>
    own(key, n).map((x, i) => (i % 16 === 0 ? (i % 32 === 0 ? 0 : 0xffffffff) : x));
  expect(() => checkUniformBits({ bits: frequent })).toThrow(/bytes to be equally frequent/);
  const periodic = (key: random.PRNGKey, n: number): Uint32Array => {
    const part = own(key, 4096);
    return Uint32Array.from({ length: n }, (_, i) => part[i % 4096]!);
  };
  expect(() => checkUniformBits({ bits: periodic })).toThrow(/half of the time|equally frequent/);
});

it("catches streams that overlap, or share a word", () => {
  const all = own(random.key(9), 2 ** 16);
  expect(() => checkIndependentStreams({ bits: (_, n) => all.subarray(0, n) })).toThrow(/neighbouring seeds/);
  const overlap = (key: random.PRNGKey, n: number): Uint32Array =>
    all.subarray(random.keyData(key)[1]! % 2, (random.keyData(key)[1]! % 2) + n);
  expect(() => checkIndependentStreams({ bits: overlap })).toThrow(/agree in half of their bits/);
});

it("catches keys that are used as numbers", () => {
  const weak = (key: random.PRNGKey, n: number): Uint32Array =>
    new Uint32Array(n).fill(Math.imul(random.keyData(key)[1]!, 0x9e3779b1) >>> 0);
  expect(() => checkAvalanche({ bits: weak })).toThrow(/bit 0 of the seed to change bit \d+ of the output/);
});

it("holds samplers to their distribution", async () => {
  const values = await random.uniform(random.key(2), [20_000]).data();
  checkDistribution(values, (x) => x);
  expect(() => checkDistribution(values, (x) => x * x)).toThrow(/another distribution/);
  expect(() => checkDistribution([...values.slice(0, 5000), Number.NaN], (x) => x)).toThrow(/NaN/);
  expect(() => checkDistribution(values.slice(0, 20), (x) => x)).toThrow(/at least 100 values/);
  expect(() => checkUniformBits({ bits: () => [] })).toThrow(/expected 65536 words/);
});
