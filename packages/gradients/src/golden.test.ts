import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allRules } from "./all-rules.ts";
import { allCases } from "../cases/all-cases.ts";
import { golden, type Numbers, secondVjp, tensorOf, valuesOf, vjp } from "../cases/golden.ts";
import { backends, useBackend } from "../../../scripts/use-backend.ts";
import { forgetKernels } from "@nnxjs/kernels/internal";
import { installGradients, installRules } from "./install.ts";

function expectNumbers(actual: tf.Tensor, expected: Numbers, within: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const values = actual.dataSync();
  const wanted = valuesOf(expected);
  wanted.forEach((value, i) => {
    if (Number.isFinite(value)) {
      const difference = Math.abs(values[i]! - value);
      const allowed = within * Math.max(1, Math.abs(value));
      if (!(difference <= allowed)) {
        expect.fail(
          `${what}[${i}]: expected ${value}, got ${values[i]} (${[...values].slice(0, 12).join(", ")})`,
        );
      }
    } else {
      expect(values[i], `${what}[${i}]`).toBe(value);
    }
  });
}

it("every program has golden numbers, and every golden program is run", () => {
  expect([...golden.keys()].sort()).toEqual(Object.keys(allCases).sort());
});

it("every kernel named by a program has a rule", () => {
  const names = new Set(allRules.map((rule) => rule.kernelName));
  const missing = Object.values(allCases).flatMap(({ kernels }) =>
    kernels.filter((kernel) => !names.has(kernel)),
  );
  expect(missing).toEqual([]);
});

const kernels = ["all kernels", "the kernels of a bundle without layers"] as const;

describe.each(backends.flatMap((backend) => kernels.map((which) => [backend, which] as const)))(
  "against JAX on %s, with %s",
  (backend, which) => {
    beforeAll(async () => {
      await useBackend(backend);
      if (which === "all kernels") {
        installGradients();
        return;
      }
      forgetKernels();
      installRules();
    });
    afterAll(async () => {
      installGradients();
      await useBackend("cpu");
    });

    const cases = Object.entries(allCases).filter(([, { not = [] }]) => !not.includes(backend));

    it.each(cases)("%s", (name, { f, order = 2, within = 2e-5 }) => {
      const numbers = golden.get(name)!;
      const xs = numbers.inputs.map((x) => tensorOf(x));
      const ints = numbers.ints.map((x) => tensorOf(x, "int32"));
      const program = (...args: tf.Tensor[]) => f(...args, ...ints);
      const dy = tensorOf(numbers.dy);
      const directions = numbers.directions?.map((x) => tensorOf(x)) ?? [];
      const before = tf.memory().numTensors;

      // Compare the value too. A gradient can be right although the program differs from the one that
      // JAX ran.
      const value = tf.tidy(() => program(...xs));
      expectNumbers(value, numbers.value, within, "value");
      value.dispose();

      const gradients = vjp(program, xs, dy);
      expect(tf.memory().numTensors, "tensors left by the first order").toBe(before + xs.length);
      for (const [i, g] of gradients.entries())
        expectNumbers(g, numbers.gradients[i]!, within, `gradient ${i}`);
      tf.dispose(gradients);

      if (numbers.second && order === 2) {
        const seconds = tf.tidy(() => secondVjp(program, xs, dy, directions));
        expect(tf.memory().numTensors, "tensors left by the second order").toBe(before + xs.length);
        for (const [i, g] of seconds.entries())
          expectNumbers(g, numbers.second![i]!, 10 * within, `second gradient ${i}`);
        tf.dispose(seconds);
      }
      tf.dispose([xs, ints, dy, directions]);
    });
  },
);
