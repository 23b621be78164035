/** @file Draws a model's initial values again. */
import { BatchStat, formatPath, NnxError, Param, type Path, Variable } from "@nnxjs/nnx-core";
import { describe, Walk } from "@nnxjs/nnx-core/internal";
import { type Initializer, type PRNGKey, type Rngs, RngStream } from "@nnxjs/rnglib";
import { isTensor, ones, type Tensor, tidy, zeros } from "@nnxjs/kernels/internal";

/** Returns new values for Params whose layer has no initializer. */
export type InitParam = (path: Path, param: Param<Tensor>, key: PRNGKey) => Tensor;

/**
 * Draws the values of a model again, in place, in the order in which they were defined. A Param
 * `kernel` is drawn with the initializer that its layer's method `initializerOf("kernel")` returns,
 * or else with the layer's `kernelInit`. Streams restart from new keys. Running means restart from
 * 0 and variances (`var`) from 1. Other Variables stay.
 * @throws NnxError for a Param without initializer when there is no `init`.
 */
export function reinitialize(where: string, model: object, rngs: Rngs, init: InitParam | undefined): void {
  const walk = new Walk(model, { order: "defined" });
  while (walk.nextOnce()) {
    const { value, owner } = walk;
    if (value instanceof RngStream) {
      value.key.value = rngs.nextKey(streamFor(rngs, value.tag));
      value.count.value = 0;
    } else if (value instanceof Variable) draw(where, owner?.value ?? model, walk.path(), value, rngs, init);
  }
}

/** A stream for which the caller has no name starts from the `params` stream. */
const streamFor = (rngs: Rngs, tag: string): string =>
  rngs.has(tag) || rngs.has("default") ? tag : "params";

function draw(
  where: string,
  owner: object,
  path: Path,
  variable: Variable,
  rngs: Rngs,
  init: InitParam | undefined,
): void {
  const { value } = variable;
  if (!isTensor(value)) return;
  const { shape } = value;
  if (variable instanceof BatchStat) {
    variable.value = path.at(-1) === "var" ? ones(shape) : zeros(shape);
  } else if (variable instanceof Param) {
    const initializer = initializerOf(owner, String(path.at(-1)));
    if (initializer === undefined && init === undefined) throw unknownInit(where, owner, path);
    const key = rngs.nextKey("params");
    variable.value = tidy(
      () => initializer?.(key, shape, "float32") ?? (init?.(path, variable as Param<Tensor>, key) as Tensor),
    );
  }
}

/** The initializer that the layer returns for this Param, or the attribute beside it. */
function initializerOf(owner: object, name: string): Initializer | undefined {
  const says: unknown = Reflect.get(owner, "initializerOf");
  const found: unknown =
    typeof says === "function" ? says.call(owner, name) : Reflect.get(owner, `${name}Init`);
  return typeof found === "function" ? (found as Initializer) : undefined;
}

const unknownInit = (where: string, owner: object, path: Path): NnxError =>
  new NnxError(
    `${where} at ${formatPath(path)}: expected an initializer ${String(path.at(-1))}Init beside the Param, got none on ` +
      `${describe(owner)}. Pass { init }, or a function that builds a member instead of a model.`,
  );
