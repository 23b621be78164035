import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import {
  capture,
  dispose,
  grad,
  Intermediate,
  Module,
  Param,
  profile,
  remat,
  valueAndGrad,
} from "../index.ts";
import type { Profile } from "../index.ts";

/** What stands for the engine's way to run a kernel. */

class Linear extends Module {
  readonly kernel = new Param<tf.Tensor2D>(tf.ones([4, 4]));
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(x, this.kernel.value);
  }
}
class Net extends Module {
  readonly layers = [new Linear(), new Linear()];
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.layers.reduce((h, layer) => tf.relu(layer.forward(h)), x);
  }
}
const loss = (m: Net, x: tf.Tensor2D): tf.Tensor => tf.mean(tf.square(m.forward(x)));
const x = (): tf.Tensor2D => tf.ones<tf.Rank.R2>([3, 4]);
const keysOf = (found: Profile): string[] =>
  found.rows.map(({ path, kernel, pass }) => `${path?.join(".") ?? "–"} ${kernel} ${pass}`).sort();

onEachBackend("profile", () => {
  it("tells modules, kernels and passes apart", () => {
    const model = new Net();
    const input = x();
    const [[value, gradients], found] = profile(valueAndGrad(loss))(model, input);
    expect(value.dataSync()[0]).toBe(256);
    const products = found.rows.filter(({ kernel, path }) => path && kernel === "BatchMatMul");
    const counts = products.map(({ path, pass, calls }) => [path?.join("."), pass, calls]);
    expect(counts.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ["layers.0", "backward", 1],
      ["layers.0", "forward", 1],
      ["layers.1", "backward", 2],
      ["layers.1", "forward", 1],
    ]);
    expect(products.find(({ path, pass }) => path?.[1] === 0 && pass === "forward")).toMatchObject({
      className: "Linear",
      bytes: 48,
    });
    const keys = keysOf(found);
    expect(keys).toContain(" Relu forward");
    expect(keys).toContain("– Mean forward");
    expect(keys).toContain("– Square forward");
    expect(found.rows.find(({ kernel }) => kernel === "Relu")).toMatchObject({
      className: "Net",
      path: [],
      calls: 2,
    });
    expect(found.isLate).toBe(false);
    dispose([value, gradients, input]);
    dispose(model);
  });

  it("counts bytes, and the most there were", () => {
    const before = tf.memory().numBytes;
    const [y, found] = profile((a: tf.Tensor, b: tf.Tensor) =>
      tf.tidy(() => tf.sum(tf.concat([tf.add(a, b), tf.mul(a, b)]))),
    )(tf.ones([100]), tf.ones([100]));
    expect(found.startBytes).toBe(before + 800);
    expect(found.peakBytes).toBe(before + 800 + 800 + 800 + 4);
    expect(found.by("kernel").rows.find(({ kernel }) => kernel === "Concat")?.bytes).toBe(800);
    y.dispose();
  });

  it("does not change the run: results, tensors and the engine are as without it", () => {
    const model = new Net();
    const input = x();
    const plain = tf.tidy(() => model.forward(input));
    const { numTensors } = tf.memory();
    const y = tf.tidy(() => profile((m: Net) => m.forward(input))(model)[0]);
    expect([...y.dataSync()]).toEqual([...plain.dataSync()]);
    y.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    dispose([plain, input, model]);
  });

  it("joins rows, and its parts add up to the whole", () => {
    const model = new Net();
    const [[value, gradients], found] = profile(valueAndGrad(loss))(model, x());
    for (const keys of [["path"], ["kernel"], ["pass"], ["path", "pass"]] as const) {
      const part = found.by(...keys);
      expect(part.rows.length).toBeLessThan(found.rows.length);
      for (const name of ["calls", "ms", "bytes"] as const) {
        const sum = (of: Profile): number => of.rows.reduce((total, row) => total + row[name], 0);
        expect(sum(part)).toBeCloseTo(sum(found), 6);
      }
    }
    expect(found.kernelMs).toBeLessThanOrEqual(found.ms);
    expect(
      found
        .by("pass")
        .rows.map(({ pass }) => pass)
        .sort(),
    ).toEqual(["backward", "forward"]);
    const text = String(found);
    expect(text).toContain("layers.0");
    expect(text).toMatch(/ms: .* in kernels, .* between them/);
    dispose([value, gradients]);
  });

  it("sees through captures, remat and gradients of gradients", () => {
    const model = new Net();
    const [[y, seen], found] = profile((m: Net, input: tf.Tensor2D) =>
      capture(m, Intermediate, { methodOutputs: Intermediate })(input),
    )(model, x());
    expect(keysOf(found).filter((key) => key.includes("MatMul"))).toEqual([
      "layers.0 BatchMatMul forward",
      "layers.1 BatchMatMul forward",
    ]);
    dispose([y, seen]);
    const again = (m: Net, input: tf.Tensor2D): tf.Tensor =>
      tf.sum(remat((n: Net, z: tf.Tensor2D) => n.forward(z))(m, input));
    dispose(grad(again)(model, x()));
    const [gradients, twice] = profile(grad(again))(model, x());
    const forward = twice.rows.filter((row) => row.pass === "forward" && row.kernel === "BatchMatMul");
    expect(forward.reduce((sum, { calls }) => sum + calls, 0)).toBeGreaterThanOrEqual(2);
    dispose(gradients);
    const slope = (input: tf.Tensor): tf.Tensor =>
      tf.sum(grad((z: tf.Tensor) => tf.sum(tf.pow(z, tf.scalar(3))))(input));
    const [second, nested] = profile(grad(slope))(tf.tensor1d([1, 2]));
    expect([...second.dataSync()]).toEqual([6, 12]);
    expect(nested.rows.some(({ pass }) => pass === "backward")).toBe(true);
    second.dispose();
  });
});

describe("profile", () => {
  it("leaves everything as it was when the run throws", () => {
    const model = new Net();
    const kernel = model.layers[0]!.kernel.value;
    const run = vi.fn((m: Net) => {
      m.layers[0]!.kernel.value = tf.zeros([4, 4]);
      throw new Error("in the middle");
    });
    expect(() => profile(run)(model)).toThrow("in the middle");
    expect(run).toHaveBeenCalledTimes(1);
    expect(model.layers[0]!.kernel.value).toBe(kernel);
  });

  it("refuses what it cannot run, and Promises", () => {
    expect(() => profile(1 as never)).toThrow("profile: expected a function or a model");
    expect(() => profile(async () => {})()).toThrow("profile: expected the function to return its result");
    const [, found] = profile(() => 1)();
    expect(found.rows).toEqual([]);
    expect(() => found.by()).toThrow("Profile.by: expected one or more of path, kernel and pass, got none.");
    expect(() => found.by("module" as never)).toThrow('got "module"');
  });
});
