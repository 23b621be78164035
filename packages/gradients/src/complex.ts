/**
 * @file Complex numbers and Fourier transforms. tensorflow.js takes only float32 gradients. So the
 * tape carries the real part of a complex tensor's gradient, and this file keeps the imaginary
 * part. The key is the `dataId`, which reshapes share. The backward pass visits every use of a
 * tensor before the kernel that made it, so the part is complete when it is taken.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import type { GradientRule } from "./rule.ts";
import { InputsToSave, Saved } from "./tape.ts";

const imaginary = new WeakMap<object, Tensor>();

/**
 * Adds to the imaginary part of the gradient of a tensor. Call it outside of thunks, because the
 * tensor must outlive them.
 */
function give(data: object, part: Tensor): void {
  const flat = tf.reshape(part, [part.size]);
  const waiting = imaginary.get(data);
  imaginary.set(data, waiting === undefined ? flat : tf.add(waiting, flat));
}

function take(data: object, like: Tensor): Tensor {
  const waiting = imaginary.get(data);
  imaginary.delete(data);
  return waiting === undefined ? tf.zerosLike(like) : tf.reshape(waiting, like.shape);
}

interface Call {
  readonly input: object;
  readonly output: object;
  readonly saved: Tensor;
}

/**
 * A rule for kernels with one input and one output. `backward` may call `give` for the imaginary
 * part of the gradient.
 */
const complexRule = (
  kernelName: string,
  inputName: string,
  save: boolean,
  backward: (dy: Tensor, call: Call) => Tensor,
): GradientRule => {
  let input: object = {};
  let shape: number[] = [];
  let kept = new Saved();
  return {
    kernelName,
    inputsToSave: new InputsToSave((read) => {
      const x = read(inputName)!;
      input = x.dataId;
      shape = x.shape;
      kept = new Saved();
      if (save) kept.push(x);
      return kept;
    }),
    outputsToSave: [true],
    get gradFunc(): GradConfig["gradFunc"] {
      const seen = { input, output: kept.outputs[0]?.dataId ?? {} };
      const inputShape = shape;
      return (dy, saved) => {
        const gradient = backward(dy as Tensor, { ...seen, saved: saved[0]! });
        return { [inputName]: () => tf.reshape(gradient, inputShape) };
      };
    },
  };
};

const real = complexRule("Real", "input", false, (dy) => dy);

const imag = complexRule("Imag", "input", false, (dy, { input }) => {
  give(input, dy);
  // Not `zero`: later rules would skip a marked zero, and this gradient has an imaginary part.
  return tf.zerosLike(dy);
});

/** |z| = sqrt(re² + im²). */
const complexAbs = complexRule("ComplexAbs", "x", true, (dy, { input, saved }) => {
  const [a, b] = [tf.real(saved), tf.imag(saved)];
  const slope = tf.div(dy, tf.sqrt(tf.add(tf.square(a), tf.square(b))));
  give(input, tf.mul(slope, b));
  return tf.mul(slope, a);
});

/** The transpose of a Fourier transform is the inverse one, times a factor. */
const fourier = (kernelName: string, transposed: (z: Tensor, n: number) => Tensor): GradientRule =>
  complexRule(kernelName, "input", false, (dy, { input, output }) => {
    const gradient = transposed(tf.complex(dy, take(output, dy)), dy.shape.at(-1)!);
    give(input, tf.imag(gradient));
    return tf.real(gradient);
  });

const scaled = (z: Tensor, factor: number): Tensor =>
  tf.complex(tf.mul(tf.real(z), factor), tf.mul(tf.imag(z), factor));

const complex: GradientRule = (() => {
  let kept = new Saved();
  return {
    kernelName: "Complex",
    inputsToSave: new InputsToSave(() => {
      kept = new Saved();
      return kept;
    }),
    outputsToSave: [true],
    get gradFunc(): GradConfig["gradFunc"] {
      const output = kept.outputs[0]?.dataId ?? {};
      return (dy) => {
        const part = take(output, dy as Tensor);
        return { real: () => tf.reshape(dy as Tensor, part.shape), imag: () => tf.reshape(part, part.shape) };
      };
    },
  };
})();

/**
 * Rules for `tf.complex`, `tf.real`, `tf.imag`, `tf.abs` of complex numbers, `tf.fft`, `tf.ifft`
 * and `tf.spectral.rfft`. cpu has these kernels; wasm does not.
 */
export const complexRules: readonly GradientRule[] = [
  complex,
  real,
  imag,
  complexAbs,
  fourier("FFT", (z, n) => scaled(tf.ifft(z), n)),
  fourier("IFFT", (z, n) => scaled(tf.fft(z), 1 / n)),
];
