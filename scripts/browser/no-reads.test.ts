/**
 * @file On a GPU nothing is read without waiting but what says so: `readSync` of the backend throws for
 * what only the GPU has.
 */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { layerTable, type LayerUnderTest } from "../../packages/layers/test/layer-table.ts";
import { backend } from "./use-backend.ts";

interface Gpu {
  readSync(dataId: object): unknown;
  readonly texData?: Store;
  readonly tensorMap?: Store;
}
interface Store {
  get(dataId: object): { readonly values?: unknown } | undefined;
}
const REFUSED = "What only the GPU has was read without waiting.";

const computed = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.scalar(1, x.dtype as "float32"));

const model = (): nnx.DropConnectLinear =>
  new nnx.DropConnectLinear(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), 0.25, { rngs: new nnx.Rngs(1) });
const input = (): tf.Tensor => computed(nnx.random.normal(nnx.random.key(2), [5, 4]));
const lossOf = (m: nnx.DropConnectLinear, x: tf.Tensor): tf.Scalar => tf.mean(tf.square(m.forward(x)));
const infinite = (m: nnx.DropConnectLinear, x: tf.Tensor): tf.Scalar =>
  tf.sum(tf.log(tf.mul(m.forward(x), 0)));

/** The warnings of all runs: each is given once. */
const told: string[] = [];

describe.skipIf(backend === "cpu" || backend === "wasm")("on a GPU nothing waits", () => {
  // On webgpu the tests have one of their own, of the backend and not of its class.
  let own: PropertyDescriptor | undefined;
  beforeAll(() => {
    const gpu = tf.backend() as unknown as Gpu;
    own = Object.getOwnPropertyDescriptor(gpu, "readSync");
    const stock = gpu.readSync.bind(gpu);
    gpu.readSync = (dataId) => {
      if ((gpu.texData ?? gpu.tensorMap)?.get(dataId)?.values == null) throw new Error(REFUSED);
      return stock(dataId);
    };
  });
  afterAll(() => {
    if (own) Object.defineProperty(tf.backend(), "readSync", own);
    else Reflect.deleteProperty(tf.backend(), "readSync");
  });

  it.each(layerTable)("$name: forward and back", async ({ make, input: given }) => {
    const layer = make();
    const x = given();
    const argnums = x.dtype === "float32" ? [0, 1] : [0];
    const loss = (m: LayerUnderTest, v: tf.Tensor): tf.Tensor => tf.sum(m.forward(v) as tf.Tensor);
    const [value] = nnx.valueAndGrad(loss, { argnums })(layer, computed(x));
    expect(Number.isFinite((await value.data())[0])).toBe(true);
  });

  it("steps of Adam, and of jit", async () => {
    const m = model();
    const optimizer = new nnx.Optimizer(m, nnx.chain(nnx.clipByGlobalNorm(1), nnx.adam(0.01)), {
      wrt: nnx.Param,
    });
    const step = (net: typeof m, o: typeof optimizer, x: tf.Tensor): tf.Scalar => {
      const [loss, grads] = nnx.valueAndGrad(lossOf)(net, x);
      o.update(net, grads);
      return loss as tf.Scalar;
    };
    const losses = [step(m, optimizer, input()), nnx.jit(step)(m, optimizer, input())];
    for (const loss of losses) expect((await loss.data())[0]).toBeGreaterThan(0);
  });

  it("sampling, and what looks at a run", async () => {
    const m = model();
    const key = nnx.random.key(0);
    expect((await nnx.sampleAsync(m, input(), 2, { key })).shape).toEqual([2, 5, 3]);
    expect((await nnx.summarizeAsync(nnx.captureGradients(lossOf)(m, input()))).rows.length).toBeGreaterThan(
      0,
    );
    expect(await nnx.findNonFiniteAsync(m, lossOf)(input())).toBeUndefined();
    const found = await nnx.findNonFiniteAsync(m, infinite)(input());
    expect([found?.op, found?.nan, found?.inf]).toEqual(["Log", 0, 15]);
  });

  it("readAhead makes a read one that need not wait; without it there is a warning", async () => {
    tf.env().set("PROD", false);
    const warn = vi.spyOn(console, "warn").mockImplementation((text: string) => void told.push(text));
    const weights = computed(tf.tensor1d([1, 2, 3]));
    const draw = (p: tf.Tensor): tf.Tensor => nnx.random.choice(nnx.random.key(0), 3, [4], { p });
    expect(() => draw(weights)).toThrow(REFUSED);
    expect(told.join()).toContain("choice: expected values that need no waiting");
    expect(draw(await nnx.readAhead(weights)).shape).toEqual([4]);
    // A part of another tensor, of which webgl keeps no values.
    const part = tf.slice(weights, [0], [3]);
    expect(draw(await nnx.readAhead(tf.slice(tf.concat([part, part]), [1], [3]))).shape).toEqual([4]);
    warn.mockRestore();
    tf.enableProdMode();
  });
});
