/** @file What a run asks the engine for, before it is a node of the program. */
import type { Path } from "../path.ts";
import type { KernelInputs, Tensor } from "../tensor.ts";
import type { Work } from "./program.ts";

/** A kernel that the run asked for, with those that its own code asked for. */
export interface KernelCall {
  readonly kind: "kernel";
  readonly name: string;
  readonly inputs: KernelInputs;
  readonly attrs: object;
  readonly path: Path | undefined;
  readonly children: Call[];
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

/** Ops may change the object with the inputs later. */
export const copyOf = (inputs: KernelInputs): KernelInputs =>
  Array.isArray(inputs)
    ? [...(inputs as readonly Tensor[])]
    : { ...(inputs as Readonly<Record<string, Tensor | null | undefined>>) };

/** Whether a call copies an input or output of the kernel around it, which a gradient needs. */
export function isCopyIn(
  { outputs }: KernelCall,
  inputs: readonly (Tensor | null | undefined)[],
  child: Call,
): boolean {
  if (child.kind !== "kernel" || child.name !== "Identity") return false;
  const id = (child.inputs as { x?: Tensor }).x?.id;
  return inputs.some((tensor) => tensor?.id === id) || outputs.some((tensor) => tensor.id === id);
}
