import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeEach, chai, expect } from "vitest";
import { beginTest, endTest } from "./late-cleanups.ts";
import { propertySeed } from "./rounds.ts";

// Mutes tfjs's "running in Node" banner. IS_TEST would do that too, but its leak check makes valid
// gradients throw.
tf.enableProdMode();
await tf.setBackend("cpu");
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed });
beforeEach(beginTest);
afterEach(endTest);

// Test files share a process. One that left a scope or a tape open would make tensors of all others
// leak, so it fails itself.
const { state } = tf.engine() as unknown as {
  state: { scopeStack: readonly object[]; gradientDepth: number; kernelDepth: number };
};
afterEach(() => {
  const { scopeStack, gradientDepth, kernelDepth } = state;
  expect({ scopes: scopeStack.length, gradientDepth, kernelDepth }).toEqual({
    scopes: 0,
    gradientDepth: 0,
    kernelDepth: 0,
  });
});

// vitest takes `throw undefined` for any error that a test expects, which is what is left of a function
// that was to make the error and does not.
chai.use(({ Assertion }, utils) => {
  for (const name of ["toThrow", "toThrowError"])
    utils.overwriteMethod(Assertion.prototype, name, (check: (...expected: unknown[]) => unknown) => {
      return function (this: object, ...expected: unknown[]): unknown {
        const run: unknown = utils.flag(this, "object");
        if (typeof run === "function" && expected[0] !== undefined)
          utils.flag(this, "object", () => {
            try {
              return run() as unknown;
            } catch (error) {
              throw error === undefined ? new Error("nothing was thrown, but `undefined`") : error;
            }
          });
        return check.apply(this, expected);
      };
    });
});
