/** @file A small decoder: each place attends to itself and to what is before it. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

export interface DecoderSize {
  readonly vocabulary: number;
  readonly length: number;
  readonly features: number;
  readonly heads: number;
  readonly blocks: number;
}

interface CallOptions {
  /** Lets captures record the attention weights. @defaultValue false */
  readonly sowWeights?: boolean;
}

/** Attention, then a dense layer of four times the width; each adds to its input. */
class Block extends nnx.Module {
  readonly norm1: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.LayerNorm;
  readonly up: nnx.Linear;
  readonly down: nnx.Linear;

  constructor({ features, heads }: DecoderSize, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.norm1 = new nnx.LayerNorm(features, { rngs });
    this.attention = new nnx.MultiHeadAttention(heads, features, { decode: false, rngs });
    this.norm2 = new nnx.LayerNorm(features, { rngs });
    this.up = new nnx.Linear(features, 4 * features, { rngs });
    this.down = new nnx.Linear(4 * features, features, { rngs });
  }

  forward(x: tf.Tensor3D, mask: tf.Tensor, { sowWeights = false }: CallOptions = {}): tf.Tensor3D {
    const attended = this.attention.forward(this.norm1.forward(x), { mask, sowWeights });
    const h: tf.Tensor3D = tf.add(x, attended);
    return tf.add(h, this.down.forward(nnx.gelu(this.up.forward(this.norm2.forward(h)))));
  }
}

export class Decoder extends nnx.Module {
  readonly tokens: nnx.Embed;
  /** One learned vector for each place. */
  readonly places: nnx.Embed;
  readonly blocks: readonly Block[];
  readonly norm: nnx.LayerNorm;
  readonly out: nnx.Linear;

  constructor(size: DecoderSize, { rngs }: { rngs: nnx.Rngs }) {
    super();
    const { vocabulary, length, features, blocks } = size;
    this.tokens = new nnx.Embed(vocabulary, features, { rngs });
    this.places = new nnx.Embed(length, features, { rngs });
    this.blocks = Array.from({ length: blocks }, () => new Block(size, { rngs }));
    this.norm = new nnx.LayerNorm(features, { rngs });
    this.out = new nnx.Linear(features, vocabulary, { rngs });
  }

  /** @param tokens - int32 `[rows, length]` @returns logits of the next tokens, `[rows, length, vocabulary]` */
  forward(tokens: tf.Tensor2D, options: CallOptions = {}): tf.Tensor3D {
    const mask = nnx.makeCausalMask(tokens);
    const places = this.places.forward(tf.range(0, tokens.shape[1], 1, "int32"));
    let x: tf.Tensor3D = tf.add(this.tokens.forward(tokens), places);
    for (const block of this.blocks) x = block.forward(x, mask, options);
    return this.out.forward(this.norm.forward(x));
  }
}
