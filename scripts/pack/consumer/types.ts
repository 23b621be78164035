/**
 * @file Types that a user's compiler must see. If a type were `any`, the expected errors would be
 * missing.
 */
import { file } from "@nnxjs/checkpoint/node";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

class Mlp extends nnx.Module {
  readonly hidden: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(4, 3, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.hidden.forward(x);
  }
}

const model = new Mlp({ rngs: new nnx.Rngs(0) });
const [graphdef, params, rest] = nnx.split(model, nnx.Param, true);
void params.hidden.kernel;
// @ts-expect-error A misspelt path.
void params.hidden.kernle;
const again = nnx.merge(graphdef, params, rest);
again.hidden.forward(tf.ones([2, 4]));
// @ts-expect-error A misspelt attribute.
void again.hiden;
const [loss, gradients] = nnx.valueAndGrad((m: Mlp) => tf.mean(m.forward(tf.ones([2, 4]))))(model);
void gradients.hidden.bias;
// @ts-expect-error A misspelt path of gradients.
void gradients.hidden.bais;
void loss.dataSync();
const restored = nnx.graphDefFromJson<Mlp>(nnx.graphDefToJson(graphdef));
void nnx.merge(restored, params, rest).hidden;
const loaded: Promise<Mlp> = nnx.restore(graphdef, file("model.safetensors"));
void loaded;
// @ts-expect-error A text is no place.
void nnx.save(model, "model.safetensors");
// @ts-expect-error A misspelt option.
void new nnx.Optimizer(model, nnx.adam(1e-3), { wtr: nnx.Param });
