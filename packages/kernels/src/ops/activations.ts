/** @file Activations that tensorflow.js has no op for. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { curveOf } from "../own/activations.ts";
import { activations } from "../topics/activations.ts";
import { op } from "./op.ts";

type Unary = <T extends Tensor>(x: T) => T;

/** An activation of x in its own shape, so the type is that of x. */
const unary = (run: (x: Tensor) => Tensor): Unary => op(run, activations) as Unary;

/** `x sigmoid(x)`. @param x - float32. */
export const silu: Unary = /* @__PURE__ */ unary((x) => curveOf("silu", x));
/** `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`. @param x - float32. */
export const geluTanh: Unary = /* @__PURE__ */ unary((x) => curveOf("gelu", x));
/** `x (1 + erf(x / √2)) / 2`. @param x - float32. */
export const geluErf: Unary = /* @__PURE__ */ unary((x) => curveOf("geluErf", x));
