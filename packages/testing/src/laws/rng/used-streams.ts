/** @file Laws of streams: a pass draws from those that are declared, and depends on no others. */
import { iterNodes } from "@nnxjs/nnx-core";
import { RngStream } from "@nnxjs/rnglib";
import { snapshot } from "../../equality/snapshot.ts";
import type { Tensor } from "../../tensor.ts";
import { difference } from "../check.ts";
import { broken, type Violation } from "../law.ts";
import { countsIn, drawnFrom, drop, type Subject, train } from "../subject.ts";

/** The streams in a model, each once, with the path of its count. */
const streamsIn = (model: object): (readonly [path: string, stream: RngStream])[] =>
  [...iterNodes(model)].flatMap(([path, node]) =>
    node instanceof RngStream ? [[[...path, "count"].join("."), node] as const] : [],
  );

/** A pass draws from its streams alone. `declared` names them; not checked without. */
export async function onlyItsStreams<M extends object>(
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
  declared: readonly string[] | undefined,
): Promise<Violation | undefined> {
  const [model, other] = [subject.model(seed), subject.model(seed)];
  try {
    train(model);
    train(other);
    const before = countsIn(model);
    const y = subject.call(model, inputs);
    const drawn = drawnFrom(before, countsIn(model));
    const used = new Set(drawn.map(({ tag }) => tag));
    const expected = await snapshot(y);
    drop(y);
    const wrong =
      declared &&
      [...new Set([...used, ...declared])].find((tag) => used.has(tag) !== declared.includes(tag));
    if (wrong !== undefined) {
      return {
        law: "A pass draws from the streams that are declared, and no others",
        found: `expected draws from ${declared!.join(", ") || "no stream"}, got ${used.has(wrong) ? "some" : "none"} from ${wrong}`,
        cause: used.has(wrong)
          ? wrong === "default"
            ? 'Usually a layer draws from a stream that the option streams does not name, such as "dropout", or "carry" for the first carry ' +
              'of an RNN: add its name there, or "default" if the model calls nextKey() without a name. ' +
              "Or the model makes Rngs of its own: use those that it is given."
            : `If the model is meant to draw from it, add ${JSON.stringify(wrong)} to the option streams.`
          : "Usually the layer is not called, or is in evaluation, or its rate is 0.",
      };
    }
    const isUsed = new Set(drawn.map(({ path }) => path));
    for (const [path, stream] of streamsIn(other))
      if (!isUsed.has(path)) for (let i = 0; i < 3; i++) stream.nextKey();
    const again = subject.call(other, inputs);
    const changed = difference(await snapshot(again), expected);
    drop(again);
    return broken(
      "Outputs do not depend on draws from streams that the pass does not use",
      changed,
      "Usually a key is made from the count of another stream: draw from one stream alone.",
    );
  } finally {
    drop(model, other);
  }
}
