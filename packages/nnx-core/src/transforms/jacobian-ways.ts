/** @file The two ways to a Jacobian: row by row, and column by column. */
import { pulledBack, pushed } from "../autodiff/vjp.ts";
import { isFloat } from "../autodiff/watched-values.ts";
import { isContainer, mapItems } from "../data/containers.ts";
import { describe, GradientError } from "../errors.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { isStateLike } from "../state/check-state.ts";
import { mapValues } from "../state/map.ts";
import { eye, isTensor, reshape, type Tensor, zerosLike } from "../tensor.ts";
import { giveVariableToScope } from "../variable/held-value.ts";
import { Param } from "../variable/variable-types.ts";
import { Variable } from "../variable/variable.ts";
import { vmap } from "./vmap.ts";

/** Takes the rows or columns of a Jacobian: all of the work that differs between the two ways. */
export type Way = (
  where: string,
  f: (...args: unknown[]) => unknown,
  primals: readonly unknown[],
  hasAux: boolean,
) => {
  readonly jacobian: (pick: (gradients: readonly unknown[]) => unknown) => unknown;
  readonly aux: unknown;
  readonly dispose: () => void;
};

/** A pull-back for each element of the value. */
export const reverse: Way = (where, f, primals, hasAux) => {
  const { value, aux, pullBack } = pulledBack(where, f, primals, Param, hasAux);
  const jacobian = (pick: (gradients: readonly unknown[]) => unknown): unknown => {
    refuseOthers(where, value);
    const zero = mapTensors(value, zerosLike);
    let next = 0;
    return mapTensorsToAny(value, (y) => {
      const own = next++;
      const rows = vmap((row: Tensor) => {
        let index = 0;
        return pick(pullBack(mapTensors(zero, (z) => (index++ === own ? row : z)) as never));
      })(basisOf(y));
      return withLeading(rows, y.shape);
    });
  };
  return { jacobian, aux, dispose: () => pullBack.dispose() };
};

/** A push for each element of the arguments. */
export const forward: Way = (where, f, primals, hasAux) => {
  const { value, aux, push, dispose } = pushed(where, f, primals, hasAux);
  const jacobian = (pick: (gradients: readonly unknown[]) => unknown): unknown => {
    refuseOthers(where, value);
    refuseModules(where, primals);
    const zero = primals.map((primal) => mapTensors(primal, zerosLike));
    let next = 0;
    // For each tensor of the arguments, the derivatives in the structure of the value.
    const columns = tensorsIn(primals).map((x) => {
      const own = next++;
      return vmap(
        (column: Tensor) => {
          let index = 0;
          return push(zero.map((each) => mapTensors(each, (z) => (index++ === own ? column : z))));
        },
        { outAxes: -1 },
      )(basisOf(x));
    });
    let output = 0;
    return mapTensorsToAny(value, (y) => {
      const own = output++;
      let input = 0;
      const filled = primals.map((primal) =>
        mapTensors(primal, (x) =>
          reshape(tensorsIn(columns[input++])[own] as Tensor, [...y.shape, ...x.shape]),
        ),
      );
      return pick(filled);
    });
  };
  return { jacobian, aux, dispose };
};

/** One tensor for each element, which is 1 there and 0 elsewhere, along a leading axis. */
const basisOf = (tensor: Tensor): Tensor => reshape(eye(tensor.size), [tensor.size, ...tensor.shape]);

/** The same values, with their leading axis taken apart. */
function withLeading(value: unknown, shape: readonly number[]): unknown {
  const apart = (tensor: Tensor): Tensor => reshape(tensor, [...shape, ...tensor.shape.slice(1)]);
  if (isTensor(value)) return apart(value);
  if (value instanceof Variable)
    return giveVariableToScope(value.copy(mapTensors(value.getRawValue(), apart)));
  if (isStateLike(value)) return mapValues((each: unknown) => mapTensors(each, apart), value);
  return isContainer(value) ? mapItems(value, (item) => withLeading(item, shape)) : value;
}

function mapTensorsToAny(value: unknown, replace: (tensor: Tensor) => unknown): unknown {
  if (isTensor(value)) return replace(value);
  return isContainer(value) ? mapItems(value, (item) => mapTensorsToAny(item, replace)) : value;
}

function refuseOthers(where: string, value: unknown): void {
  const tensors = tensorsIn(value);
  const odd =
    tensors.length === 0 || isStateLike(value)
      ? value
      : tensors.find((tensor) => !isFloat(tensor) || tensor.size === 0);
  if (odd === undefined) return;
  throw new GradientError(
    `${where}: expected the function to return float32 tensors with elements, or arrays and plain objects of these, got ${describe(odd)}. ` +
      "Return the values of a State or Variable, and cast what is not float32.",
  );
}

function refuseModules(where: string, primals: readonly unknown[]): void {
  const odd = primals.find((primal) => {
    const tensors = tensorsIn(primal);
    return (
      tensors.length === 0 ||
      isStateLike(primal) ||
      tensors.some((tensor) => !isFloat(tensor) || tensor.size === 0)
    );
  });
  if (odd === undefined) return;
  throw new GradientError(
    `${where}: expected differentiated arguments of float32 tensors with elements, got ${describe(odd)}. ` +
      "Use jacrev for modules and States, or pass their tensors.",
  );
}
