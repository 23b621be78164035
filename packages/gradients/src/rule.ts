/** @file How to write a rule: what it saves of a call, and how it computes the gradients. */
import { canShare } from "@nnxjs/kernels/internal";
import type { GradConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { dropAbsentInputs, InputsToSave, keepFirstOutput, onNextNode, onTape, Saved } from "./tape.ts";
import { isZero, zero } from "./zero.ts";

/** A gradient rule as tensorflow.js registers it: `registerGradient(rule)`. */
export type GradientRule = GradConfig;

/** What the backward pass of one recorded kernel call can read. */
interface Call<I extends string, S extends string, A> {
  /** The shape of each input; `[]` for an optional input that was not given. */
  readonly shapes: Readonly<Record<I, number[]>>;
  /** The names of the inputs that were given. */
  readonly given: ReadonlySet<I>;
  /** The inputs named in `save` that were given. */
  readonly saved: Readonly<Record<S, Tensor>>;
  /** The output with the number `saveOutput`. */
  readonly output: Tensor;
  /** The gradients of all outputs. The first is `dy`. */
  readonly dys: readonly Tensor[];
  /** The kernel's attributes. */
  readonly attrs: A;
}

/** The parts from which {@link rule} makes a rule for tensorflow.js. */
export interface Recipe<I extends string, S extends string, A> {
  /** The names of the kernel's inputs. */
  readonly inputs: readonly I[];
  /** Inputs that a call may leave out. */
  readonly optional?: readonly I[];
  /** Inputs whose values the backward pass reads. */
  readonly save?: readonly S[];
  /** The number of the output whose values the backward pass reads. */
  readonly saveOutput?: number;
  /** Whether the outputs after the first are for `backward` alone, so that they have no gradients. */
  readonly hasOneResult?: boolean;
  /**
   * Returns one thunk per input. A thunk returns a new float32 tensor in the shape of the input. It
   * must not return `dy` or a saved tensor, because tensorflow.js disposes gradients after adding
   * them up. Only the thunks that are needed run.
   */
  readonly backward: (dy: Tensor, call: Call<I, S, A>) => Readonly<Record<I, () => Tensor>>;
}

type Thunks = Readonly<Record<string, () => Tensor>>;

const none: readonly never[] = [];
const nothing = new Saved();

/**
 * Passes a zero gradient on as zero, even where the derivative is infinite or NaN (JAX's symbolic
 * zeros).
 */
const throughZero = (thunks: Thunks): Record<string, () => Tensor> =>
  Object.fromEntries(
    Object.entries(thunks).map(([name, thunk]) => [name, () => zero(thunk().shape)] as const),
  );

/**
 * Writes the rule of a kernel: `rule<SumAttrs>("Sum")({ inputs: ["x"], backward: … })`.
 * @typeParam A - The kernel's attributes, as tensorflow.js types them.
 */
export const rule =
  <A = unknown>(kernelName: string) =>
  <const I extends string, const S extends I = never>(recipe: Recipe<I, S, A>): GradientRule => {
    const { inputs, optional, save = none, saveOutput, hasOneResult = false, backward } = recipe;
    const all: ReadonlySet<I> = new Set(inputs);
    // State of the call that is being recorded. tensorflow.js reads `inputsToSave`, then
    // `gradFunc`, once for each recorded call and with nothing of another call in between.
    let shapes = {} as Record<I, number[]>;
    let given = all;
    let names = save;
    let kept = nothing;
    const inputsToSave = new InputsToSave((input) => {
      shapes = {} as Record<I, number[]>;
      for (const name of inputs) shapes[name] = input(name)?.shape ?? [];
      if (optional !== undefined) {
        given = new Set(inputs.filter((name) => input(name) != null));
        names = save.filter((name) => given.has(name));
      }
      kept = new Saved();
      kept.isShared = canShare();
      for (const name of names) kept.push(input(name)!);
      return kept;
    });
    return {
      kernelName,
      inputsToSave,
      outputsToSave: saveOutput === undefined ? [] : [...Array<boolean>(saveOutput).fill(false), true],
      get gradFunc() {
        const seen = {
          shapes,
          given,
          names,
          made: kept.outputs[0],
          inputs: kept.isShared ? kept : undefined,
        };
        // Do not keep the tensors of this call alive.
        kept = nothing;
        if (given.size < all.size) onNextNode(dropAbsentInputs);
        if (hasOneResult) onNextNode(keepFirstOutput);
        return (dy: Tensor | Tensor[], tensors: Tensor[], attributes: NamedAttrMap) => {
          const saved = {} as Record<S, Tensor>;
          for (let i = 0; i < seen.names.length; i++) {
            const copy = tensors[i]!;
            saved[seen.names[i]!] = seen.inputs ? onTape(copy, seen.inputs[i]!) : copy;
          }
          const dys = Array.isArray(dy) ? dy : [dy];
          const copy = tensors[seen.names.length]!;
          const thunks: Thunks = backward(dys[0]!, {
            shapes: seen.shapes,
            given: seen.given,
            saved,
            output: seen.made === undefined ? copy : onTape(copy, seen.made),
            dys,
            // The caller writes A beside the kernel's name, so the attributes have this type.
            attrs: attributes as A,
          });
          return dys.every(isZero) ? throughZero(thunks) : { ...thunks };
        };
      },
    };
  };

/**
 * The rule of a kernel whose derivative is zero everywhere: every input receives a zero gradient.
 */
export const zeroRule = (kernelName: string, ...inputs: readonly string[]): GradientRule =>
  rule(kernelName)({
    inputs,
    backward: (_dy, { shapes }) =>
      Object.fromEntries(inputs.map((name) => [name, () => zero(shapes[name]!)] as const)),
  });

/** What the backward pass of one recorded call of a kernel with a list of inputs can read. */
interface ListCall<A> {
  readonly shapes: readonly number[][];
  /** The inputs, where the rule saves them; else none. */
  readonly saved: readonly Tensor[];
  readonly attrs: A;
}

/**
 * The rule of a kernel with a list of inputs. `backward` returns a function that computes the
 * gradient of an input by its number.
 */
export const listRule = <A = unknown>(
  kernelName: string,
  backward: (dy: Tensor, call: ListCall<A>) => (index: number) => Tensor,
  { save = false }: { save?: boolean } = {},
): GradientRule => {
  // Of the call that is being recorded, as in `rule`.
  let shapes: number[][] = [];
  let kept = nothing;
  const inputsToSave = new InputsToSave((input) => {
    shapes = [];
    kept = new Saved();
    kept.isShared = save && canShare();
    for (let i = 0; input(String(i)) !== undefined; i++) {
      const tensor = input(String(i))!;
      shapes.push(tensor.shape);
      if (save) kept.push(tensor);
    }
    return kept;
  });
  return {
    kernelName,
    inputsToSave,
    get gradFunc() {
      const seen = { shapes, inputs: kept.isShared ? kept : undefined };
      kept = nothing;
      return (dy: Tensor | Tensor[], copies: Tensor[], attributes: NamedAttrMap) => {
        const only = dy as Tensor;
        const saved = copies.map((copy, i) => (seen.inputs ? onTape(copy, seen.inputs[i]!) : copy));
        // The caller writes A beside the kernel's name, as in `rule`.
        const gradientOf = backward(only, { shapes: seen.shapes, saved, attrs: attributes as A });
        const thunks = Object.fromEntries(seen.shapes.map((_, i) => [String(i), () => gradientOf(i)]));
        return isZero(only) ? throughZero(thunks) : thunks;
      };
    },
  };
};
