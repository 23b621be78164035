import type { Tensor } from "@nnxjs/nnx-core";
import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import { metrics, MultiMetric } from "../index.ts";

declare const x: Tensor;

it("types what metrics take and compute", () => {
  const loss = new metrics.Average({ argname: "loss" });
  loss.update({ loss: x, mask: x });
  loss.update({ loss: 1 });
  // @ts-expect-error the values have another name
  loss.update({ values: x });
  new metrics.Average().update({ values: x });
  expectTypeOf(loss.compute()).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(new metrics.ConfusionMatrix(3).compute()).toEqualTypeOf<tf.Tensor2D>();
  const accuracy = new metrics.Accuracy();
  accuracy.update({ logits: x, labels: x });
  // @ts-expect-error labels are missing
  accuracy.update({ logits: x });
  expectTypeOf(new metrics.Welford().compute()).toEqualTypeOf<metrics.Statistics>();
});

it("types what several take and compute together, and each by its name", () => {
  const all = new MultiMetric({
    accuracy: new metrics.Accuracy(),
    loss: new metrics.Average({ argname: "loss" }),
    spread: new metrics.Welford({ argname: "loss" }),
  });
  all.update({ logits: x, labels: x, loss: x });
  all.update({ logits: x, labels: x, loss: x, mask: x });
  all.update({ logits: x, labels: x, loss: x, mask: { loss: x } });
  // @ts-expect-error the loss is missing
  all.update({ logits: x, labels: x });
  // @ts-expect-error nothing has this name
  all.update({ logits: x, labels: x, loss: x, mask: { los: x } });
  expectTypeOf(all.loss).toEqualTypeOf<metrics.Average<"loss">>();
  expectTypeOf(all.compute().accuracy).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(all.compute().spread).toEqualTypeOf<metrics.Statistics>();
});
