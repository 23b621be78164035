/** @file Parts of arguments that a recorded function reads, and that nobody sees from outside. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

beforeAll(() => useBackend("cpu"));

const numbersOf = (x: tf.Tensor): number[] => Array.from(x.dataSync());
const ones = (): tf.Tensor => tf.ones([2]);

class Scale extends nnx.Module {
  readonly settings: unknown;
  constructor(settings: unknown) {
    super();
    this.settings = settings;
  }
}

describe("parts that nobody sees", () => {
  class Hidden {
    #scale = 2;
    #twice(): number {
      return this.#scale * 2;
    }
    get scale(): number {
      return this.#twice() / 2;
    }
    set scale(scale: number) {
      this.#scale = scale;
    }
  }
  class Below extends Hidden {}
  class Private extends Scale {
    #by = 2;
    by(): number {
      return this.#by++;
    }
  }
  class Helping extends Scale {
    #half(x: tf.Tensor): tf.Tensor {
      return tf.div(x, 2);
    }
    forward(x: tf.Tensor): tf.Tensor {
      return this.#half(x);
    }
  }
  const symbol = Symbol("by");
  const parts: Record<string, readonly [make: () => nnx.Module, message: RegExp]> = {
    "a private field": [
      () => new Private(1),
      /^jit: .*instance of Private with #by, .* Use TypeScript's `private`/,
    ],
    "that of an instance": [
      () => new Scale([new Hidden()]),
      /^jit: .*instance of Hidden with #scale, .* Freeze the object/,
    ],
    "that of a class above": [() => new Scale(new Below()), /instance of Below with #scale/],
    "a symbol": [
      () => Object.assign(new Scale(1), { [symbol]: 2 }),
      /with Symbol\(by\), .* Make it an attribute/,
    ],
    "a property that is not enumerable": [
      () => Object.defineProperty(new Scale(1), "by", { value: 2, writable: true }),
      /instance of Scale with by/,
    ],
    "a symbol in an object with a Variable": [
      () => new Scale({ w: new nnx.Param(1), [symbol]: 2 }),
      /an object with .* with Symbol\(by\), .* Make it an item/,
    ],
    "a name on a list with a Variable": [
      () => new Scale(Object.assign([new nnx.Param(1)], { by: 2 })),
      /with by, .* Make it an item/,
    ],
    "a name on a Map with a Variable": [
      () => new Scale(Object.assign(new Map([["w", new nnx.Param(1)]]), { by: 2 })),
      /with by, .* Make it an item/,
    ],
  };

  it.each(Object.entries(parts))("are refused: %s", (_, [make, message]) => {
    const m = make();
    const f = (each: nnx.Module, x: tf.Tensor): tf.Tensor[] => (each instanceof Scale ? [x] : []);
    expect(() => nnx.jit(f)(m, ones())).toThrow(message);
    expect(() => nnx.printProgram(f)(m, ones())).toThrow(message);
  });

  it("are refused: an attribute of a Variable", () => {
    const v = Object.assign(new nnx.Param<tf.Tensor>(ones()), { by: 2 });
    expect(() => nnx.jit((each: typeof v) => tf.mul(each.value, each.by))(v)).toThrow(
      /^jit: .*instance of Param with by, .* Use metadata/,
    );
  });

  it.each<[string, object]>([
    ["a list", Object.assign([ones()], { by: 2 })],
    ["an object", { x: ones(), [symbol]: 2 }],
  ])("are refused: what %s of tensors has beside them, of which the function gets a copy", (_, argument) => {
    expect(() => nnx.jit((_: object) => ones())(argument)).toThrow(
      /^jit: .*, which nobody sees .* Make it an item/,
    );
  });

  it("may be on containers where they are not enumerable, as frameworks put them", () => {
    const list = Object.defineProperty([new nnx.Param(1)], "raw", { value: true });
    const f = nnx.jit((m: Scale, x: tf.Tensor) => (m.settings === list ? tf.add(x, 1) : x));
    expect([0, 1].map(() => numbersOf(f(new Scale(list), ones()))[0])).toEqual([2, 2]);
    f.dispose();
  });

  it("may be methods, and in frozen objects", () => {
    const m = new Helping(Object.freeze(new Hidden()));
    const f = nnx.jit((each: Helping, x: tf.Tensor) => each.forward(x));
    expect([0, 1].map(() => numbersOf(f(m, ones()))[0])).toEqual([0.5, 0.5]);
    expect(f.programs.map(({ replays }) => replays)).toEqual([1]);
    f.dispose();
  });
});
