/**
 * @file Complex numbers and Fourier transforms. tensorflow.js takes float32 gradients only, so the
 * gradient of a complex tensor is on the tape with its real part; its imaginary part waits here,
 * under the identity of the data, which a reshape shares. (Every use of a tensor comes back before
 * the kernel that made it.)
 */
import * as tf from "@tensorflow/tfjs-core";
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import type { GradientRule } from "./rule.ts";
import { InputsToSave, Saved } from "./tape.ts";

const imaginary = new WeakMap<object, Tensor>();

/**
 * Adds to the imaginary part of the gradient of a tensor. To be called outside of thunks: the
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
 * A rule of kernels with one tensor before and one behind them: `backward` may give imaginary
 * parts.
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
  // Not a marked zero: an imaginary part comes with it.
  return tf.zerosLike(dy);
});

/** |z| = sqrt(re² + im²). */
const complexAbs = complexRule("ComplexAbs", "x", true, (dy, { input, saved }) => {
  const [a, b] = [tf.real(saved), tf.imag(saved)];
  const slope = tf.div(dy, tf.sqrt(tf.add(tf.square(a), tf.square(b))));
  give(input, tf.mul(slope, b));
  return tf.mul(slope, a);
});

/** The transpose of the transform: the other one, up to the factor that makes them inverse. */
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
 * `tf.complex`, `tf.real`, `tf.imag`, `tf.abs` of complex numbers, `tf.fft`, `tf.ifft`,
 * `tf.spectral.rfft`: cpu has the kernels, wasm not.
 */
export const complexRules: readonly GradientRule[] = [
  complex,
  real,
  imag,
  complexAbs,
  fourier("FFT", (z, n) => scaled(tf.ifft(z), n)),
  fourier("IFFT", (z, n) => scaled(tf.fft(z), 1 / n)),
];
