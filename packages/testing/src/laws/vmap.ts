/** @file The law of `vmap`: a member of an ensemble is the model on its own. */
import { tidy, vmap } from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import { snapshot } from "../equality/snapshot.ts";
import { gather, reshape, type Tensor } from "../tensor.ts";
import { checkBy, difference, ROUNDING } from "./check.ts";
import {
  type CheckOptions,
  drop,
  type ForwardOf,
  type MakeModel,
  type Subject,
  tensorsOfResult,
} from "./subject.ts";

const MEMBERS = 3;
const PASSES = 2;

/**
 * Holds a model to the law of `vmap`: an ensemble, made by `nnx.vmap` over three keys and called by
 * `nnx.vmap` twice, gives what each of its members gives on its own, up to rounding. So members
 * share neither parameters nor streams, and what a pass changes in one stays there.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} that names the member, the path and the seed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkVmap } from "@nnxjs/testing";
 *
 * await checkVmap(
 *   (rngs) => new nnx.BatchNorm(3, { rngs }),
 *   (norm, x) => norm.forward(x),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]) },
 * );
 * ```
 */
export const checkVmap = <M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions = {},
): Promise<void> =>
  checkBy("checkVmap", makeModel, forward, options, async (subject, seed, inputs) => {
    const keys = random.split(random.key(seed), MEMBERS);
    const ensemble = vmap((key: random.PRNGKey) => subject.model(key))(keys) as unknown as M;
    const outputs: Record<string, Tensor>[] = [];
    try {
      for (let pass = 0; pass < PASSES; pass++) outputs.push(callAll(subject, ensemble, inputs));
      for (let member = 0; member < MEMBERS; member++) {
        const alone = subject.model(keys.at(member));
        try {
          for (const [pass, stacked] of outputs.entries()) {
            const y = subject.call(alone, inputs);
            const mine = tidy(() =>
              Object.fromEntries(
                Object.entries(stacked).map(([path, x]) => [
                  path,
                  reshape(gather(x, [member]), x.shape.slice(1)),
                ]),
              ),
            );
            const own = Object.fromEntries(tensorsOfResult(y));
            const found = difference(await snapshot(mine), await snapshot(own), ROUNDING);
            drop(y, mine);
            if (!found) continue;
            return {
              law: "A member of an ensemble is the model on its own",
              found: `for member ${member} in pass ${pass + 1} ${found}`,
              cause:
                "Usually members share something that is no Variable of the model, such as a tensor or a key in a closure.",
            };
          }
        } finally {
          drop(alone);
        }
      }
      return undefined;
    } finally {
      drop(outputs, ensemble);
    }
  });

/** The outputs of all members, stacked. */
function callAll<M extends object>(
  subject: Subject<M>,
  ensemble: M,
  inputs: readonly Tensor[],
): Record<string, Tensor> {
  const run = vmap(
    (model: M, ...given: Tensor[]) => Object.fromEntries(tensorsOfResult(subject.callBare(model, given))),
    { inAxes: [0, ...inputs.map(() => null)], axisSize: MEMBERS },
  ) as unknown as (model: M, ...given: readonly Tensor[]) => Record<string, Tensor>;
  return run(ensemble, ...inputs);
}
