/** @file Reduces words to integers in a range, as `keys/randint.ts` does. */
import { OUT, SOURCE } from "../../packages/rnglib/src/keys/wasm/layout.ts";
import { type Code, f64x2, i32, i32x4, type Local, repeatWhile, type, v128 } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

const { add, sub, mul, div, floor, fromFirstU32 } = f64x2;

/** The last two words in place of the first two. */
const last = (words: Code): Code => v128.shuffle(words, words, [2, 3, 2, 3]);

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
    /** Exact, for the reasons in `keys/randint.ts`. Adding 2⁵² brings an integer to the low bits. */
    const rest = (sum: Local): Code =>
      add(
        sub(sum.get, mul(floor(mul(add(sum.get, f64x2.const(0.5)), perSpan.get)), spans.get)),
        f64x2.const(2 ** 52),
      );
    return [
      ...spans.set(fromFirstU32(i32x4.splat(span!.get))),
      ...perSpan.set(div(f64x2.const(1), spans.get)),
      ...factors.set(fromFirstU32(i32x4.splat(multiplier!.get))),
      ...least.set(i32x4.splat(minval!.get)),
      ...n!.set(i32.shl(n!.get, i32.const(2))),
      ...repeatWhile(
        [
          ...sums[0].set(add(mul(fromFirstU32(high), factors.get), fromFirstU32(low))),
          ...sums[1].set(add(mul(fromFirstU32(last(high)), factors.get), fromFirstU32(last(low)))),
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
