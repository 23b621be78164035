/** @file The loss along a line, as line searches see it. */
import { isTensor, type Tensor, tidy, scalarOf } from "@nnxjs/kernels/internal";
import { StructureError, valueAndGrad } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { addScaled, dot, numberIn } from "../../tree/arithmetic.ts";
import { checkAlike, leavesOf, type Tree } from "../../tree/tree.ts";
import type { ExtraArgs } from "../transformation.ts";

/** A point on the line. */
export interface Point {
  readonly stepsize: number;
  /** The loss. */
  readonly value: number;
  /** The slope of the loss along the line. */
  readonly slope: number;
  readonly grad: Tree;
}

/** The line from the parameters in the direction of the updates. */
export class Line {
  /** Where the line begins. */
  readonly start: Point;
  private readonly where: string;
  private readonly params: Tree;
  private readonly updates: Tree;
  private readonly valueFn: (params: Tree) => Tensor;

  /**
   * @throws StructureError unless there are `value`, `grad` and `valueFn`, and updates and gradients
   * like the parameters.
   */
  constructor(where: string, updates: Tree, params: Tree, extra: ExtraArgs = {}) {
    const { value, grad, valueFn } = extra;
    if (value === undefined || grad === undefined || typeof valueFn !== "function") {
      const missing = { value, grad, valueFn: typeof valueFn === "function" ? valueFn : undefined };
      const names = Object.entries(missing).filter(([, x]) => x === undefined);
      throw new StructureError(
        `${where}: expected the extra arguments value, grad and valueFn, got none for ${names.map(([name]) => name).join(", ")}. ` +
          "Call optimizer.update(model, grads, { value, valueFn: (model) => loss }).",
      );
    }
    checkAlike(where, { params, updates, grad });
    this.where = where;
    this.params = params;
    this.updates = updates;
    this.valueFn = valueFn;
    const slope = numberOf(where, () => dot(updates, grad));
    this.start = { stepsize: 0, value: numberIn(where, "value", value), slope, grad };
  }

  /** The loss at a point. */
  valueAt(stepsize: number): number {
    return numberOf(this.where, () => this.loss(this.paramsAt(stepsize)));
  }

  /** The loss, its gradient and its slope at a point. */
  at(stepsize: number): Point {
    let point: Point | undefined;
    tidy(() => {
      const [loss, grad] = valueAndGrad((params: Tree) => this.loss(params))(this.paramsAt(stepsize));
      // Its tensors outlive the scope; the structure of gradients is that of the parameters.
      const gradient = grad as unknown as Tree;
      const slope = scalarOf(dot(gradient, this.updates), this.where, WAITS);
      point = { stepsize, value: scalarOf(loss, this.where, WAITS), slope, grad: gradient };
      return leavesOf(gradient);
    });
    return point as unknown as Point;
  }

  private paramsAt(stepsize: number): Tree {
    return addScaled(this.params, stepsize, this.updates);
  }

  private loss(params: Tree): Tensor {
    const loss: unknown = this.valueFn(params);
    if (isTensor(loss) && loss.size === 1) return loss;
    throw new StructureError(
      `${this.where}: expected valueFn to return a scalar, got ${describe(loss)}. Return the loss, as valueAndGrad takes it.`,
    );
  }
}

const numberOf = (where: string, f: () => Tensor): number => tidy(() => scalarOf(f(), where, WAITS));

/** What a warning says of reads that a line search cannot do without. */
const WAITS = "Each step of a line search depends on the losses before: another optimizer does not wait.";
