/** @file The steps of optimizers, emitted from their expressions. */
import type { Algebra } from "../../packages/kernels/src/steps/algebra.ts";
import * as shapes from "../../packages/kernels/src/steps/expressions.ts";
import {
  bulk,
  type Code,
  f32x4,
  i32,
  type Local,
  Locals,
  repeatWhile,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";

/** A value, computed where it is first used, and kept where it is used again. */
interface Node {
  readonly operator: (...operands: Code[]) => Code;
  readonly operands: readonly Node[];
  uses: number;
  local?: Local;
}

const node = (operator: Node["operator"], ...operands: readonly Node[]): Node => {
  for (const each of operands) each.uses++;
  return { operator, operands, uses: 0 };
};

/** Over four elements at a time. */
const ofVectors: Algebra<Node> = {
  number: (value) => node(() => f32x4.const(value)),
  add: (a, b) => node(f32x4.add, a, b),
  sub: (a, b) => node(f32x4.sub, a, b),
  mul: (a, b) => node(f32x4.mul, a, b),
  div: (a, b) => node(f32x4.div, a, b),
  sqrt: (x) => node(f32x4.sqrt, x),
  abs: (x) => node(f32x4.abs, x),
  max: (a, b) => node(f32x4.max, a, b),
  // Operands are emitted in the order of their use, so that what is kept is computed first.
  sign: (x) => {
    const negative = node((a) => f32x4.lt(a, f32x4.const(0)), x);
    const rest = node((a, mask) => v128.bitselect(f32x4.const(-1), a, mask), x, negative);
    const positive = node((a) => f32x4.gt(a, f32x4.const(0)), x);
    return node((other, mask) => v128.bitselect(f32x4.const(1), other, mask), rest, positive);
  },
  ifPositive: (x, a, b) => node((p, q, r) => v128.bitselect(p, q, f32x4.gt(r, f32x4.const(0))), a, b, x),
};

function emit(of: Node, make: () => Local): Code {
  if (of.local) return of.local.get;
  const code = of.operator(...of.operands.map((each) => emit(each, make)));
  if (of.uses < 2) return code;
  of.local = make();
  return of.local.tee(code);
}

const VECTOR = 16;
const PART = 4;

/**
 * A function `(…inputs, …outputs, length, numbers, stage)` of addresses and a length. It works on
 * four elements at a time. The last three or fewer are computed on the stage, 16 bytes for each
 * input and output, so that nothing else is read or written.
 */
function stepFunction(expression: shapes.Expression, inputs: number, numbers: number): WasmFunction {
  const locals = new Locals();
  const integers = (count: number): Local[] => Array.from({ length: count }, () => locals.make(type.i32));
  const outputs = expression(ofVectors, fakes(inputs), fakes(numbers)).length;
  const from = integers(inputs);
  const to = integers(outputs);
  const [length, table, stage] = integers(3) as [Local, Local, Local];
  const parameters = [...locals.types];
  const writes = integers(outputs);
  const [end, isStaged] = integers(2) as [Local, Local];
  const make = (): Local => locals.make(type.v128);
  const vectors = (count: number): { local: Local; node: Node }[] =>
    Array.from({ length: count }, () => {
      const local = make();
      return { local, node: { ...node(() => local.get), local } };
    });
  const x = vectors(inputs);
  const n = vectors(numbers);
  const results = expression(
    ofVectors,
    x.map((each) => each.node),
    n.map((each) => each.node),
  );
  for (const each of results) each.uses++;
  const placeOnStage = (index: number): Code => i32.add(stage.get, i32.const(VECTOR * index));
  const first = from[0]!;
  const rest = i32.and(length.get, i32.const(3));
  const bytesOfRest = i32.shl(rest, i32.const(2));
  const fourElements = [
    ...x.flatMap(({ local }, i) => local.set(v128.load(from[i]!.get, 0))),
    ...results.flatMap((result, i) => v128.store(writes[i]!.get, 0, emit(result, make))),
    ...[...from, ...writes].flatMap((local) => local.increase(i32.const(VECTOR))),
  ];
  const ontoStage = [
    ...writes.flatMap((local, i) => [...to[i]!.set(local.get), ...local.set(placeOnStage(inputs + i))]),
    ...from.flatMap((local, i) => [
      ...bulk.copy(placeOnStage(i), local.get, bytesOfRest),
      ...local.set(placeOnStage(i)),
    ]),
    ...end.set(i32.add(first.get, i32.const(VECTOR))),
    ...isStaged.set(i32.const(1)),
  ];
  const offStage = [
    ...to.flatMap((local, i) => bulk.copy(local.get, placeOnStage(inputs + i), bytesOfRest)),
    ...isStaged.set(i32.const(0)),
  ];
  const body: Code = [
    ...n.flatMap(({ local }, i) => local.set(v128.loadSplat(table.get, PART * i))),
    ...to.flatMap((local, i) => writes[i]!.set(local.get)),
    ...end.set(i32.add(first.get, i32.shl(i32.shrU(length.get, i32.const(2)), i32.const(4)))),
    // The same code for whole vectors and, in a second round, for what is on the stage.
    ...repeatWhile(
      [
        ...whileTrue(i32.ltU(first.get, end.get), fourElements),
        ...when(isStaged.get, offStage, when(rest, ontoStage)),
      ],
      isStaged.get,
    ),
  ];
  return { parameters, locals, body };
}

const fakes = (count: number): Node[] => Array.from({ length: count }, () => node(() => []));

/** The module of a step: its update, and what becomes of the parameter without and with decay. */
const moduleOf = ({ expression, moments, numbers }: shapes.StepShape): Record<string, WasmFunction> => ({
  update: stepFunction(expression, moments + 1, numbers),
  finish: stepFunction(shapes.ended(expression, "finish"), moments + 2, numbers + 1),
  decay: stepFunction(shapes.ended(expression, "decay"), moments + 2, numbers + 2),
});

/** The modules of all steps: `plainShape` becomes `plainStep`. */
export const stepModules: Readonly<Record<string, Readonly<Record<string, WasmFunction>>>> =
  Object.fromEntries(
    Object.entries(shapes).flatMap(([name, shape]) =>
      typeof shape === "object" ? [[name.replace("Shape", "Step"), moduleOf(shape)]] : [],
    ),
  );
