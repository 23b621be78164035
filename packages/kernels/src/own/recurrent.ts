/**
 * @file Recurrent cells over all steps of a batch of sequences, and their gradients: kernels of
 * which each is one call, where ops would be some twenty for every step. The products with the
 * inputs are made before, for all steps at once.
 */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { wasmRun } from "../wasm/call.ts";
import { recurrentKernelNames, type SequenceAttrs, type SimpleAttrs } from "./recurrent-names.ts";
import {
  type Functions,
  pack,
  packedBytes,
  packTransposed,
  recurrentModules,
  type Rows,
  Sequence,
} from "./sequence.ts";

type Inputs = Readonly<Record<string, TensorInfo>>;

/** What a kernel does once it has the addresses of its inputs and outputs. */
type Run = (
  functions: Functions,
  inputs: readonly number[],
  outputs: readonly number[],
  packed: number,
) => void;

/**
 * @param names - The inputs, in the order of their addresses.
 * @param plan - Gives the shapes of the outputs, the bytes of packed kernels, and the run.
 */
const onBoth = <A extends SequenceAttrs>(
  kernelName: string,
  names: readonly string[],
  plan: (inputs: Inputs, attrs: A) => { shapes: readonly number[][]; packed: number; run: Run },
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { shapes, packed, run } = plan(inputs as Inputs, attrs as unknown as A);
      const infos = wasmRun(backend, {
        module: recurrentModules,
        inputs: names.map((name) => (inputs as Inputs)[name]!),
        outputs: shapes.map((shape) => ({ shape, dtype: "float32" as const })),
        scratch: packed,
        run: (functions, places) => run(functions, places.inputs, places.outputs, places.scratch),
      });
      if (infos) return infos;
      throw new Error(
        `kernels: expected WebAssembly and memory for ${kernelName}, got none. Call the cell step by step instead.`,
      );
    },
  }));

const hiddenOf = ({ kernel }: Inputs): number => kernel!.shape[0]!;
const carryShape = ({ batch, hidden }: Sequence): number[] => [batch, hidden];

/** Each row of `activations` has i, f, g, o, and the tanh of the memory. */
const lstm = onBoth<SequenceAttrs>(recurrentKernelNames.lstm, ["x", "kernel", "c", "h"], (inputs, attrs) => {
  const seq = new Sequence(inputs.x!, hiddenOf(inputs), attrs);
  const { hidden } = seq;
  return {
    shapes: [seq.shape(1), seq.shape(1), seq.shape(5)],
    packed: packedBytes(hidden, 4 * hidden),
    run: (f, [x, kernel, firstC, firstH], [hs, cs, acts], packed) => {
      pack(f, kernel!, packed, hidden, 4 * hidden, 4 * hidden);
      let [c, h] = [seq.rows(firstC!), seq.rows(firstH!)];
      for (const t of seq.order()) {
        const a = seq.at(acts!, 5, t);
        const [i, forget, g, o, tanh] = [0, 1, 2, 3, 4].map((part) => seq.part(a, part)) as [
          Rows,
          Rows,
          Rows,
          Rows,
          Rows,
        ];
        const [nextC, nextH] = [seq.at(cs!, 1, t), seq.at(hs!, 1, t)];
        seq.product(f, h, packed, seq.at(x!, 4, t), a, hidden, 4 * hidden);
        seq.each(f.logistic, [i, i], 2 * hidden);
        seq.each(f.tanh, [g, g]);
        seq.each(f.logistic, [o, o]);
        seq.each(f.memory, [forget, c, i, g, nextC]);
        seq.each(f.tanh, [nextC, tanh]);
        seq.each(f.mul, [o, tanh, nextH]);
        [c, h] = [nextC, nextH];
      }
    },
  };
});

const lstmGrad = onBoth<SequenceAttrs>(
  recurrentKernelNames.lstmGrad,
  ["activations", "cs", "c", "kernel", "dh", "dc"],
  (inputs, attrs) => {
    const seq = new Sequence(inputs.cs!, hiddenOf(inputs), attrs);
    const { hidden } = seq;
    return {
      shapes: [seq.shape(4), carryShape(seq), carryShape(seq)],
      packed: packedBytes(4 * hidden, hidden),
      run: (f, [acts, cs, firstC, kernel, dh, dc], [dx, dFirstC, dFirstH], packed) => {
        packTransposed(f, kernel!, packed, hidden, 4 * hidden);
        const [backC, backH] = [seq.rows(dFirstC!), seq.rows(dFirstH!)];
        seq.clear(f, backC);
        seq.clear(f, backH);
        const order = seq.order();
        for (let s = order.length - 1; s >= 0; s--) {
          const t = order[s]!;
          const [a, d] = [seq.at(acts!, 5, t), seq.at(dx!, 4, t)];
          const before = s === 0 ? seq.rows(firstC!) : seq.at(cs!, 1, order[s - 1]!);
          seq.each(f.lstmBack, [
            ...[0, 1, 2, 3, 4].map((part) => seq.part(a, part)),
            before,
            seq.at(dh!, 1, t),
            backH,
            seq.at(dc!, 1, t),
            backC,
            ...[0, 1, 2, 3].map((part) => seq.part(d, part)),
            backC,
          ]);
          seq.product(f, d, packed, null, backH, 4 * hidden, hidden);
        }
      },
    };
  },
);

/** Each row of `activations` has r, z, n, and the carry's product that r scales. */
const gru = onBoth<SequenceAttrs>(recurrentKernelNames.gru, ["x", "kernel", "h"], (inputs, attrs) => {
  const seq = new Sequence(inputs.x!, hiddenOf(inputs), attrs);
  const { hidden } = seq;
  const gates = packedBytes(hidden, 2 * hidden);
  return {
    shapes: [seq.shape(1), seq.shape(4)],
    packed: gates + packedBytes(hidden, hidden),
    run: (f, [x, kernel, first], [hs, acts], packed) => {
      pack(f, kernel!, packed, hidden, 3 * hidden, 2 * hidden);
      pack(f, kernel!, packed + gates, hidden, 3 * hidden, hidden, 2 * hidden);
      let h = seq.rows(first!);
      for (const t of seq.order()) {
        const [a, given] = [seq.at(acts!, 4, t), seq.at(x!, 3, t)];
        const [r, z, n, p] = [0, 1, 2, 3].map((part) => seq.part(a, part)) as [Rows, Rows, Rows, Rows];
        const next = seq.at(hs!, 1, t);
        seq.product(f, h, packed, given, a, hidden, 2 * hidden);
        seq.product(f, h, packed + gates, null, p, hidden, hidden);
        seq.each(f.logistic, [r, r], 2 * hidden);
        seq.each(f.candidate, [seq.part(given, 2), r, p, n]);
        seq.each(f.tanh, [n, n]);
        seq.each(f.mix, [z, n, h, next]);
        h = next;
      }
    },
  };
});

/** Gives the gradients of x, of the carry's products, and of the first carry. */
const gruGrad = onBoth<SequenceAttrs>(
  recurrentKernelNames.gruGrad,
  ["activations", "hs", "h", "kernel", "dh"],
  (inputs, attrs) => {
    const seq = new Sequence(inputs.hs!, hiddenOf(inputs), attrs);
    const { hidden } = seq;
    return {
      shapes: [seq.shape(3), seq.shape(3), carryShape(seq)],
      packed: packedBytes(3 * hidden, hidden),
      run: (f, [acts, hs, first, kernel, dh], [dx, dp, dFirst], packed) => {
        packTransposed(f, kernel!, packed, hidden, 3 * hidden);
        const back = seq.rows(dFirst!);
        seq.clear(f, back);
        const order = seq.order();
        for (let s = order.length - 1; s >= 0; s--) {
          const t = order[s]!;
          const [a, d, p] = [seq.at(acts!, 4, t), seq.at(dx!, 3, t), seq.at(dp!, 3, t)];
          const before = s === 0 ? seq.rows(first!) : seq.at(hs!, 1, order[s - 1]!);
          seq.each(f.gruBack, [
            ...[0, 1, 2, 3].map((part) => seq.part(a, part)),
            before,
            seq.at(dh!, 1, t),
            back,
            ...[d, p].flatMap((rows) => [0, 1, 2].map((part) => seq.part(rows, part))),
            back,
          ]);
          seq.product(f, p, packed, back, back, 3 * hidden, hidden);
        }
      },
    };
  },
);

const simple = onBoth<SimpleAttrs>(recurrentKernelNames.simple, ["x", "kernel", "h"], (inputs, attrs) => {
  const seq = new Sequence(inputs.x!, hiddenOf(inputs), attrs);
  const { hidden } = seq;
  return {
    shapes: [seq.shape(1)],
    packed: packedBytes(hidden, hidden),
    run: (f, [x, kernel, first], [hs], packed) => {
      pack(f, kernel!, packed, hidden, hidden, hidden);
      let h = seq.rows(first!);
      for (const t of seq.order()) {
        const next = seq.at(hs!, 1, t);
        seq.product(f, h, packed, seq.at(x!, 1, t), next, hidden, hidden);
        if (attrs.residual) seq.each(f.add, [next, h, next]);
        seq.each(f.tanh, [next, next]);
        h = next;
      }
    },
  };
});

const simpleGrad = onBoth<SimpleAttrs>(
  recurrentKernelNames.simpleGrad,
  ["hs", "kernel", "dh"],
  (inputs, attrs) => {
    const seq = new Sequence(inputs.hs!, hiddenOf(inputs), attrs);
    const { hidden } = seq;
    return {
      shapes: [seq.shape(1), carryShape(seq)],
      packed: packedBytes(hidden, hidden),
      run: (f, [hs, kernel, dh], [dx, dFirst], packed) => {
        packTransposed(f, kernel!, packed, hidden, hidden);
        const back = seq.rows(dFirst!);
        seq.clear(f, back);
        for (const t of seq.order().reverse()) {
          const d = seq.at(dx!, 1, t);
          seq.each(f.simpleBack, [seq.at(hs!, 1, t), seq.at(dh!, 1, t), back, d, back]);
          seq.product(f, d, packed, attrs.residual ? back : null, back, hidden, hidden);
        }
      },
    };
  },
);

/** The kernels to register on cpu and wasm when one is first used. */
export const recurrentKernels: readonly KernelConfig[] = [
  ...lstm,
  ...lstmGrad,
  ...gru,
  ...gruGrad,
  ...simple,
  ...simpleGrad,
];
