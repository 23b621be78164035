/**
 * @file In-place second passes that turn bits or uniforms into normals. Their operations are
 * exactly those of `keys/erf.ts`.
 */
import {
  central as centralPolynomial,
  logConstants,
  tail as tailPolynomial,
} from "../../packages/rnglib/src/keys/erf.ts";
import { OUT } from "../../packages/rnglib/src/keys/wasm/layout.ts";
import {
  type Code,
  f32x4,
  i32,
  i32x4,
  type Local,
  Locals,
  repeatWhile,
  type,
  v128,
  when,
} from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";

/** Two vectors at a time hide the latency of the polynomials without running out of registers. */
const LANES = 2;

/** A function `(n)` over `OUT`. `load` converts a loaded vector to uniforms in [-1, 1]. */
function erfInvKernel(load: (word: Code) => Code, finish: (u: Code, p: Code) => Code): WasmFunction {
  const locals = new Locals();
  const n = locals.make(type.i32);
  const at = locals.make(type.i32);
  const code: number[] = [];
  /** Emits one step for each of the vectors in turn, so that their chains of operations overlap. */
  const step = (value: (lane: number) => Code, into?: readonly Local[]): readonly Local[] => {
    const results = into ?? Array.from({ length: LANES }, () => locals.make(type.v128));
    for (const [lane, local] of results.entries()) code.push(...local.set(value(lane)));
    return results;
  };
  const horner = (into: readonly Local[], x: readonly Local[], coefficients: readonly number[]): void => {
    step(() => f32x4.const(coefficients[0]!), into);
    for (const k of coefficients.slice(1)) {
      step((i) => f32x4.add(f32x4.mul(into[i]!.get, x[i]!.get), f32x4.const(k)), into);
    }
  };

  const u = step((i) => load(v128.load(at.get, OUT + 16 * i)));
  const t = step((i) => f32x4.sub(f32x4.const(1), f32x4.mul(u[i]!.get, u[i]!.get)));
  // log(t), after Cephes.
  const m = step((i) => v128.or(v128.and(t[i]!.get, i32x4.const(0x7fffff)), i32x4.const(0x3f000000)));
  const small = step((i) => f32x4.lt(m[i]!.get, f32x4.const(logConstants.sqrtHalf)));
  const e = step((i) => {
    const exponent = i32x4.add(i32x4.shrS(t[i]!.get, 23), i32x4.const(-126));
    return f32x4.fromI32x4(i32x4.add(exponent, small[i]!.get));
  });
  const r = step((i) => f32x4.add(f32x4.sub(m[i]!.get, f32x4.const(1)), v128.and(m[i]!.get, small[i]!.get)));
  const z = step((i) => f32x4.mul(r[i]!.get, r[i]!.get));
  const even = step(() => f32x4.const(0));
  const odd = step(() => f32x4.const(0));
  horner(
    even,
    z,
    logConstants.polynomial.filter((_, i) => i % 2 === 0),
  );
  horner(
    odd,
    z,
    logConstants.polynomial.filter((_, i) => i % 2 === 1),
  );
  step((i) => f32x4.add(f32x4.mul(odd[i]!.get, r[i]!.get), even[i]!.get), odd);
  step((i) => f32x4.mul(f32x4.mul(odd[i]!.get, r[i]!.get), z[i]!.get), odd);
  step((i) => f32x4.add(odd[i]!.get, f32x4.mul(e[i]!.get, f32x4.const(logConstants.ln2Low))), odd);
  step((i) => f32x4.sub(odd[i]!.get, f32x4.mul(z[i]!.get, f32x4.const(0.5))), odd);
  const w = step((i) =>
    f32x4.neg(
      f32x4.add(f32x4.add(r[i]!.get, odd[i]!.get), f32x4.mul(e[i]!.get, f32x4.const(logConstants.ln2High))),
    ),
  );
  const central = step((i) => f32x4.lt(w[i]!.get, f32x4.const(5)));
  const shifted = step((i) => f32x4.sub(w[i]!.get, f32x4.const(2.5)));
  const p = step(() => f32x4.const(0));
  horner(p, shifted, centralPolynomial);
  // One branch for both vectors. With one branch each, V8 would separate the chains, and they would
  // no longer overlap.
  const upToHere = code.splice(0);
  step((i) => f32x4.sub(f32x4.sqrt(w[i]!.get), f32x4.const(3)), shifted);
  const tail = step(() => f32x4.const(0));
  horner(tail, shifted, tailPolynomial);
  step((i) => v128.bitselect(p[i]!.get, tail[i]!.get, central[i]!.get), p);
  const inTail = code.splice(0);
  const body: Code = [
    ...n.set(i32.shl(n.get, i32.const(2))),
    ...repeatWhile(
      [
        ...upToHere,
        ...when(v128.anyTrue(v128.not(v128.and(central[0]!.get, central[1]!.get))), inTail),
        ...p.flatMap((local, i) => v128.store(at.get, OUT + 16 * i, finish(u[i]!.get, local.get))),
        ...at.set(i32.add(at.get, i32.const(16 * LANES))),
      ],
      i32.ltU(at.get, n.get),
    ),
  ];
  return { parameters: [type.i32], locals, body };
}

const timesSqrt2 = (u: Code, p: Code): Code => f32x4.mul(f32x4.mul(p, u), f32x4.const(Math.SQRT2));

/** Turns random words into standard normals. */
export const normalKernel = (): WasmFunction =>
  erfInvKernel(
    (word) =>
      f32x4.sub(
        f32x4.mul(f32x4.fromI32x4(i32x4.shrU(word, 9)), f32x4.const(2 ** -22)),
        f32x4.const(1 - 2 ** -24),
      ),
    timesSqrt2,
  );

/** Turns numbers u in [-1, 1] into √2·erfInv(u), which is infinite at ±1. */
export const probitKernel = (): WasmFunction =>
  erfInvKernel(
    (word) => word,
    (u, p) =>
      v128.bitselect(
        f32x4.mul(u, f32x4.const(Number.POSITIVE_INFINITY)),
        timesSqrt2(u, p),
        f32x4.eq(f32x4.abs(u), f32x4.const(1)),
      ),
  );
