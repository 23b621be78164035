import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import { AsyncBatches, Batches } from "../index.ts";

declare const images: Float32Array;
declare const x: tf.Tensor3D;
declare const records: { pixels: Float32Array; label: number; at: [number, number]; x: tf.Tensor2D }[];
/** Interfaces have no index signature. */
interface View {
  readonly pixels: readonly number[];
  readonly about: { readonly label: 0 | 1 };
}
interface Declared {
  x: tf.Tensor3D;
  labels: Int32Array;
}
declare const declared: Declared;
declare const stream: AsyncIterable<{ text: Int32Array; isGood: boolean }>;

it("types batches by the data", () => {
  const batches = new Batches(
    {
      images: { data: images, shape: [100, 64] },
      labels: new Int32Array(100),
      x,
      deep: { scores: [0.5, 1] },
    },
    { batchSize: 10 },
  );
  for (const batch of batches) {
    expectTypeOf(batch.images).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.labels).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(batch.x).toEqualTypeOf<tf.Tensor3D>();
    expectTypeOf(batch.deep.scores).toEqualTypeOf<tf.Tensor1D>();
  }
  for (const batch of new Batches(records, { batchSize: 10 })) {
    expectTypeOf(batch.pixels).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.label).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(batch.at).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.x).toEqualTypeOf<tf.Tensor3D>();
  }
  const views: readonly View[] = [];
  for (const batch of new Batches(views, { batchSize: 10 })) {
    expectTypeOf(batch.pixels).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.about.label).toEqualTypeOf<tf.Tensor1D>();
  }
  const lists = { images: [[[[0]]]], tokens: [[1, 2]], kind: [0], rows: [[new Float32Array(2)]] };
  for (const batch of new Batches(lists, { batchSize: 1 })) {
    expectTypeOf(batch.images).toEqualTypeOf<tf.Tensor4D>();
    expectTypeOf(batch.tokens).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.kind).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(batch.rows).toEqualTypeOf<tf.Tensor3D>();
  }
  for (const batch of new Batches(declared, { batchSize: 10 })) {
    expectTypeOf(batch.x).toEqualTypeOf<tf.Tensor3D>();
    expectTypeOf(batch.labels).toEqualTypeOf<tf.Tensor1D>();
  }
  // @ts-expect-error text is no data
  new Batches([{ word: "a" }], { batchSize: 1 });
  // @ts-expect-error nor are functions
  new Batches({ x, load: () => 1 }, { batchSize: 1 });
  // @ts-expect-error text is no data
  new Batches({ words: ["a", "b"] }, { batchSize: 1 });
  // @ts-expect-error a misspelt option
  new Batches(images, { batchSize: 1, droplast: true });
});

it("types batches of records that arrive", async () => {
  for await (const batch of new AsyncBatches(stream, { batchSize: 10 })) {
    expectTypeOf(batch.text).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(batch.isGood).toEqualTypeOf<tf.Tensor1D>();
  }
  const views = (): Iterable<View> => [];
  for await (const batch of new AsyncBatches(views, { batchSize: 10 })) {
    expectTypeOf(batch.about.label).toEqualTypeOf<tf.Tensor1D>();
  }
  // @ts-expect-error text is no data
  new AsyncBatches([{ word: "a" }], { batchSize: 1 });
});
