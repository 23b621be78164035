/** @file Records the run of one slice, to run it for all. What cannot be batched stops it. */
import { NnxError } from "../../errors.ts";
import { type KernelInputs, openOps, type Tensor } from "../../tensor.ts";
import type { HostSlot } from "../host.ts";
import { ProgramRecorder } from "../recorder.ts";
import { HostInput, partsOf } from "../section.ts";
import { isContainer, itemsOf } from "../../data/containers.ts";

/** The scopes of tensorflow.js's ops that draw random numbers: each call gives others. */
const RANDOM = new Set(
  [
    ..."rand,randomGamma,randomNormal,randomStandardNormal,randomUniform,randomUniformInt".split(","),
    ..."truncatedNormal,dropout".split(","),
  ].map((name) => `${name}__op`),
);

/** Records one slice. */
export class SliceRecorder extends ProgramRecorder {
  /** Values of the host that must be the same for all slices. */
  readonly shared: HostSlot[] = [];

  constructor(tensors: readonly Tensor[], refused: (error: NnxError) => void) {
    super({ where: "vmap", tensors, running: () => undefined, refused });
  }

  /** Which branch is taken may differ from slice to slice. */
  override get canBranch(): boolean {
    return false;
  }

  override kernel(
    name: string,
    inputs: KernelInputs,
    attrs: object | undefined,
    run: () => unknown,
  ): unknown {
    if (name === "Multinomial") this.refuseRandom(name);
    return super.kernel(name, inputs, attrs, run);
  }

  override values(values: unknown, shape: readonly number[], dtype: string, make: () => Tensor): Tensor {
    const random = openOps().find((name) => RANDOM.has(name));
    if (random !== undefined) this.refuseRandom(random);
    return super.values(values, shape, dtype, make);
  }

  private refuseRandom(op: string): void {
    this.refuse(
      new NnxError(
        `vmap: expected a function that draws with keys, got one that calls tf.${op.replace("__op", "")}. Use nnx.random.`,
      ),
    );
  }

  /** Host code runs once: the numbers that it gets must be the same for all slices. */
  override runSection<R>(
    inputs: unknown,
    values: unknown,
    run: (inputs: unknown) => R,
  ): readonly [result: R, slots: readonly HostSlot[]] {
    this.share(inputs);
    const result = run(values);
    return [result, partsOf(result).host.map((value) => this.addHost({ kind: "constant", value }))];
  }

  private share(inputs: unknown): void {
    if (inputs instanceof HostInput) this.shared.push(inputs.slot);
    else if (isContainer(inputs)) for (const item of itemsOf(inputs)) this.share(item);
  }
}
