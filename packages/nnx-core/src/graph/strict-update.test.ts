/**
 * @file What update takes: values for what the model has, new attributes, and with strict exactly
 * the model's leaves.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

class Layer extends nnx.Module {
  readonly kernel: nnx.Param<tf.Tensor>;
  readonly stat: nnx.BatchStat<number> = new nnx.BatchStat(0);
  constructor(shape: number[]) {
    super();
    this.kernel = new nnx.Param(tf.ones(shape));
  }
}

describe("values for Variables", () => {
  it("of objects and lists are values, so that toPure and update change nothing", () => {
    const model = {
      a: new nnx.Param<unknown>({ x: 1, y: [2] }),
      b: new nnx.Param<unknown>([1, 2]),
      c: new nnx.Param({}),
    };
    nnx.update(model, nnx.toPure(nnx.state(model)));
    expect([model.a.value, model.b.value, model.c.value]).toEqual([{ x: 1, y: [2] }, [1, 2], {}]);
    // As Flax: whatever a Variable is given becomes its value.
    nnx.update(model, { a: { z: 3 }, b: [4], c: {} });
    expect([model.a.value, model.b.value]).toEqual([{ z: 3 }, [4]]);
  });

  it("build the model again, by the types that the definition has", () => {
    const model = {
      a: new nnx.Param(1, { tag: "t" }),
      b: new nnx.BatchStat<unknown>({ x: [1] }),
      t: tf.ones([2]),
    };
    const [graphdef, values] = nnx.split(model);
    const again = nnx.merge(graphdef, nnx.toPure(values));
    expect([again.a.value, again.a.metadata, again.a]).toEqual([1, { tag: "t" }, expect.any(nnx.Param)]);
    expect(again.b.value).toEqual({ x: [1] });
    expect(again.t).toBe(model.t);
    const [one, value] = nnx.split(new nnx.Param(5));
    expect(nnx.merge(one, nnx.toPure(value)).value).toBe(5);
    expect(() => nnx.merge(graphdef, { ...nnx.toPure(values), x: { y: 1 } })).toThrow(
      "x.y, which the model does not have",
    );
    expect(() => nnx.merge(graphdef, { ...nnx.toPure(values), t: 1 })).toThrow(
      "merge at t: expected an array, got 1",
    );
    expect(() => nnx.merge(graphdef, { ...nnx.toPure(values), a: new nnx.Param(1) })).toThrow(
      "merge at a: expected a value",
    );
  });

  it("at paths that print alike go to their own Variables", () => {
    class Dotted extends nnx.Module {
      readonly a: { readonly b: nnx.Param<number> } = { b: new nnx.Param(1) };
      readonly "a.b": nnx.Param<number> = new nnx.Param(2);
    }
    const [graphdef, values] = nnx.split(new Dotted());
    const again = nnx.merge(graphdef, values);
    expect([again.a.b.value, again["a.b"].value]).toEqual([1, 2]);
    const [plain] = nnx.split({ a: { b: new nnx.Param(1) } });
    expect(() =>
      nnx.merge(
        plain,
        nnx.unflattenState([
          [["a", "b"], values.a.b],
          [["a.b"], values.a.b],
        ]),
      ),
    ).toThrow("got a.b, which the model does not have");
  });
});

describe("what the model does not have", () => {
  it("is made, whatever it is", () => {
    const model: Record<string, unknown> = { a: new nnx.Param(1) };
    nnx.update(model, { extra: { n: "x", list: [1], deep: { v: new nnx.Param(2).toState() } } });
    expect(model.extra).toMatchObject({ n: "x", list: [1], deep: { v: { value: 2 } } });
    expect(nnx.flattenState(nnx.state(model)).map(([path]) => path.join("."))).toEqual(["a", "extra.deep.v"]);
  });

  it("may be deep, and must end", () => {
    const model: Record<string, unknown> = {};
    let chain: object = new nnx.Param(1).toState();
    for (let i = 0; i < 10_000; i++) chain = { sub: chain };
    nnx.update(model, { chain });
    expect(Object.keys(nnx.state(model))).toEqual(["chain"]);
    const cycle: Record<string, unknown> = {};
    cycle.again = cycle;
    expect(() => nnx.update(model, { cycle })).toThrow(
      "update at cycle.again: expected containers that do not contain themselves",
    );
    expect(() => nnx.update(model, { other: new Layer([1]) })).toThrow(
      "update at other: expected a value, got an instance of Layer",
    );
  });

  it("keeps an array that was given without a Variable when the State goes", () => {
    const model: { t?: tf.Tensor } = {};
    const values = nnx.mapValues((value) => tf.add(value, 1), nnx.state({ t: tf.ones([2]) }));
    nnx.update(model, values);
    nnx.dispose(values);
    expect(model.t?.isDisposed).toBe(false);
  });
});

describe("strict", () => {
  const model = (shape = [2, 3]): { one: Layer; list: Layer[] } => ({
    one: new Layer(shape),
    list: [new Layer([1])],
  });

  it("takes all leaves of a model like this one, in one State or several, or their values", () => {
    const written = model();
    const [, params, rest] = nnx.split(model(), nnx.Param, true);
    nnx.update(written, [params, rest], { strict: true });
    nnx.update(written, [nnx.state(model())], { strict: true });
    nnx.update(written, [nnx.toPure(nnx.state(model()))], { strict: true });
    nnx.update(written, [params], {});
  });

  it.each<readonly [string, () => nnx.UpdateValues, string]>([
    [
      "what is missing",
      () => nnx.state(model(), nnx.Param),
      "of the 4 leaves of the model, of its type, shape and dtype, got nothing at list.0.stat, one.stat.",
    ],
    [
      "another model's paths",
      () => nnx.mergeState(nnx.state(model()), nnx.state({ two: new Layer([1]) })),
      "two.kernel, two.stat, which the model does not have",
    ],
    ["another shape", () => nnx.state(model([3, 2])), "a float32[3,2] for a float32[2,3] at one.kernel"],
    [
      "another type",
      () => nnx.state({ ...model(), one: Object.assign(new Layer([2, 3]), { stat: new nnx.Param(0) }) }),
      "a Param for a BatchStat at one.stat",
    ],
  ])("refuses %s, and writes nothing", (_, values, message) => {
    const written = model();
    const before = nnx.state(written);
    expect(() => nnx.update(written, [values()], { strict: true })).toThrow(message);
    expect(nnx.diffPatches(before, nnx.state(written))).toHaveLength(0);
  });

  it("is not taken for a State, and options for other names are refused", () => {
    const written = model();
    const values = nnx.state(model());
    expect(() => nnx.update(written, values, { strict: true })).toThrow(
      "update: expected a State as the last argument, got options. Pass them after a list: update(model, [state], { strict: true }).",
    );
    expect(() => nnx.update(written, [values], { strikt: true } as never)).toThrow(
      'got "strikt". Did you mean strict?',
    );
    const named = { strict: new nnx.Param(false) };
    nnx.update(named, nnx.state(named), { strict: true });
    expect(named.strict.value).toBe(true);
  });
});
