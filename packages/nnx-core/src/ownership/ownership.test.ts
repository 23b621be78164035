/** @file Who frees tensors, and when: on both backends, with and without `dispose`. */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  clone,
  dispose,
  filterState,
  flattenState,
  keep,
  mapValues,
  merge,
  mergeState,
  Module,
  Param,
  pop,
  split,
  type State,
  state,
  tidy,
  update,
  updateState,
  Variable,
  view,
  vmap,
} from "../index.ts";
import { collect, collected, collectLater } from "../../../../scripts/collect-garbage.ts";
import { rounds } from "../../../../scripts/rounds.ts";
import { holdersOf } from "./lease.ts";

class Layer extends Module {
  readonly kernel: Param<tf.Tensor>;
  readonly nested: Variable<{ readonly pair: readonly tf.Tensor[] }>;
  constructor(fill: number) {
    super();
    this.kernel = new Param(tf.fill([4], fill));
    this.nested = new Variable({ pair: [tf.scalar(fill), tf.scalar(fill)] });
  }
}
class Model extends Module {
  readonly a: Layer = new Layer(1);
  readonly tied: Layer = this.a;
  readonly list: readonly Layer[] = [new Layer(2)];
  readonly table: tf.Tensor = tf.zeros([2]);
}

const count = (): number => tf.memory().numTensors;
const data = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

/** Collects until nothing goes any more. */
async function settled(): Promise<void> {
  for (let i = 0, still = 0; i < 40 && still < 4; i++) {
    const before = count();
    await collectLater();
    still = count() === before ? still + 1 : 0;
  }
}

/** How often a round is tried that must leave nothing. */
const ROUNDS = rounds(100, 1000);

// Setting up wasm adds handlers to the process that end it on any rejection.
const events = ["uncaughtException", "unhandledRejection"] as const;
const handlers = events.map((event) => process.listeners(event as "uncaughtException"));
const removeNewHandlers = (): void =>
  events.forEach((event, i) => {
    for (const handler of process.listeners(event as "uncaughtException"))
      if (!handlers[i]?.includes(handler)) process.removeListener(event, handler);
  });

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    removeNewHandlers();
  });
  afterAll(async () => {
    await tf.setBackend("cpu");
  });

  it(`the count stays flat over ${ROUNDS} rounds of split, update, merge and dispose`, () => {
    const model = new Model();
    const before = count();
    for (let i = 0; i < ROUNDS; i++) {
      const [def, params, rest] = split(model, Param, true);
      model.a.kernel.value = tf.fill([4], i);
      const again = merge(def, params, rest);
      update(model, params, rest);
      again.a.kernel.value = tf.fill([4], -i);
      dispose([again, params, rest]);
      if (i % 100 === 0) expect(count()).toBe(before);
    }
    expect(count()).toBe(before);
    model.dispose();
    // A tensor without a Variable around it is the user's.
    expect(count()).toBe(before - 6);
    model.table.dispose();
  });

  it("a State survives the model's updates and its disposal", () => {
    const before = count();
    const model = new Layer(3);
    const values = state(model);
    model.kernel.value = tf.zeros([4]);
    model.dispose();
    expect(data(values.kernel.value)).toEqual([3, 3, 3, 3]);
    expect(data(values.nested.value.pair[1]!)).toEqual([3]);
    dispose(values);
    expect(count()).toBe(before);
  });

  it("clones and originals share data until one is written, and are disposed apart", () => {
    const before = count();
    const model = new Layer(1);
    const copy = clone(model);
    expect(copy.kernel.value).toBe(model.kernel.value);
    expect(holdersOf(model.kernel.value)).toBe(2);
    copy.kernel.value = tf.zeros([4]);
    expect(data(model.kernel.value)).toEqual([1, 1, 1, 1]);
    model.dispose();
    model.dispose();
    expect(data(copy.nested.value.pair[0]!)).toEqual([1]);
    copy.dispose();
    expect(count()).toBe(before);
  });

  it("derived States hold what they share", () => {
    const before = count();
    const model = new Layer(1);
    const all = state(model);
    const derived: State[] = [
      filterState(all, Param),
      mergeState(all, filterState(all, Variable)),
      updateState(all, (draft) => {
        draft.kernel.value = tf.zeros([4]);
      }),
      mapValues((value) => value, all),
    ];
    dispose([model, all]);
    for (const each of derived)
      for (const [, { value }] of flattenState(each))
        for (const tensor of value instanceof tf.Tensor ? [value] : (value as { pair: tf.Tensor[] }).pair)
          expect(tensor.isDisposed).toBe(false);
    dispose(derived);
    collect();
    // One State was made in passing, for mergeState: it alone still holds its tensors.
    expect(count()).toBeLessThanOrEqual(before + 3);
  });

  it("`using` releases models and States at the end of the block", () => {
    const before = count();
    {
      using model = new Layer(1);
      using values = state(model);
      using popped = pop(clone(model), true);
      expect(flattenState(values)).toHaveLength(2);
      expect(flattenState(popped)).toHaveLength(2);
    }
    expect(count()).toBe(before);
  });

  it("what Variables hold survives tidy, nested as well; what nobody holds does not", () => {
    const before = count();
    const model = new Layer(1);
    tf.tidy(() => {
      tf.tidy(() => {
        model.kernel.value = tf.add(model.kernel.value, tf.ones([4]));
      });
      tf.mul(model.kernel.value, 2);
      model.nested.value = { pair: [tf.scalar(5)] };
    });
    expect(data(model.kernel.value)).toEqual([2, 2, 2, 2]);
    expect(data(model.nested.value.pair[0]!)).toEqual([5]);
    expect(count()).toBe(before + 2);
    model.dispose();
    expect(count()).toBe(before);
  });

  it("a value that is replaced inside tidy stays readable until its end", () => {
    const model = new Layer(1);
    tf.tidy(() => {
      const old = model.kernel.value;
      model.kernel.value = tf.zeros([4]);
      expect(data(old)).toEqual([1, 1, 1, 1]);
    });
    model.dispose();
  });

  it("a tensor that the user kept is the user's to free", () => {
    const mine = tf.keep(tf.ones([2]));
    const model = new Param(mine);
    model.dispose();
    expect(mine.isDisposed).toBe(false);
    mine.dispose();
  });

  it("nobody writes into a Variable through the data that it hands out", async () => {
    const model = new Layer(1);
    model.kernel.value.dataSync()[0] = 99;
    (await model.kernel.value.data())[1] = 99;
    expect(data(model.kernel.value)).toEqual([1, 1, 1, 1]);
    model.dispose();
  });

  it("what is dropped without dispose is freed after garbage collection", async () => {
    await settled();
    const before = count();
    const kept = new Layer(1);
    (() => {
      for (let i = 0; i < 5; i++) {
        const model = new Model();
        const [def, values] = split(model);
        merge(def, values);
        view(model, {});
        clone(model).a.kernel.value = tf.zeros([4]);
        state(kept);
        kept.kernel.value = tf.fill([4], i);
      }
    })();
    expect(count()).toBeGreaterThan(before + 20);
    expect(await collected(() => count() <= before + 3)).toBe(true);
    expect(data(kept.kernel.value)).toEqual([4, 4, 4, 4]);
    kept.dispose();
  });

  it("what left a scope, or was lent, is freed too when it is dropped", async () => {
    await settled();
    const before = count();
    const kept = new Layer(1);
    class Ensemble extends Module {
      readonly w = new Param(tf.ones([3, 4]));
    }
    const ensemble = new Ensemble();
    const own = count();
    (() => {
      for (let i = 0; i < 5; i++) {
        tidy(() => new Layer(i));
        tidy(() => state(tidy(() => new Layer(i))));
        tidy(() => keep(merge(...split(new Layer(i)))));
        tidy(() => {
          kept.kernel.value = tf.fill([4], i);
        });
        // The States of slices leave the call, which lent the slices.
        vmap((m: Ensemble) => {
          m.w.value.dataSync();
          keep(state(m));
        })(ensemble);
      }
    })();
    expect(count()).toBeGreaterThan(own + 20);
    expect(await collected(() => count() <= own)).toBe(true);
    expect(data(kept.kernel.value)).toEqual([4, 4, 4, 4]);
    dispose([kept, ensemble]);
    await settled();
    expect(count()).toBe(before);
  });
});
