/** @file What a recorded function depends on besides tensors, and what user code may do to it later. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

beforeAll(() => useBackend("cpu"));

const numbersOf = (x: tf.Tensor): number[] => Array.from(x.dataSync());
const ones = (): tf.Tensor => tf.ones([2]);

/** Makes an object, and changes what is in it. */
type Change<T> = readonly [make: () => T, change: (object: T) => void, read: (object: T) => number];
const change = <T>(...all: Change<T>): Change<never> => all as unknown as Change<never>;

const changes: Record<string, Change<never>> = {
  "a plain object": change(
    () => ({ scale: 2 }),
    (o) => (o.scale = 3),
    ({ scale }) => scale,
  ),
  "an array": change(
    () => [2],
    (o) => (o[0] = 3),
    ([first]) => first as number,
  ),
  "an object in an array in a Map": change(
    () => new Map([["a", [{ scale: 2 }]]]),
    (o) => (o.get("a")![0]!.scale = 3),
    (o) => o.get("a")![0]!.scale,
  ),
  "the items of a Map": change(
    () => new Map([["scale", 2]]),
    (o) => o.set("scale", 3),
    (o) => o.get("scale")!,
  ),
  "a Set": change(
    () => new Set([1, 5]),
    (o) => o.add(7),
    ({ size }) => size,
  ),
  "a Date": change(
    () => new Date(2),
    (o) => o.setTime(3),
    (o) => o.getTime(),
  ),
  "a typed array": change(
    () => Float32Array.of(2),
    (o) => (o[0] = 3),
    ([first]) => first as number,
  ),
  "a buffer in an object": change(
    () => ({ buffer: Uint8Array.of(2).buffer }),
    (o) => (new Uint8Array(o.buffer)[0] = 3),
    (o) => new Uint8Array(o.buffer)[0] as number,
  ),
  "a property with a symbol": change(
    () => ({ [Symbol.for("scale")]: 2 }),
    (o) => (o[Symbol.for("scale")] = 3),
    (o) => o[Symbol.for("scale")] as number,
  ),
};

class Settings {
  scale = 2;
  private readonly inner: { list: number[] } = { list: [2] };
  get last(): number {
    return this.inner.list.at(-1)!;
  }
  add(n: number): void {
    this.inner.list.push(n);
  }
}
Object.assign(changes, {
  "an instance of a class": change(
    () => new Settings(),
    (o) => (o.scale = 3),
    ({ scale }) => scale,
  ),
  "an array in an instance in a Set": change(
    () => new Set([new Settings()]),
    (o) => {
      for (const each of o) each.add(3);
    },
    (o) => [...o][0]!.last,
  ),
  "an instance in a frozen object": change(
    () => Object.freeze({ of: [new Settings()] as const }),
    (o) => o.of[0].add(3),
    (o) => o.of[0].last,
  ),
  "a key of a Map": change(
    () => new Map([[new Settings(), "a"]]),
    (o) => [...o.keys()][0]!.add(3),
    (o) => [...o.keys()][0]!.last,
  ),
});

class Scale extends nnx.Module {
  readonly settings: unknown;
  readonly weight = new nnx.Param(tf.ones([2]));
  constructor(settings: unknown) {
    super();
    this.settings = settings;
  }
}

describe.each(Object.entries(changes))(
  "static data that change in place: %s",
  (_name, [make, alter, read]) => {
    it("of an argument", () => {
      const f = nnx.jit((x: tf.Tensor, o: never) => tf.mul(x, read(o)), { staticArgs: [1] });
      const [o, x] = [make(), ones()];
      const seen = (): number => numbersOf(f(x, o))[0] as number;
      expect([seen(), seen(), seen()]).toEqual([2, 2, 2]);
      alter(o);
      expect([seen(), seen(), seen()]).toEqual([3, 3, 3]);
      // Equal data have one program, whatever object they are in.
      expect(f.programs.length).toBe(2);
      expect(numbersOf(f(x, make()))[0]).toBe(2);
      f.dispose();
    });

    it("of a module", () => {
      const f = nnx.jit((m: Scale) => tf.mul(m.weight.value, read(m.settings as never)));
      const o = make();
      const m = new Scale(o);
      const seen = (): number => numbersOf(f(m))[0] as number;
      expect([seen(), seen(), seen()]).toEqual([2, 2, 2]);
      alter(o);
      expect([seen(), seen(), seen()]).toEqual([3, 3, 3]);
      f.dispose();
    });
  },
);

/** Arrays and plain objects in a Variable are frozen. */
const inVariables = ["a Set", "a Date", "a typed array", "the items of a Map", "an instance of a class"];
it.each(inVariables)("static data that change in place: %s in a Variable", (name) => {
  const [make, alter, read] = changes[name]!;
  const f = nnx.jit((v: nnx.Variable<never>, x: tf.Tensor) => tf.mul(x, read(v.value)));
  const [o, x] = [make(), ones()];
  const v = new nnx.Variable(o);
  const seen = (): number => numbersOf(f(v, x))[0] as number;
  expect([seen(), seen(), seen()]).toEqual([2, 2, 2]);
  alter(o);
  // A Map is copied when it is stored.
  const now = read(v.value);
  expect([seen(), seen(), seen()]).toEqual([now, now, now]);
  f.dispose();
});

it.each(Object.entries(changes))(
  "static data that change in place: %s in metadata",
  (_, [make, alter, read]) => {
    const f = nnx.jit((v: nnx.Param<tf.Tensor>) => tf.mul(v.value, read(v.metadata.of as never)));
    const o = make();
    const v = new nnx.Param<tf.Tensor>(ones(), { of: o });
    const seen = (): number => numbersOf(f(v))[0] as number;
    expect([seen(), seen(), seen()]).toEqual([2, 2, 2]);
    alter(o);
    const now = read(v.metadata.of as never);
    expect([seen(), seen(), seen()]).toEqual([now, now, now]);
    f.dispose();
  },
);

it("a call that changes static data runs as it is each time", () => {
  const f = nnx.jit((m: Scale, x: tf.Tensor) => {
    (m.settings as Settings).scale++;
    return tf.mul(x, (m.settings as Settings).scale);
  });
  const m = new Scale(new Settings());
  const x = ones();
  expect([0, 1, 2].map(() => numbersOf(f(m, x))[0])).toEqual([3, 4, 5]);
  expect(f.programs.at(-1)).toMatchObject({
    reason: /not kept, because the call changed static data in its arguments$/,
    replays: 0,
    constants: 0,
  });
  f.dispose();
});

it("data that contain themselves are static, too", () => {
  const make = (scale: number): { scale: number; self?: unknown } => {
    const o: { scale: number; self?: unknown } = { scale };
    o.self = [o];
    return o;
  };
  const f = nnx.jit((x: tf.Tensor, o: { scale: number }) => tf.mul(x, o.scale), { staticArgs: [1] });
  const x = ones();
  expect([2, 3, 2].map((scale) => numbersOf(f(x, make(scale)))[0])).toEqual([2, 3, 2]);
  expect(f.programs.length).toBe(2);
  f.dispose();
});

describe("a program belongs to", () => {
  const one = (): tf.Tensor => tf.scalar(1);
  const ten = (): tf.Tensor => tf.scalar(10);
  const inTurn = (o: object): tf.Tensor => {
    const items: tf.Tensor[] =
      o instanceof Map ? [...(o as Map<unknown, tf.Tensor>).values()] : Object.values(o);
    return tf.tidy(() => tf.stack(items.map((item, i) => tf.mul(item, i + 1))));
  };

  it("the order of a container's items", () => {
    const f = nnx.jit(inTurn);
    const expected = [
      [1, 20],
      [10, 2],
    ];
    const calls = [
      [
        { a: one(), b: ten() },
        { b: ten(), a: one() },
      ],
      [
        new Map([
          ["a", one()],
          ["b", ten()],
        ]),
        new Map([
          ["b", ten()],
          ["a", one()],
        ]),
      ],
    ];
    for (const both of calls)
      for (let i = 0; i < 3; i++) expect(both.map((o) => numbersOf(f(o)))).toEqual(expected);
    f.dispose();
  });

  it("the kind of a container in a Variable, and its keys", () => {
    const kindOf = (x: unknown): number =>
      Array.isArray(x) ? 2 : x instanceof Map ? 3 + 2 * Number(x.has(1)) : 7 + Number(x === null);
    const f = nnx.jit((v: nnx.Variable<unknown>, x: tf.Tensor) => tf.mul(x, kindOf(v.value)));
    const values = [[], {}, new Map(), new Map([[1, "a"]]), new Map([["1", "a"]]), { 1: "a" }, ["a"], null];
    const x = ones();
    const [first, again] = [0, 1].map(() =>
      values.map((value) => numbersOf(f(new nnx.Variable<unknown>(value), x))[0]),
    );
    expect(first).toEqual(values.map(kindOf));
    expect(again).toEqual(first);
    f.dispose();
  });

  it("one symbol", () => {
    const [a, b] = [Symbol("a"), Symbol("a")];
    const f = nnx.jit((v: nnx.Variable<symbol>, x: tf.Tensor) => tf.mul(x, v.value === a ? 2 : 3));
    const x = ones();
    const v = new nnx.Variable(a);
    const seen = (): number => numbersOf(f(v, x))[0] as number;
    expect([seen(), seen()]).toEqual([2, 2]);
    v.value = b;
    expect([seen(), seen()]).toEqual([3, 3]);
    f.dispose();
  });
});

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend("cpu"));

  /** Uses its arrays again for the next op. */
  function reuses(x: tf.Tensor): tf.Tensor[] {
    const begin = [0, 0];
    const rows = [0, 1].map((i) => {
      begin[0] = i;
      return tf.slice(x, begin, [1, 2]);
    });
    const padding: [number, number][] = [
      [0, 0],
      [0, 0],
    ];
    const padded = [1, 2].map((n) => {
      padding[0]![0] = n;
      return tf.pad(x, padding);
    });
    const perm = [0, 1];
    const same = tf.transpose(x, perm);
    perm.reverse();
    return [...rows, ...padded, same, tf.transpose(x, perm)];
  }

  it("attributes are those of the call, in jit and in vmap", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const expected = [
      [[1, 2]],
      [[3, 4]],
      [
        [0, 0],
        [1, 2],
        [3, 4],
      ],
      [
        [0, 0],
        [0, 0],
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 3],
        [2, 4],
      ],
    ];
    const f = nnx.jit(reuses);
    for (let i = 0; i < 3; i++) expect(f(x).map((y) => y.arraySync())).toEqual(expected);
    f.dispose();
    const all = nnx.vmap(reuses)(tf.stack([x, x]));
    expect(all.map((y) => y.arraySync())).toEqual(expected.map((y) => [y, y]));
  });

  it("kernels that make tensors of the engine leave none, and give what lives on", () => {
    // `Abs` and `ComplexAbs` of the cpu backend are such kernels.
    const f = nnx.jit((x: tf.Tensor) => {
      const constant = tf.abs(tf.tensor1d([-1, 2]));
      // wasm has no complex numbers.
      const z = backend === "cpu" ? tf.complex(x, x) : tf.mul(x, Math.SQRT2);
      return [tf.abs(x), tf.mul(tf.abs(x), constant), tf.abs(z)] as const;
    });
    const x = tf.tensor1d([-3, 4]);
    const counts = [];
    for (let i = 0; i < 4; i++) {
      const [a, b, c] = i % 2 ? f(x) : nnx.tidy(() => f(x));
      expect([numbersOf(a), numbersOf(b)]).toEqual([
        [3, 4],
        [3, 8],
      ]);
      [3, 4].forEach((n, k) => {
        expect(numbersOf(c)[k]).toBeCloseTo(n * Math.SQRT2, 5);
      });
      tf.dispose([a, b, c]);
      counts.push(tf.memory().numTensors, tf.backend().numDataIds());
    }
    expect(counts.slice(6)).toEqual(counts.slice(4, 6));
    f.dispose();
  });
});

it("refuses kernels whose results are as long as values say, but of constants", () => {
  const unique = (x: tf.Tensor): tf.Tensor => tf.unique(x as tf.Tensor1D).values;
  const x = tf.tensor1d([1, 1, 2]);
  const f = nnx.jit(unique);
  expect(() => f(x)).toThrow(/^jit: expected kernels whose results have one shape, got Unique, /);
  const g = nnx.jit((y: tf.Tensor) => tf.concat([y, unique(tf.tensor1d([4, 4]))]));
  for (let i = 0; i < 3; i++) expect(numbersOf(g(x))).toEqual([1, 1, 2, 4]);
  g.dispose();
  const rows = nnx.vmap(unique)(
    tf.tensor2d([
      [1, 1, 2],
      [3, 4, 4],
    ]),
  );
  expect(rows.arraySync()).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

it.each([
  ["cpu", "wasm"],
  ["wasm", "cpu"],
] as const)("takes what is still on %s on %s", async (from, to) => {
  await useBackend(from);
  const [model, twin] = [0, 0].map((seed) => new nnx.Linear(4, 3, { rngs: new nnx.Rngs(seed) }));
  const [x, y] = [tf.ones([2, 4]), tf.ones([2, 4])];
  await useBackend(to);
  const forward = nnx.jit((m: nnx.Linear, input: tf.Tensor) => m.forward(input));
  for (let i = 0; i < 3; i++) {
    // What a replay gets may be elsewhere, too.
    await useBackend(from);
    const [moved, other] = [tf.mul(x, i), tf.mul(y, i)];
    await useBackend(to);
    expect(numbersOf(forward(model!, moved))).toEqual(numbersOf(twin!.forward(other)));
  }
  expect(forward.programs.map(({ replays }) => replays)).toEqual([2]);
  forward.dispose();
  await useBackend("cpu");
});

describe("variables of tensorflow.js", () => {
  const assign = (variable: tf.Variable, value: number): void => {
    tf.tidy(() => variable.assign(tf.scalar(value)));
  };

  it("that a recorded function closes over have it recorded again, until that is often", () => {
    const scale = tf.variable(tf.scalar(2), true, "scale");
    const f = nnx.jit((x: tf.Tensor) => tf.mul(x, scale));
    const x = ones();
    const seen = (): number => {
      const y = f(x);
      const [first] = numbersOf(y);
      y.dispose();
      return first!;
    };
    expect([seen(), seen()]).toEqual([2, 2]);
    for (const value of [3, 4]) {
      assign(scale, value);
      expect([seen(), seen()]).toEqual([value, value]);
    }
    expect(f.programs.map(({ reason }) => reason)).toEqual([
      "the first call",
      'something was assigned to the tf.Variable "scale"',
      'something was assigned to the tf.Variable "scale"',
    ]);
    assign(scale, 5);
    expect(seen).toThrow(/^jit: expected a tf.Variable that stays, got "scale", /);
    // As an argument it is a tensor like any other.
    const g = nnx.jit((y: tf.Tensor, by: tf.Tensor) => tf.mul(y, by));
    for (const value of [5, 6, 7, 8]) {
      assign(scale, value);
      expect(numbersOf(tf.tidy(() => g(x, scale)))[0]).toBe(value);
    }
    expect(g.programs.length).toBe(1);
    f.dispose();
    g.dispose();
    scale.dispose();
  });

  it("are not assigned to in a recorded function, and for each slice in vmap", () => {
    const total = tf.variable(tf.scalar(0), true, "total");
    const add = (x: tf.Tensor): tf.Tensor => {
      tf.tidy(() => total.assign(tf.add(total, x)));
      return x;
    };
    const f = nnx.jit(add);
    expect(() => f(tf.scalar(1))).toThrow(
      /^jit: expected a function that changes what its arguments have, .*"total"/,
    );
    assign(total, 0);
    nnx.vmap(add)(tf.tensor1d([1, 2, 3]));
    expect(numbersOf(total)).toEqual([6]);
    total.dispose();
  });
});

it("says what to do about arguments that contain themselves", () => {
  const o: { x: tf.Tensor; self?: unknown } = { x: ones() };
  o.self = o;
  expect(() => nnx.jit((each: { x: tf.Tensor }) => each.x)(o)).toThrow(
    /containers that do not contain themselves/,
  );
});
