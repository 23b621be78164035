/** @file Elements that a mask keeps, times a factor, and zeros. */
import { type Code, f32x4, i32, i32x4, type Local, type, v128, whileTrue } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** `(x, mask, out, length, scale)`; the mask has a byte for each element, 0 or 1. */
const mask: WasmFunction = define(
  [type.i32, type.i32, type.i32, type.i32, type.f32],
  ([x, kept, out, length, scale], locals) => {
    const [at, bytes, to, size, factor] = [x, kept, out, length, scale] as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const end = locals.make(type.i32);
    const factors = locals.make(type.v128);
    const advance = (
      count: number,
      load: (address: Code, offset: number) => Code,
      store: (address: Code, offset: number, value: Code) => Code,
      loadMask: Code,
    ): Code => [
      ...store(
        to.get,
        0,
        v128.and(
          f32x4.mul(load(at.get, 0), factors.get),
          // 0 or -1: all bits of what is kept.
          i32x4.sub(i32x4.const(0), loadMask),
        ),
      ),
      ...at.increase(i32.const(4 * count)),
      ...to.increase(i32.const(4 * count)),
      ...bytes.increase(i32.const(count)),
    ];
    const four = i32x4.fromFourBytes(v128.loadOne(bytes.get, 0));
    const one = i32x4.splat(i32.load8U(bytes.get, 0));
    return [
      ...factors.set(f32x4.splat(factor.get)),
      ...end.set(i32.add(at.get, i32.shl(i32.and(size.get, i32.const(-4)), i32.const(2)))),
      ...whileTrue(i32.ltU(at.get, end.get), advance(4, v128.load, v128.store, four)),
      ...end.increase(i32.shl(i32.and(size.get, i32.const(3)), i32.const(2))),
      ...whileTrue(i32.ltU(at.get, end.get), advance(1, v128.loadOne, v128.storeOne, one)),
    ];
  },
);

/** The functions of the module. */
export const maskFunctions: Readonly<Record<string, WasmFunction>> = { mask };
