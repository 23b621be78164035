/** @file Runs a random program on the members of an ensemble: by `vmap` in one run, and slice by slice. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import { Random } from "../kernel-fuzz/random.ts";
import { firstOther } from "./compare.ts";
import type { Env } from "./plain-statements.ts";
import { block } from "./statements.ts";
import { Net, Part, ROWS, WIDTH } from "./world.ts";

const MEMBERS = 3;
const CALLS = 2;
/** Sums in another order, and what becomes of them. */
const WITHIN = 1e-3;

/** All leaves of a value, in order: numbers of tensors and keys, and texts of what else there is. */
function leavesOf(value: unknown): (readonly [name: string, leaf: readonly number[] | string])[] {
  const leaf = (name: string, each: unknown): readonly [string, readonly number[] | string] => {
    if (each instanceof tf.Tensor)
      return [`${name} ${each.dtype}[${each.shape.join()}]`, [...each.dataSync()]];
    if (nnx.PRNGKey.isKey(each)) return [`${name} key`, [...nnx.random.keyData(each)].join()];
    return [name, JSON.stringify(each, (_, x: unknown) => (x instanceof tf.Tensor ? leaf("", x) : x))];
  };
  if (!(value instanceof nnx.GraphNode)) return [leaf("result", value)];
  using state = nnx.state(value);
  return nnx.flattenState(state).map(([path, each]) => leaf(path.join("."), nnx.leafValue(each)));
}

function otherLeaf(
  actual: ReturnType<typeof leavesOf>,
  expected: ReturnType<typeof leavesOf>,
): string | undefined {
  for (const [i, [name, wanted]] of expected.entries()) {
    const [own, found] = actual[i] ?? ["nothing", ""];
    if (own !== name) return `${own} in the place of ${name}`;
    const isSame =
      typeof wanted === "string" || typeof found === "string"
        ? found === wanted
        : firstOther(found, wanted, WITHIN) < 0;
    if (!isSame) return `${name} is ${String(found)}, expected ${String(wanted)}`;
  }
  return actual.length === expected.length
    ? undefined
    : `${actual.length} leaves, expected ${expected.length}`;
}

const ensemble = (): Net =>
  nnx.vmap((rngs: nnx.Rngs) => new Net(rngs))(new nnx.Rngs(0, { dropout: 1 }).split(MEMBERS));

/** What is wrong with one program, if anything is. */
export function ensembleFaultOf(seed: number): string | undefined {
  const random = new Random(seed);
  const program = block(random, { depth: random.int(0, 2), isInside: true, mayRestructure: false }, 4);
  const each = (net: Net, part: Part, x: tf.Tensor): tf.Tensor => {
    const env: Env = { net, optimizer: undefined, part, x, results: [] };
    program.run(env);
    return env.x;
  };
  const inTurn = (net: Net, part: Part, x: tf.Tensor): tf.Tensor => {
    // Who reads values sees each slice.
    x.dataSync();
    return each(net, part, x);
  };
  const before = tf.memory().numTensors;
  const inAxes = [0, null, 0] as const;
  const ways = [each, inTurn].map((f) => ({
    run: nnx.vmap(f, { inAxes }),
    net: ensemble(),
    part: new Part(4),
  }));
  const fault = (what: string): string => `${what}\n  program: ${program.text}`;
  try {
    for (let call = 0; call < CALLS; call++) {
      const numbers = Array.from({ length: MEMBERS * ROWS * WIDTH }, () => random.int(-8, 8) / 4);
      const [batched, expected] = ways.map(({ run, net, part }) => {
        const was = [leavesOf(net), leavesOf(part)] as const;
        const x = tf.tensor(numbers, [MEMBERS, ROWS, WIDTH]);
        try {
          const made = nnx.tidy(() => leavesOf(run(net, part, x)));
          return { leaves: [...made, ...leavesOf(net), ...leavesOf(part)], error: undefined, isKept: true };
        } catch (error) {
          const isKept = !otherLeaf(leavesOf(net), was[0]) && !otherLeaf(leavesOf(part), was[1]);
          return { leaves: [], error: error as Error, isKept };
        } finally {
          x.dispose();
        }
      });
      if (!batched!.isKept || !expected!.isKept)
        return fault(`an error changes a model: ${batched!.error?.message}`);
      if (batched!.error || expected!.error) {
        if (batched!.error && expected!.error) return undefined;
        return fault(`one way throws: ${batched!.error?.stack} or ${expected!.error?.stack}`);
      }
      const what = otherLeaf(batched!.leaves, expected!.leaves);
      if (what !== undefined) return fault(`call ${call}: ${what}`);
    }
  } finally {
    for (const { net, part } of ways) {
      const { bare } = net;
      nnx.dispose([net, part]);
      if (!bare.isDisposed) bare.dispose();
    }
  }
  const left = tf.memory().numTensors - before;
  return left === 0 ? undefined : fault(`leaves ${left} tensors`);
}
