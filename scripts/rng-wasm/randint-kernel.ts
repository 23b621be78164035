/** @file Reduces words to integers in a range, as `keys/randint.ts` does. */
import { OUT, SOURCE } from "../../packages/rnglib/src/keys/wasm/layout.ts";
import { type Code, f64x2, i32, i32x4, type Local, repeatWhile, type, v128 } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

const { add, sub, mul, div, floor, fromFirstU32 } = f64x2;

/** Words and the high halves of 2⁵², which together are 2⁵² plus each word. */
const FIRST = [0, 4, 1, 5] as const;
const LAST = [2, 6, 3, 7] as const;

/**
 * A function `(n, span, multiplier, minval)`: `OUT = minval + (SOURCE * multiplier + OUT) % span`.
 * It works on four words at a time, so it may write up to three elements beyond n.
 */
export const randintKernel = (): WasmFunction =>
  define([type.i32, type.i32, type.i32, type.i32], ([n, span, multiplier, minval], locals) => {
    const at = locals.make(type.i32);
    const vector = (): Local => locals.make(type.v128);
    const [spans, perSpan, factors, least] = [vector(), vector(), vector(), vector()];
    const sums = [vector(), vector()] as const;
    const high = v128.load(at.get, SOURCE);
    const low = v128.load(at.get, OUT);
    const aboveTwo52 = (words: Code, which: typeof FIRST | typeof LAST): Code =>
      v128.shuffle(words, i32x4.const(0x43300000), which);
    /** The sum and 1/2, for two of the words. Below 2⁵² there are halves, so this is exact. */
    const sum = (which: typeof FIRST | typeof LAST): Code =>
      add(
        mul(sub(aboveTwo52(high, which), f64x2.const(2 ** 52)), factors.get),
        sub(aboveTwo52(low, which), f64x2.const(2 ** 52 - 0.5)),
      );
    /** Exact, for the reasons in `keys/randint.ts`. Adding 2⁵² brings an integer to the low bits. */
    const rest = (half: Local): Code =>
      add(sub(half.get, mul(floor(mul(half.get, perSpan.get)), spans.get)), f64x2.const(2 ** 52 - 0.5));
    return [
      ...spans.set(fromFirstU32(i32x4.splat(span!.get))),
      ...perSpan.set(div(f64x2.const(1), spans.get)),
      ...factors.set(fromFirstU32(i32x4.splat(multiplier!.get))),
      ...least.set(i32x4.splat(minval!.get)),
      ...n!.set(i32.shl(n!.get, i32.const(2))),
      ...repeatWhile(
        [
          ...sums[0].set(sum(FIRST)),
          ...sums[1].set(sum(LAST)),
          ...v128.store(
            at.get,
            OUT,
            i32x4.add(v128.shuffle(rest(sums[0]), rest(sums[1]), [0, 2, 4, 6]), least.get),
          ),
          ...at.set(i32.add(at.get, i32.const(16))),
        ],
        i32.ltU(at.get, n!.get),
      ),
    ];
  });
