/** @file What a run asks the engine for, before it is a node of the program. */
import type { Path } from "../path.ts";
import type { KernelInputs, Tensor } from "../tensor.ts";
import type { Work } from "./program.ts";

/** A kernel that the run asked for, with those that its own code asked for. */
export interface KernelCall {
  readonly kind: "kernel";
  readonly name: string;
  /** The names of the inputs; missing where the kernel takes a list. */
  readonly names: readonly string[] | undefined;
  /** The inputs that are there. */
  readonly inputs: readonly Tensor[];
  /** All inputs, where host code asked for it. */
  readonly all: readonly (Tensor | null | undefined)[] | undefined;
  readonly attrs: object;
  readonly path: Path | undefined;
  /** Missing where there are none, which is mostly so. */
  children: Call[] | undefined;
  outputs: readonly Tensor[];
  isList: boolean;
}

/** A tensor that the library's own code made or computed. */
interface OtherCall {
  readonly kind: "other";
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly work: Work;
  readonly path: Path | undefined;
}

export type Call = KernelCall | OtherCall;

/** The inputs that are there, with their names where the kernel takes them by name. */
export function inputsOf(inputs: KernelInputs): Pick<KernelCall, "names" | "inputs"> {
  if (Array.isArray(inputs)) return { names: undefined, inputs: [...(inputs as readonly Tensor[])] };
  const named = inputs as Readonly<Record<string, Tensor | null | undefined>>;
  const names = Object.keys(named).filter((name) => named[name] != null);
  // Lists of their final length: a kernel has few inputs, and lists that grow take much more.
  return { names, inputs: names.map((name) => named[name] as Tensor) };
}

/** Whether a call copies an input or output of the kernel around it, which a gradient needs. */
export function isCopyIn({ inputs, outputs }: KernelCall, child: Call): boolean {
  if (child.kind !== "kernel" || child.name !== "Identity") return false;
  const id = child.inputs[0]?.id;
  return inputs.some((tensor) => tensor.id === id) || outputs.some((tensor) => tensor.id === id);
}
