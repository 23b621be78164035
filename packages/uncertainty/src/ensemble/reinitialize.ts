/** @file Drawing a model's initial values again. */
import { isTensor, ones, type Tensor, tidy, zeros } from "@nnxjs/kernels/internal";
import {
  BatchStat,
  describe,
  formatPath,
  GraphNode,
  NnxError,
  Param,
  type Path,
  type PathPart,
  Variable,
} from "@nnxjs/nnx-core";
import { type Initializer, type PRNGKey, type Rngs, RngStream } from "@nnxjs/rnglib";
import { entriesOf, isContainer } from "../transform/slots.ts";

/** New values for Params whose layer does not say how they were drawn. */
export type InitParam = (path: Path, param: Param<Tensor>, key: PRNGKey) => Tensor;

/**
 * Draws a model anew, in place, in the order in which it was defined: each Param `kernel` with its layer's `kernelInit`, and so on, or with
 * what its layer's method `initializerOf("kernel")` returns, where it has one. Streams
 * start from new keys, running statistics from 0 and `var` from 1; other Variables stay.
 * @throws NnxError for a Param without initializer when there is no `init`.
 */
export function reinitialize(where: string, model: object, rngs: Rngs, init: InitParam | undefined): void {
  const seen = new Set<object>();
  const open: Frame[] = [];
  const enter = (x: object, path: Path): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (x instanceof RngStream) {
      x.key.value = rngs.nextKey(streamFor(rngs, x.tag));
      x.count.value = 0;
    } else open.push({ holder: x, path, entries: entriesOf(x), next: 0 });
  };
  enter(model, []);
  for (let frame = open.at(-1); frame; frame = open.at(-1)) {
    const entry = frame.entries[frame.next++];
    if (entry === undefined) {
      open.pop();
      continue;
    }
    const [key, value] = entry;
    const at = [...frame.path, key as PathPart];
    if (value instanceof GraphNode || isContainer(value)) enter(value, at);
    else if (value instanceof Variable && !seen.has(value)) {
      seen.add(value);
      draw(where, frame.holder, at, value, rngs, init);
    }
  }
}

/** A node or container whose attributes are being gone through. */
interface Frame {
  readonly holder: object;
  readonly path: Path;
  readonly entries: ReturnType<typeof entriesOf>;
  next: number;
}

/** A stream that the caller has no name for starts from the parameters' stream. */
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

/** What the layer says itself, or the initializer beside the Param. */
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
