/** @file The law of observers: a capture and a profile change nothing. */
import { capture, Intermediate, profile } from "@nnxjs/nnx-core";
import { snapshot } from "../../equality/snapshot.ts";
import type { Tensor } from "../../tensor.ts";
import { difference, ROUNDING } from "../check.ts";
import type { Violation } from "../law.ts";
import { drop, type Subject } from "../subject.ts";

/** A capture and a profile see, and change nothing. */
export async function unseen<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
): Promise<Violation | undefined> {
  const models = [subject.model(seed), subject.model(seed), subject.model(seed)] as const;
  try {
    const [plain, captured, profiled] = models;
    const y = subject.call(plain, inputs);
    const expected = await snapshot([y, plain]);
    drop(y);
    const call = (model: M): unknown => subject.call(model, inputs);
    const [seen, recorded] = capture(call, Intermediate, { methodOutputs: Intermediate })(captured);
    const [other] = profile(call)(profiled);
    for (const [name, result, model] of [
      ["capture", seen, captured],
      ["profile", other, profiled],
    ] as const) {
      const changed = difference(await snapshot([result, model]), expected, ROUNDING);
      if (changed) {
        drop(seen, recorded, other);
        return {
          law: `A ${name} changes nothing`,
          found: changed,
          cause: "Usually forward asks whether it is captured, or depends on how often it was called.",
        };
      }
    }
    drop(seen, recorded, other);
    return undefined;
  } finally {
    drop(...models);
  }
}
