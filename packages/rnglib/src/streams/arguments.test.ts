import { setMetadata } from "@nnxjs/nnx-core";
import { describe, expect, it } from "vitest";
import { forkRngs, reseed, Rngs, RngStream, splitRngs, withRngs } from "../index.ts";

const rngs = (): Rngs => new Rngs({ params: 0, dropout: 1 });

describe("options of streams", () => {
  it.each<[string, () => unknown, string]>([
    ["RngStream", () => new RngStream(0, { tga: "a" } as unknown as { tag: string }), "Did you mean tag?"],
    [
      "RngStream",
      () => new RngStream(0, undefined as unknown as { tag: string }),
      "expected a name for the stream, got undefined",
    ],
    [
      "RngStream",
      () => new RngStream(0, "dropout" as unknown as { tag: string }),
      'expected an options object, got "dropout"',
    ],
    ["reseed", () => reseed(rngs(), {}, { polcy: "matchShape" } as object), "Did you mean policy?"],
    [
      "reseed",
      () => reseed(rngs(), 5 as unknown as object as Record<string, number>),
      "expected seeds by stream name, got 5",
    ],
    [
      "splitRngs",
      () => splitRngs(rngs(), { split: 2 } as unknown as { splits: number }),
      "Did you mean splits?",
    ],
    [
      "splitRngs",
      () => splitRngs(rngs(), {} as { splits: number }),
      "splitRngs: expected splits, got none. Say how many keys each stream gets: { splits: 4 }.",
    ],
    [
      "splitRngs",
      () => splitRngs(rngs(), undefined as unknown as { splits: number }),
      "expected options, got nothing",
    ],
    ["forkRngs", () => forkRngs(rngs(), { splits: 2 } as object), "Did you mean split?"],
    ["withRngs", () => withRngs(rngs(), { forks: true } as object), "Did you mean fork?"],
    ["withRngs", () => withRngs(rngs(), undefined as unknown as object), "expected options, got nothing"],
  ])("%s refuses what it does not know", (name, call, message) => {
    expect(call).toThrow(`${name}: `);
    expect(call).toThrow(message);
  });

  it("are looked at before a key is drawn", () => {
    const streams = rngs();
    expect(() => splitRngs(streams, { splits: 2, onyl: "params" } as object as { splits: number })).toThrow();
    expect(() => withRngs(streams, { fork: true, brodcast: 2 } as object)).toThrow();
    for (const [, stream] of streams.items()) expect(stream.count.value).toBe(0);
  });
});

describe("names that every object has", () => {
  it.each(["__proto__", "constructor", "toString"])("a stream cannot be called %s", (name) => {
    const streams = JSON.parse(`{"${name}": 1}`) as Record<string, number>;
    expect(() => new Rngs(streams)).toThrow(`expected a stream name that no method has, got "${name}"`);
    expect(Object.getPrototypeOf(rngs())).toBe(Rngs.prototype);
    expect(new Rngs(0).stream(name).tag).toBe("default");
    expect(new Rngs(0).has(name)).toBe(false);
  });

  it("and no rule or seed reaches them", () => {
    const odd = (value: number) =>
      JSON.parse(`{"__proto__": ${value}, "constructor": ${value}}`) as Record<string, number>;
    const streams = rngs();
    const before = streams.stream("params").key.value;
    reseed(streams, odd(7));
    expect(streams.stream("params").key.value.equals(before)).toBe(true);
    expect(streams.split(odd(7)).stream("params").key.value.shape).toEqual([]);
  });
});

it("streams that withRngs makes keep the tag alone of their metadata, as forks do", () => {
  const streams = rngs();
  setMetadata(streams, { note: 7 });
  for (const options of [{ fork: true }, { split: 3 }, { broadcast: 2 }]) {
    const copy = withRngs(streams, options).stream("params");
    expect(copy.key.metadata).toEqual({ tag: "params" });
    expect(copy.count.metadata).toEqual({ tag: "params" });
  }
  expect(streams.fork().stream("params").key.metadata).toEqual({ tag: "params" });
  // A stream without a rule is shared with the original, and keeps all its metadata.
  expect(withRngs(streams, { fork: "params" }).stream("dropout").key.metadata).toEqual({
    tag: "dropout",
    note: 7,
  });
});
