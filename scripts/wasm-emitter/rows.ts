/** @file Walks through rows of elements, and what is summed of them. */
import {
  type Code,
  f32x4,
  f64,
  f32,
  i32,
  type Local,
  type Locals,
  repeatWhile,
  type,
  v128,
  when,
  whileTrue,
} from "./code.ts";

/** Four elements at a time, or a single one, whose value then is in all four lanes. */
export interface Step {
  readonly isSingle: boolean;
  load(cursor: Local): Code;
  store(cursor: Local, value: Code): Code;
  /** The value for what adds up the lanes: of a single element, the other lanes are 0. */
  counted(value: Code): Code;
}

const FIRST_LANE = v128.const([-1, 0, 0, 0]);

const fours = (number: number): Step => ({
  isSingle: false,
  load: (cursor) => v128.load(cursor.get, 16 * number),
  store: (cursor, value) => v128.store(cursor.get, 16 * number, value),
  counted: (value) => value,
});

const single: Step = {
  isSingle: true,
  load: (cursor) => v128.loadSplat(cursor.get, 0),
  store: (cursor, value) => v128.storeOne(cursor.get, 0, value),
  counted: (value) => v128.and(value, FIRST_LANE),
};

/**
 * Walks cursors along `length` elements. The last ones are computed singly with the same
 * instructions, so that an element's value does not depend on its position.
 * @param wide - How many vectors a turn of the first loop has.
 * @param step - Gets the number of the vector in its turn.
 */
export function walk(
  cursors: readonly Local[],
  length: Code,
  end: Local,
  step: (step: Step, number: number) => Code,
  wide = 1,
): Code {
  const [first] = cursors as [Local];
  const loop = (mask: number, from: Code, bytes: number, body: Code): Code => [
    ...end.set(i32.add(from, i32.shl(i32.and(length, i32.const(mask)), i32.const(2)))),
    ...whileTrue(i32.ltU(first.get, end.get), [
      ...body,
      ...cursors.flatMap((cursor) => cursor.increase(i32.const(bytes))),
    ]),
  ];
  const turn = Array.from({ length: wide }, (_, i) => step(fours(i), i)).flat();
  return [
    ...loop(-4 * wide, first.get, 16 * wide, turn),
    ...(wide > 1 ? loop(4 * wide - 4, end.get, 16, step(fours(0), 0)) : []),
    ...loop(3, end.get, 4, step(single, 0)),
  ];
}

/** All four lanes joined, in each lane. */
export function joined(vector: Local, join: (a: Code, b: Code) => Code): Code {
  const turned = (order: readonly [number, number, number, number]): Code =>
    v128.shuffle(vector.get, vector.get, order);
  return [
    ...vector.set(join(vector.get, turned([2, 3, 0, 1]))),
    ...vector.set(join(vector.get, turned([1, 0, 3, 2]))),
  ];
}

/** Sums within so many elements are float32, and the sums of those float64. */
const BLOCK = 1024;

/** What {@link Sums} computes with; one row of the function's after the other may use it. */
export class Sums {
  /** The sums, in float64. */
  readonly totals: readonly Local[];
  readonly #accumulators: readonly (readonly Local[])[];
  readonly #left: Local;
  readonly #length: Local;
  readonly #end: Local;

  /**
   * @param count - How many sums there are.
   * @param wide - How many accumulators each has, and how many vectors a turn of the loop.
   */
  constructor(locals: Locals, count: number, wide: number) {
    const make = (of: (typeof type)[keyof typeof type], length: number): Local[] =>
      Array.from({ length }, () => locals.make(of));
    this.totals = make(type.f64, count);
    this.#accumulators = this.totals.map(() => make(type.v128, wide));
    [this.#left, this.#length, this.#end] = make(type.i32, 3) as [Local, Local, Local];
  }

  /**
   * Walks the cursors along a row of at least one element.
   * @param terms - Code that runs first, and what to add to each sum.
   */
  over(
    cursors: readonly Local[],
    length: Code,
    terms: (step: Step) => { code?: Code; terms: readonly Code[] },
  ): Code {
    const [left, part] = [this.#left, this.#length];
    const wide = this.#accumulators[0]!.length;
    return [
      ...this.totals.flatMap((total) => total.set(f64.const(0))),
      ...left.set(length),
      ...repeatWhile(
        [
          ...part.set(left.get),
          ...when(i32.gtU(part.get, i32.const(BLOCK)), part.set(i32.const(BLOCK))),
          ...this.#accumulators.flat().flatMap((each) => each.set(f32x4.const(0))),
          ...walk(
            cursors,
            part.get,
            this.#end,
            (step, number) => {
              const { code = [], terms: found } = terms(step);
              return [
                ...code,
                ...found.flatMap((term, i) => {
                  const sum = this.#accumulators[i]![number]!;
                  return sum.set(f32x4.add(sum.get, step.counted(term)));
                }),
              ];
            },
            wide,
          ),
          ...this.#accumulators.flatMap(([first, ...others], i) => {
            const total = this.totals[i]!;
            return [
              ...others.flatMap((other) => first!.set(f32x4.add(first!.get, other.get))),
              ...joined(first!, f32x4.add),
              ...total.set(f64.add(total.get, f64.fromF32(f32x4.lane(first!.get, 0)))),
            ];
          }),
          ...left.set(i32.sub(left.get, part.get)),
        ],
        left.get,
      ),
    ];
  }
}

/** A float64 as float32, in all lanes. */
export const splatOf = (value: Code): Code => f32x4.splat(f32.fromF64(value));
