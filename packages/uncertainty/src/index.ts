export { dropconnect, type DropConnectOptions } from "./transform/dropconnect.ts";
export { DropoutLinear } from "./transform/dropout-linear.ts";
export { dropout, type DropoutTransformOptions } from "./transform/dropout.ts";
export type { LayerOrder } from "./transform/layer-order.ts";
export type { TransformOptions } from "./transform/replace-linear.ts";
