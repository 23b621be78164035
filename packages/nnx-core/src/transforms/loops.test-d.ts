import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import { Carry, foriLoop, hostValue, type Module, scan, type Variable, vmap, whileLoop } from "../index.ts";

declare const model: Module & { forward(x: tf.Tensor2D): tf.Tensor2D };
declare const matrix: tf.Tensor2D;
declare const scalar: tf.Scalar;
declare const any: tf.Tensor;
declare const isSmall: tf.Tensor;

it("loops take a list for a tuple, and tensors whose rank is not known", () => {
  const [m, steps, x] = whileLoop(
    ([, n]) => n < 3,
    ([each, n, h]) => {
      expectTypeOf(n).toEqualTypeOf<number>();
      return [each, n + 1, each.forward(h) as tf.Tensor];
    },
    [model, 0, matrix],
  );
  expectTypeOf(m).toEqualTypeOf<typeof model>();
  expectTypeOf(steps).toEqualTypeOf<number>();
  expectTypeOf(x).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(
    whileLoop(
      () => isSmall,
      () => any,
      scalar,
    ),
  ).toEqualTypeOf<tf.Scalar>();
  const end = foriLoop(0, 3, (i, { h, sum }) => ({ h, sum: i === 0 ? any : sum }), {
    h: matrix,
    sum: scalar,
  });
  expectTypeOf(end).toEqualTypeOf<{ h: tf.Tensor2D; sum: tf.Scalar }>();
  // @ts-expect-error a part is missing
  foriLoop(0, 3, (_, [h]) => [h], [matrix, scalar]);
  // @ts-expect-error another kind of value
  foriLoop(0, 3, () => 1, matrix);
});

it("loops take a generic value", () => {
  const twice = <T>(f: (x: T) => T, x: T): T => whileLoop(() => false, f as never, x);
  expectTypeOf(twice((n: number) => n, 1)).toEqualTypeOf<number>();
});

it("scan gives the carry as it is, and the rest stacked", () => {
  const layer = (h: tf.Tensor2D, m: typeof model) => m.forward(h);
  const carryAlone = scan(layer, { inAxes: [Carry, 0], outAxes: Carry });
  expectTypeOf(carryAlone(matrix, model)).toEqualTypeOf<tf.Tensor2D>();
  const both = scan((m: typeof model, h: tf.Tensor2D, x: tf.Tensor2D) => [m.forward(h), x] as const, {
    inAxes: [null, Carry, 1],
    outAxes: [Carry, 1],
  });
  expectTypeOf(both(model, matrix, any)).toEqualTypeOf<[tf.Tensor2D, tf.Tensor]>();
  const asDefault = scan((h: tf.Tensor2D, m: typeof model, _: tf.Tensor1D) => [m.forward(h), h], {
    inAxes: [Carry, null, 0],
  });
  expectTypeOf(asDefault(matrix, model, any)).toEqualTypeOf<[tf.Tensor2D, tf.Tensor]>();
  const swapped = scan((h: tf.Tensor2D, x: tf.Scalar) => [x, h], { outAxes: [0, Carry] });
  expectTypeOf(swapped(matrix, any)).toEqualTypeOf<[tf.Tensor, tf.Tensor2D]>();
  const none = scan((x: tf.Scalar) => x, { inAxes: [0], outAxes: 0 });
  expectTypeOf(none(any)).toEqualTypeOf<tf.Tensor>();
  const loose = scan((h: tf.Tensor2D, _: tf.Tensor2D) => [any, h]);
  expectTypeOf(loose(matrix, any)).toEqualTypeOf<[carry: tf.Tensor2D, ys: tf.Tensor]>();
  const wide: { inAxes?: 0 | Carry; outAxes?: 0 | Carry } = {};
  expectTypeOf(scan((x: tf.Scalar) => x, wide)(any)).toEqualTypeOf<tf.Tensor>();
});

it("vmap takes a list for a tuple", () => {
  const both = vmap((x: tf.Tensor1D, n: number) => [x, n]);
  expectTypeOf(both(matrix, 1)).toEqualTypeOf<[tf.Tensor, number]>();
});

it("numbers of the host have as many axes as what the function returns", () => {
  const variables: readonly Variable<number>[] = [];
  expectTypeOf(hostValue(variables, (n) => n / 2)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(hostValue(variables, (n) => [n, 1])).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(hostValue(variables, (n): number | number[] => n)).toEqualTypeOf<tf.Tensor>();
});
