/** @file Resizing images. Both kinds are linear, and work along each axis in turn. */
import type { ResizeBilinearAttrs, ResizeNearestNeighborAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";
import { type AxisMap, axisMap, transposeAlong } from "./separable.ts";

/** How many input elements one output element spans. */
function ratio(from: number, to: number, alignCorners: boolean): number {
  const corners = alignCorners && to > 1 ? 1 : 0;
  return (from - corners) / (to - corners);
}

function bilinear(
  from: number,
  to: number,
  { alignCorners, halfPixelCenters }: ResizeBilinearAttrs,
): AxisMap {
  const scale = ratio(from, to, alignCorners);
  return axisMap(from, to, (out) => {
    const at = halfPixelCenters ? scale * (out + 0.5) - 0.5 : scale * out;
    const low = Math.max(0, Math.floor(at));
    const high = Math.min(from - 1, Math.ceil(at));
    const fraction = at - low;
    return [
      [low, 1 - fraction],
      [high, fraction],
    ];
  });
}

function nearest(
  from: number,
  to: number,
  { alignCorners, halfPixelCenters }: ResizeNearestNeighborAttrs,
): AxisMap {
  const scale = ratio(from, to, alignCorners);
  return axisMap(from, to, (out) => {
    const at = scale * (halfPixelCenters ? out + 0.5 : out);
    const rounded = alignCorners ? Math.round(at) : Math.floor(at);
    return [[Math.max(0, Math.min(from - 1, rounded)), 1]];
  });
}

const resize = (
  kernelName: string,
  map: (from: number, to: number, attrs: ResizeBilinearAttrs) => AxisMap,
): GradientRule =>
  rule<ResizeBilinearAttrs>(kernelName)({
    inputs: ["images"],
    backward: (dy, { shapes, attrs }) => ({
      images: (): Tensor => {
        const along = (gradient: Tensor, axis: 1 | 2): Tensor =>
          transposeAlong(gradient, axis, map(shapes.images[axis]!, attrs.size[axis - 1]!, attrs));
        return along(along(dy, 1), 2);
      },
    }),
  });

/** Rules for `image.resizeBilinear` and `image.resizeNearestNeighbor`. */
export const imageRules: readonly GradientRule[] = [
  resize("ResizeBilinear", bilinear),
  resize("ResizeNearestNeighbor", nearest),
];
