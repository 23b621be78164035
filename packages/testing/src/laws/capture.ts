/** @file Laws of captures. */
import { capture, captureGradients, Intermediate, valueAndGrad } from "@nnxjs/nnx-core";
import { snapshot } from "../equality/snapshot.ts";
import { mul, scalar, sum, add, type Tensor } from "../tensor.ts";
import { checkBy, difference, ROUNDING } from "./check.ts";
import { broken } from "./law.ts";
import { type CheckOptions, drop, type ForwardOf, type MakeModel, tensorsOfResult } from "./subject.ts";

const CAUSE = "Usually forward writes attributes, or asks whether it is captured.";

const lossOf = (result: unknown): Tensor =>
  tensorsOfResult(result)
    .filter(([, { dtype }]) => dtype === "float32")
    .reduce<Tensor>((total, [, y]) => add(total, sum(mul(y, y))), scalar(0));

/**
 * Holds a model to the laws of captures: `capture` gives the result of the plain call up to
 * rounding, and leaves the State and the definition that the plain call leaves; `captureGradients`
 * gives the loss and the gradients of `valueAndGrad`, and by default leaves the model as it was.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} that names the law, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkCapture } from "@nnxjs/testing";
 *
 * await checkCapture(
 *   (rngs) => new nnx.Linear(3, 2, { rngs }),
 *   (linear, x) => linear.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export const checkCapture = <M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> =>
  checkBy("checkCapture", makeModel, forward, options, async (subject, seed, inputs) => {
    const models = [
      subject.model(seed),
      subject.model(seed),
      subject.model(seed),
      subject.model(seed),
    ] as const;
    const [plain, captured, differentiated, both] = models;
    const made: unknown[] = [];
    try {
      const y = subject.call(plain, inputs);
      const run = capture((model: M) => subject.call(model, inputs), Intermediate, {
        methodOutputs: Intermediate,
      });
      const [result, seen] = run(captured);
      made.push(y, result, seen);
      const found = difference(await snapshot([result, captured]), await snapshot([y, plain]), ROUNDING);
      if (found) return { law: "A captured call is the plain call", found, cause: CAUSE };
      const loss = (model: M): Tensor => lossOf(subject.callBare(model, inputs));
      const [value, gradients] = valueAndGrad(loss)(differentiated);
      const before = await snapshot(both);
      const whole = captureGradients(loss)(both);
      made.push(value, gradients, whole);
      const other = difference(
        await snapshot([whole.loss, whole.gradients]),
        await snapshot([value, gradients]),
        ROUNDING,
      );
      if (other)
        return {
          law: "captureGradients gives the loss and gradients of valueAndGrad",
          found: other,
          cause: CAUSE,
        };
      const after = difference(await snapshot(both), before);
      return broken("captureGradients leaves the model as it was", after, CAUSE);
    } finally {
      drop(made, ...models);
    }
  });
