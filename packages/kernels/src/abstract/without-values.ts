/** @file Runs code on shapes and dtypes alone. */
import {
  type DataType,
  engine,
  getBackend,
  registerKernel,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { AbstractBackend, abstractName } from "./backend.ts";
import type { Attrs, Inputs, Shaped } from "./shape-rule.ts";
import { shapeRules } from "./shapes.ts";

/** The engine's fields for the backend in use. `backendInstance` is private in its types. */
interface BackendEngine {
  backendName: string;
  backendInstance: object | null;
}

let registered = false;

function registerRules(): void {
  if (registered) return;
  registered = true;
  for (const [kernelName, rule] of Object.entries(shapeRules)) {
    const kernelFunc = ({
      inputs,
      attrs,
      backend,
    }: {
      inputs: unknown;
      attrs?: unknown;
      backend: unknown;
    }) => {
      const made = rule(inputs as Inputs, (attrs ?? {}) as Attrs);
      const infoOf = ({ shape, dtype }: Shaped): TensorInfo =>
        (backend as AbstractBackend).info(shape, dtype);
      return Array.isArray(made) ? made.map(infoOf) : infoOf(made as Shaped);
    };
    registerKernel({ kernelName, backendName: abstractName, kernelFunc });
  }
}

/**
 * Runs `f` with tensors that have shapes and dtypes, but no values: ops compute no numbers and take
 * no memory. Tensors that are made in it are of no use afterwards.
 * @throws Error for an op whose shape is not known, and for reading values.
 */
export function withoutValues<R>(f: () => R): R {
  registerRules();
  const own = engine() as unknown as BackendEngine;
  // Makes sure that there is a backend to come back to.
  getBackend();
  const { backendName, backendInstance } = own;
  Object.assign(own, { backendName: abstractName, backendInstance: new AbstractBackend() });
  try {
    return f();
  } catch (error) {
    throw explained(error);
  } finally {
    Object.assign(own, { backendName, backendInstance });
  }
}

function explained(error: unknown): unknown {
  const [, name] =
    (error instanceof Error &&
      /Kernel '(\w+)' not registered for backend 'nnx-abstract'/.exec(error.message)) ||
    [];
  if (name === undefined) return error;
  return new Error(
    `evalShape: expected ops whose shapes are known without values, got ${name}. Leave it out of the function, or run the function itself.`,
    { cause: error },
  );
}

/** The backend in use: the best one, where nobody chose. */
function backendOrAdvice(): unknown {
  try {
    return engine().backend;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("No backend found"))) throw error;
    throw new Error(
      'tensorflow.js: expected a backend, got none. Import one, once, anywhere in the program: import "@tensorflow/tfjs-backend-cpu";.',
      { cause: error },
    );
  }
}

/** The abstract backend, if it is in use. */
export function abstractBackend(): AbstractBackend | undefined {
  const backend = backendOrAdvice();
  return backend instanceof AbstractBackend ? backend : undefined;
}

/** Whether only shapes are computed now. */
export const isAbstract = (): boolean => abstractBackend() !== undefined;

/** A tensor without values. Call it inside of {@link withoutValues}. */
export function tensorWithoutValues(shape: readonly number[], dtype: DataType): Tensor {
  const backend = abstractBackend();
  if (!backend)
    throw new Error(
      "evalShape: expected an open run without values, got none. Tensors of other runs have values.",
    );
  return engine().makeTensorFromTensorInfo(backend.info(shape, dtype));
}
