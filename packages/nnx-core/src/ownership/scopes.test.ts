/**
 * @file What is made in a scope belongs to it, unless it is returned, stored or kept: whatever made
 * it, on both backends.
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyPatches,
  asPure,
  call,
  capture,
  captureGradients,
  clone,
  diffPatches,
  dispose,
  DisposedError,
  filterState,
  flattenState,
  grad,
  Intermediate,
  jit,
  keep,
  map,
  mapState,
  mapValues,
  merge,
  mergeState,
  Module,
  Param,
  pop,
  replaceByPure,
  split,
  splitState,
  type State,
  state,
  tidy,
  toPure,
  unflattenState,
  unpack,
  update,
  updateState,
  valueAndGrad,
  Variable,
  type VariableState,
  view,
  vjp,
  vmap,
} from "../index.ts";
import { rounds } from "../../../../scripts/rounds.ts";

class Layer extends Module {
  readonly kernel: Param<tf.Tensor> = new Param<tf.Tensor>(tf.tensor1d([1, 2]));
  readonly nested: Variable<{ readonly pair: readonly tf.Tensor[] }> = new Variable({
    pair: [tf.scalar(3), tf.scalar(4)],
  });
  cache: Variable<tf.Tensor> | null = null;
  forward(x: tf.Tensor): tf.Tensor {
    const y = tf.mul(x, this.kernel.value) as tf.Tensor;
    this.sow(Intermediate, "y", y);
    return y;
  }
  /** Makes a Variable when it is first asked for. */
  remember(x: tf.Tensor): void {
    if (this.cache) this.cache.value = tf.add(x, 1);
    else this.cache = new Variable<tf.Tensor>(tf.add(x, 1));
  }
}
class Model extends Module {
  readonly a: Layer = new Layer();
  readonly list: readonly Layer[] = [new Layer()];
  forward(x: tf.Tensor): tf.Tensor {
    return this.list.reduce((y, layer) => layer.forward(y), this.a.forward(x));
  }
}

const count = (): number => tf.memory().numTensors;
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const loss = (model: Model, x: tf.Tensor): tf.Scalar => tf.sum(model.forward(x));
const double = (value: unknown): unknown => (value instanceof tf.Tensor ? tf.mul(value, 2) : value);

const events = ["uncaughtException", "unhandledRejection"] as const;
const handlers = events.map((event) => process.listeners(event as "uncaughtException"));
/** Setting up wasm adds handlers to the process that end it on any rejection. */
const removeNewHandlers = (): void =>
  events.forEach((event, i) => {
    for (const handler of process.listeners(event as "uncaughtException"))
      if (!handlers[i]?.includes(handler)) process.removeListener(event, handler);
  });

/** How often a scope is tried that must leave nothing. */
const ROUNDS = rounds(4, 30);

/** Everything that makes States or models of a model. */
const makers: readonly (readonly [name: string, make: (model: Model) => unknown])[] = [
  ["state", (model) => state(model)],
  ["split", (model) => split(model, Param, true)],
  ["unpack", (model) => unpack(model, Param, true)],
  ["mapValues", (model) => mapValues(double, state(model))],
  ["mapState", (model) => mapState((_, leaf) => leaf, state(model))],
  [
    "updateState",
    (model) =>
      updateState(state(model), (draft) => {
        draft.a.kernel.value = tf.zeros([2]);
      }),
  ],
  ["filterState", (model) => filterState(state(model), Param)],
  ["splitState", (model) => splitState(mapValues(double, state(model)), Param, true)],
  ["mergeState", (model) => mergeState(state(model), mapValues(double, state(model, Param)))],
  ["replaceByPure", (model) => replaceByPure(state(model), toPure(mapValues(double, state(model, Param))))],
  ["unflattenState", (model) => unflattenState(flattenState(mapValues(double, state(model))))],
  [
    "patches",
    (model) => {
      const before = state(model);
      const patches = diffPatches(before, mapValues(double, before));
      return [patches, applyPatches(before, patches)];
    },
  ],
  ["merge", (model) => merge(...split(model))],
  ["merge of new values", (model) => merge(split(model)[0], mapValues(double, state(model)))],
  ["clone", (model) => clone(model)],
  ["map", (model) => map((_, leaf) => leaf, model)],
  ["asPure", (model) => asPure(model)],
  ["pop", (model) => pop(clone(model), Param)],
  ["call", (model) => call(split(model)).forward(tf.ones([2]))],
  ["gradients", (model) => valueAndGrad(loss)(model, tf.ones([2]))],
  ["gradients of a Variable", (model) => grad((v: Param<tf.Tensor>) => tf.sum(v.value))(model.a.kernel)],
  [
    "gradients of a State",
    (model) => {
      const [graphdef, params, rest] = split(model, Param, true);
      return grad((p: State) => loss(merge(graphdef, p, rest), tf.ones([2])))(params);
    },
  ],
  ["capture", (model) => capture(model, Intermediate)(tf.ones([2]))],
  ["captureGradients", (model) => captureGradients(loss, { methodOutputs: true })(model, tf.ones([2]))],
  [
    "vjp",
    (model) => {
      const [y, pullBack] = vjp((m: Model) => m.forward(tf.ones([2])), [model]);
      try {
        return pullBack(y);
      } finally {
        pullBack.dispose();
      }
    },
  ],
  [
    "vmap",
    (model) =>
      vmap((x: tf.Tensor) => mapValues((value: tf.Tensor) => tf.mul(value, x), state(model, Param)))(
        tf.ones([3]),
      ),
  ],
  ["copy of a Variable", (model) => clone({ v: model.a.kernel }).v],
  ["new model", () => new Model()],
  ["Maps and instances", (model) => new Map([["x", { s: state(model), m: new Model() }]])],
];

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    removeNewHandlers();
  });
  afterAll(async () => {
    await tf.setBackend("cpu");
  });

  it.each(makers)("%s: a scope frees what nobody takes", (_, make) => {
    const model = new Model();
    const before = count();
    for (let i = 0; i < ROUNDS; i++) tf.tidy(() => void make(model));
    expect(count()).toBe(before);
    expect(numbers(model.a.kernel.value)).toEqual([1, 2]);
    expect(() => tidy(() => [make(model), fail()])).toThrow("on purpose");
    expect(count()).toBe(before);
    model.dispose();
    expect(count()).toBe(before - 6);
  });

  it.each(makers)("%s: what is returned outlives the scopes, and is disposed by the caller", (_, make) => {
    const model = new Model();
    const before = count();
    const made = tidy(() => tidy(() => [make(model)]));
    const there = count();
    expect(there).toBeGreaterThanOrEqual(before);
    tf.tidy(() => void tf.add(1, 1));
    expect(count()).toBe(there);
    dispose(made);
    model.dispose();
    expect(count()).toBe(before - 6);
    const [again] = tidy(() => {
      const inner = tidy(() => new Map([["made", make(new Model())]]));
      return [inner, tf.scalar(1)] as const;
    });
    dispose([...again.values()]);
  });

  it.each(makers)("%s: what is kept outlives the scopes", (_, make) => {
    const model = new Model();
    const before = count();
    let kept: unknown;
    tf.tidy(() => {
      tf.tidy(() => {
        kept = keep([make(model)]);
      });
    });
    dispose(kept);
    model.dispose();
    expect(count()).toBe(before - 6);
  });

  it("a step that merges, maps, captures and takes gradients leaves the count flat", () => {
    const model = new Model();
    const [graphdef, first] = split(model);
    dispose(first);
    const before = count();
    for (let i = 0; i < rounds(150, 1000); i++) {
      tf.tidy(() => {
        const [, params, rest] = split(model, Param, true);
        const [, grads] = valueAndGrad((p: State) => loss(merge(graphdef, p, rest), tf.ones([2])))(params);
        const scaled = mapValues((g: tf.Tensor) => tf.mul(g, 1e-6), grads);
        capture(model, Intermediate)(tf.ones([2]));
        pop(clone(model), Param);
        update(model, mergeState(state(model), addStates(params, scaled)));
      });
      if (i % 100 === 0) expect(count()).toBe(before);
    }
    expect(count()).toBe(before);
    model.dispose();
  });

  it("a use after the scope says so", () => {
    const model = new Model();
    const seen: { values?: State; own?: State; model?: Model; made?: Model; tensor?: tf.Tensor } = {};
    tf.tidy(() => {
      seen.values = mapValues(double, state(model));
      seen.own = state(model);
      seen.model = clone(model);
      seen.made = new Model();
      seen.tensor = seen.model.forward(tf.ones([2]));
      update(seen.model, seen.values);
    });
    const { values, own, model: copy, made } = seen as Required<typeof seen>;
    const scope =
      /belonged to a scope .* that has ended\. Return .* from the scope, or keep it with nnx\.keep/;
    const uses: readonly (() => unknown)[] = [
      () => update(model, values),
      () => update(model, own),
      () => merge(split(model)[0], own),
      () => mapValues(double, own),
      () => filterState(own, Param),
      () => updateState(own, () => {}),
      () => grad((s: State) => tf.sum((s.a as { kernel: VariableState<tf.Tensor> }).kernel.value))(own),
      () => copy.forward(tf.ones([2])),
      () => split(made),
      () => clone(made.list),
    ];
    for (const use of uses) {
      expect(use).toThrow(DisposedError);
      expect(use).toThrow(scope);
    }
    const { value } = (values.a as { kernel: VariableState<tf.Tensor> }).kernel;
    for (const use of [
      () => tf.mul(value, 2),
      () => value.dataSync(),
      () => tf.concat([value, value]),
      () => new Param(value),
      () => unflattenState([[["a", "b"], { type: Param, value, metadata: {} }]]),
    ]) {
      expect(use).toThrow(DisposedError);
      expect(use).toThrow(/nnx\.keep/);
    }
    expect(numbers(model.a.kernel.value)).toEqual([1, 2]);
    model.dispose();
  });

  it("what a Variable of a model from before stores lives on", () => {
    const model = new Model();
    const before = count();
    for (let i = 0; i < 5; i++) {
      tf.tidy(() => {
        const values = mapValues(double, state(model));
        model.a.kernel.value = (values.a as { kernel: VariableState<tf.Tensor> }).kernel.value;
        model.a.remember(tf.ones([2]));
      });
    }
    expect(numbers(model.a.kernel.value)).toEqual([32, 64]);
    expect(numbers(model.a.cache?.value as tf.Tensor)).toEqual([2, 2]);
    expect(count()).toBe(before + 1);
    // A State that is stored is there, too.
    const history = new Variable<State | null>(null);
    tf.tidy(() => {
      history.value = mapValues(double, state(model, Param));
    });
    const stored = ((history.value as State).a as { kernel: VariableState<tf.Tensor> }).kernel.value;
    expect(numbers(stored)).toEqual([64, 128]);
    const again = filterState(history.value as State, Param);
    dispose([again, history]);
    expect(count()).toBe(before + 1);
    model.dispose();
  });

  it("what a merged model or a view makes for itself later goes with it", () => {
    const model = new Model();
    const before = count();
    for (let i = 0; i < 5; i++) {
      tf.tidy(() => {
        merge(...split(model)).a.remember(tf.ones([2]));
        view(model, {}).a.remember(tf.ones([2]));
        const copy = clone(model);
        tf.tidy(() => copy.a.remember(tf.ones([2])));
        update(copy, { extra: { w: { type: Param, value: tf.ones([2]), metadata: {} } } });
      });
    }
    expect(count()).toBe(before);
    model.dispose();
  });

  it("what a model from outside got stays, though a view of it was made", () => {
    for (const recorded of [false, true]) {
      const model = new Model();
      const look = (m: Model, x: tf.Tensor): tf.Tensor => {
        m.a.cache = new Variable<tf.Tensor>(tf.add(x, 1));
        return tf.mul(view(m, {}).a.kernel.value, x);
      };
      const run = recorded ? jit(look) : look;
      for (let i = 0; i < 3; i++) {
        model.a.cache?.dispose();
        model.a.cache = null;
        const before = count();
        tf.tidy(() => run(model, tf.ones([2]))).dispose();
        expect(numbers(model.a.cache!.value)).toEqual([2, 2]);
        expect(count()).toBe(before + 1);
      }
      model.dispose();
    }
  });

  it("tensors from outside stay the user's, whoever held them in the scope", () => {
    const [x, y, z] = [tf.tensor1d([5, 6]), tf.tidy(() => tf.add([1, 1], 1)), tf.scalar(1)];
    const model = new Model();
    const before = count();
    tf.tidy(() => {
      const values = mapValues(() => x, state(model, Param));
      merge(split(new Model())[0], mergeState(state(model), values));
      class Scale extends Module {
        readonly by: Param<tf.Tensor> = new Param<tf.Tensor>(y);
      }
      const scale = new Scale();
      scale.by.value = z;
      grad((m: Scale) => tf.sum(m.by.value))(scale);
    });
    expect([numbers(x), numbers(y), numbers(z)]).toEqual([[5, 6], [2, 2], [1]]);
    expect(count()).toBe(before);
    // Once a Variable from outside has had it, it is freed with the last one that has it.
    tf.tidy(() => {
      const values = unflattenState([[["a", "kernel"], { type: Param, value: x, metadata: {} }]]);
      update(model, values);
      model.a.kernel.value = tf.zeros([2]);
    });
    expect(x.isDisposed).toBe(true);
    dispose([model, y, z]);
  });

  it("a tensor out of a State or model of the scope is returned like any other", () => {
    const model = new Model();
    const before = count();
    const value = tf.tidy(
      () => (mapValues(double, state(model)).a as { kernel: VariableState<tf.Tensor> }).kernel.value,
    );
    const other = tidy(() => new Map([["kernel", merge(...split(new Model())).a.kernel.value]]));
    expect([numbers(value), numbers(other.get("kernel") as tf.Tensor)]).toEqual([
      [2, 4],
      [1, 2],
    ]);
    expect(count()).toBe(before + 2);
    const inScope = tf.tidy(() => {
      const inner = tidy(() => new Map([["x", tf.ones([2])]]));
      return numbers(inner.get("x") as tf.Tensor);
    });
    expect(inScope).toEqual([1, 1]);
    dispose([value, [...other.values()]]);
    expect(count()).toBe(before);
    model.dispose();
  });

  it("a part of a model that is returned lives on, the rest does not", () => {
    const before = count();
    let whole: Model | undefined;
    const part = tidy(() => {
      whole = clone(new Model());
      return whole.list;
    });
    expect(count()).toBe(before + 3);
    expect(numbers(part[0]?.kernel.value as tf.Tensor)).toEqual([1, 2]);
    expect(() => whole?.a.kernel.value).toThrow(DisposedError);
    dispose(part);
    expect(count()).toBe(before);
  });

  it("the scope of a gradient frees what the loss made and returns what its aux has", () => {
    const model = new Model();
    const before = count();
    const [g, [values, copy]] = grad(
      (m: Model) => {
        mapValues(double, state(m));
        clone(m);
        return [loss(m, tf.ones([2])), [mapValues(double, state(m, Param)), clone(m)] as const] as const;
      },
      { hasAux: true },
    )(model);
    expect(numbers((values.a as { kernel: VariableState<tf.Tensor> }).kernel.value)).toEqual([2, 4]);
    expect(numbers(copy.a.kernel.value)).toEqual([1, 2]);
    dispose([g, values, copy]);
    expect(count()).toBe(before);
    // tensorflow.js's own gradients have scopes, too.
    tf.tidy(() => void tf.grad((x: tf.Tensor) => tf.sum(clone(model).forward(x)))(tf.ones([2])));
    expect(count()).toBe(before);
    model.dispose();
  });

  it("a layer that a run attaches to the model it is given is the model's", () => {
    class Lazy extends Module {
      layer: Layer | null = null;
      copy: Model | null = null;
      readonly other = new Model();
      forward(x: tf.Tensor): tf.Tensor {
        return tf.tidy(() => {
          this.layer ??= new Layer();
          this.copy ??= clone(this.other);
          return this.layer.forward(x);
        });
      }
    }
    const x = tf.ones([2]);
    const before = count();
    const runs: readonly ((model: Lazy) => unknown)[] = [
      (model) => grad((m: Lazy) => tf.sum(m.forward(x)))(model),
      (model) => capture(model, Intermediate)(x),
      (model) => captureGradients((m: Lazy) => tf.sum(m.forward(x)), { keepUpdates: true })(model),
    ];
    for (const run of runs) {
      const model = new Lazy();
      dispose(run(model));
      expect(numbers(model.layer?.kernel.value as tf.Tensor)).toEqual([1, 2]);
      expect(numbers(model.copy?.a.kernel.value as tf.Tensor)).toEqual([1, 2]);
      dispose([run(model), run(model), model]);
      expect(count()).toBe(before);
      tf.tidy(() => void run(new Lazy()));
      expect(count()).toBe(before);
    }
  });

  it("a State that a run attaches to the model it is given is the model's", () => {
    class Keeps extends Module {
      kept: State | null = null;
      readonly other = new Layer();
      forward(x: tf.Tensor): tf.Tensor {
        return tf.tidy(() => {
          this.kept ??= state(this.other);
          return this.other.forward(x);
        });
      }
    }
    const x = tf.ones([2]);
    const before = count();
    const runs: readonly ((model: Keeps) => unknown)[] = [
      (model) => grad((m: Keeps) => tf.sum(m.forward(x)))(model),
      (model) => capture(model, Intermediate)(x),
      (model) => captureGradients((m: Keeps) => tf.sum(m.forward(x)), { keepUpdates: true })(model),
    ];
    for (const run of runs) {
      const model = new Keeps();
      dispose(run(model));
      const kept = model.kept as unknown as { readonly kernel: VariableState<tf.Tensor> };
      // Refused if its scope had ended.
      dispose(filterState(kept, Param));
      model.other.kernel.value = tf.zeros([2]);
      expect(numbers(kept.kernel.value)).toEqual([1, 2]);
      dispose([kept, model]);
      expect(count()).toBe(before);
    }
  });

  it("what its constructor had made goes with the scope in which it throws", () => {
    const before = count();
    class Broken extends Module {
      readonly a: Layer = new Layer();
      readonly b: Param<tf.Tensor> = new Param<tf.Tensor>(tf.ones([2]));
      constructor() {
        super();
        throw new Error("midway");
      }
    }
    expect(() => tidy(() => new Broken())).toThrow("midway");
    expect(count()).toBe(before);
  });
});

function fail(): never {
  throw new Error("on purpose");
}

function addStates(a: State, b: State): State {
  const others = new Map(flattenState(b).map(([path, leaf]) => [path.join("."), leaf.value as tf.Tensor]));
  return mapValues((value: tf.Tensor, path) => tf.add(value, others.get(path.join(".")) as tf.Tensor), a);
}

describe("nnx.tidy", () => {
  it("refuses what is not there yet", () => {
    const before = count();
    expect(() => tidy(async () => tf.ones([2]))).toThrow(
      /tidy: expected the function to return its result, got a Promise/,
    );
    expect(count()).toBeLessThanOrEqual(before + 1);
  });

  it("returns models however deep", () => {
    class Node extends Module {
      readonly w: Param<tf.Tensor> = new Param<tf.Tensor>(tf.scalar(1));
      next: Node | null = null;
    }
    const before = count();
    const chain = tidy(() => {
      const root = new Node();
      for (let i = 0, at = root; i < 20_000; i++) at = at.next = new Node();
      return root;
    });
    expect(count()).toBe(before + 20_001);
    chain.dispose();
    expect(count()).toBe(before);
  });

  it("ends even if looking into what was made in it throws", () => {
    const own = () => Object.hasOwn(tf.engine(), "endScope");
    const before = count();
    const endOdd = () =>
      tf.tidy(() => {
        tf.ones([2]);
        const get = (): never => {
          throw new Error("odd");
        };
        Object.defineProperty(new Layer(), "odd", { enumerable: true, get });
      });
    expect(endOdd).toThrow("odd");
    expect(tf.engine().state.scopeStack).toEqual([]);
    expect(own()).toBe(false);
    expect(count() - before).toBeLessThanOrEqual(3);
  });

  it("does not change the engine when nothing is in a scope", () => {
    const own = () => Object.hasOwn(tf.engine(), "endScope");
    expect(own()).toBe(false);
    tf.tidy(() => {
      state(new Layer());
      expect(own()).toBe(true);
    });
    expect(own()).toBe(false);
  });
});

describe("nnx.keep", () => {
  it("does nothing outside of scopes, and returns its argument", () => {
    const before = count();
    const values = [tf.ones([2]), state(new Layer())] as const;
    expect(keep(values)).toBe(values);
    dispose(values);
    expect(count()).toBeLessThanOrEqual(before + 3);
  });

  it("takes tensors out as if they were made outside", () => {
    const before = count();
    let x = tf.scalar(0) as tf.Tensor;
    tf.tidy(() => {
      tf.tidy(() => {
        x.dispose();
        x = keep(tf.ones([2]));
        const values = unflattenState([[["x"], { type: Param, value: x, metadata: {} }]]);
        expect(flattenState(values)).toHaveLength(1);
      });
    });
    expect(numbers(x)).toEqual([1, 1]);
    const variable = new Param<tf.Tensor>(x);
    variable.dispose();
    expect(x.isDisposed).toBe(true);
    expect(count()).toBe(before);
  });
});
