/**
 * @file What happens where there is no `Symbol.dispose`; prints JSON. dispose-symbol.test.ts runs
 * it in a process of its own.
 */
import "./old-engine.ts";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { diffPatches, grad, Module, Param, state, unpack, vjp } from "../src/index.ts";

class Model extends Module {
  readonly kernel: Param<tf.Tensor> = new Param<tf.Tensor>(tf.ones([2]));
}

/** Where the prototype chain of a value has a property called "undefined". */
const strays: string[] = [];
let count = 0;

/** Disposes by the symbol that compilers of `using` look for. */
function disposeBySymbol(name: string, value: object): void {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null)
    if (Object.hasOwn(at, "undefined")) strays.push(name);
  const method: unknown = Reflect.get(value, Symbol.for("Symbol.dispose"));
  if (typeof method === "function") {
    method.call(value);
    count++;
  }
}

const before = tf.memory().numTensors;
const square = (m: Model): tf.Scalar => tf.sum(tf.square(m.kernel.value));
const model = new Model();
const other = new Model();
const taken = state(model);
const otherState = state(other);
const gradients = grad(square)(model);
const [value, pullBack] = vjp(square, [model]);
value.dispose();
disposeBySymbol("patches", diffPatches(taken, otherState));
disposeBySymbol("pull-back", pullBack);
disposeBySymbol("gradients", gradients);
disposeBySymbol("unpacked", unpack(model) as object);
disposeBySymbol("State", taken);
disposeBySymbol("State", otherState);
disposeBySymbol("Variable", other.kernel);
disposeBySymbol("Module", model);
console.log(
  JSON.stringify({
    native: "dispose" in Symbol,
    strays,
    count,
    modelIsDisposed: model.kernel.isDisposed,
    leaked: tf.memory().numTensors - before,
  }),
);
