import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import type { Embed, MultiHeadAttention } from "./index.ts";

declare const embed: Embed;
declare const attention: MultiHeadAttention;
declare const ids: tf.Tensor1D;
declare const batch: tf.Tensor2D;
declare const sequences: tf.Tensor3D;
declare const any: tf.Tensor;

it("an embedding has one axis more", () => {
  expectTypeOf(embed.forward(ids)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(embed.forward(batch)).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(embed.forward(any)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(embed.attend(sequences)).toEqualTypeOf<tf.Tensor3D>();
});

it("attention keeps the rank", () => {
  expectTypeOf(attention.forward(sequences, { mask: any })).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(attention.forward(sequences, any, any)).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(attention.forward(any)).toEqualTypeOf<tf.Tensor>();
});
