/** @file Runs a random program on two models alike, plain and recorded, and compares after each call. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import { Random } from "../kernel-fuzz/random.ts";
import type { Env } from "./plain-statements.ts";
import { block } from "./statements.ts";
import { type Deed, type Net, type Part, randomDeed, ROWS, WIDTH, World } from "./world.ts";

const CALLS = 6;

/** Everything about a value, to the bit, as text. */
function textOf(value: unknown, seen: Map<object, number> = new Map()): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "function"
      ? `function ${value.name}`
      : Object.is(value, -0)
        ? "-0"
        : String(value);
  if (value instanceof tf.Tensor) {
    if (value.isDisposed) return "disposed";
    // Zeros have either sign: gradients of what does not depend on something are zero in several ways.
    return `${value.dtype}[${value.shape}] ${[...value.dataSync()].join()}`;
  }
  if (nnx.PRNGKey.isKey(value)) return `key ${[...nnx.random.keyData(value)].join()}`;
  // A State has no identity that counts.
  if (value instanceof nnx.GraphNode || value instanceof nnx.Variable) {
    const known = seen.get(value);
    if (known !== undefined) return `#${known}`;
    seen.set(value, seen.size);
  }
  if (value instanceof nnx.Variable) {
    const held = value.isDisposed ? "gone" : textOf(value.getRawValue(), seen);
    return `${value.type.typeName}<${held}|${textOf(value.metadata, seen)}>`;
  }
  const entries =
    value instanceof Map
      ? [...value]
      : value instanceof Set
        ? [...value].map((x) => [x, x])
        : value instanceof nnx.GraphNode
          ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
          : Object.entries(value);
  // Copies of objects without a prototype have one.
  const { name } = (Object.getPrototypeOf(value) as object | null)?.constructor ?? Object;
  return `${name}{${entries.map(([k, v]) => `${String(k)}: ${textOf(v, seen)}`).join(", ")}}`;
}

/** What a program may not do in a recorded function: each is documented. */
const refused: readonly RegExp[] = [
  /expected a number that stays, got one that changes/,
  /expected functions that change values alone in a recorded function/,
  /expected a Variable to keep its (metadata|structure)/,
  /expected a loop that changes what is in its value alone/,
  /expected a function that only computes with tensors, got one that reads the values/,
  /evalShape: expected a function that does not read tensors/,
  /expected a function that (changes only what it gets|gets the values it uses as arguments), got one that/,
  /expected functions that tell nothing to a capture around them/,
  // All branches run.
  /^meant$/,
  /known while the function is recorded, got .* inside of a gradient/,
];

interface Call {
  readonly deeds: readonly Deed[];
  readonly numbers: readonly number[];
  readonly which: number;
  /** Whether the recorded run goes on from a checkpoint then. */
  readonly isSaved: boolean;
}

/** One call, and what came of it. */
function call(
  world: World,
  f: (...args: never[]) => unknown,
  { numbers, which }: Call,
  isTwice: boolean,
): { text: string; error?: Error } {
  let text = "";
  let error: Error | undefined;
  const x = tf.tensor2d([...numbers], [ROWS, WIDTH]);
  const part = which === 0 ? world.part : which === 1 ? world.net.shared : (world.net.child ?? world.part);
  const run = f as (
    net: Net,
    optimizer: World["optimizer"],
    part: Part,
    x: tf.Tensor,
    second: unknown,
  ) => unknown;
  try {
    nnx.tidy(() => {
      const result = run(world.net, world.optimizer, part, x, isTwice ? [world.net, { x }] : undefined);
      text = textOf(result);
    });
  } catch (thrown) {
    error = thrown as Error;
  }
  x.dispose();
  return { text, ...(error && { error }) };
}

const apply = (world: World, deeds: readonly Deed[]): void => {
  for (const { change } of deeds) change(world);
};

/** What is wrong with one program, if anything is. */
export async function faultOf(seed: number): Promise<string | undefined> {
  const random = new Random(seed);
  const program = block(random, { depth: random.int(0, 3), isInside: false, mayRestructure: true }, 4);
  const f = (net: Net, optimizer: World["optimizer"], part: Part, x: tf.Tensor): unknown => {
    const env: Env = { net, optimizer, part, x, results: [] };
    program.run(env);
    return [env.x, ...env.results];
  };
  const calls = Array.from(
    { length: CALLS },
    (_, i): Call => ({
      deeds:
        i > 0 && random.chance(0.5) ? Array.from({ length: random.int(1, 2) }, () => randomDeed(random)) : [],
      numbers: Array.from({ length: ROWS * WIDTH }, () => random.int(-8, 8) / 4),
      which: random.chance(0.8) ? 0 : random.below(3),
      isSaved: random.chance(0.1),
    }),
  );
  const isTwice = random.chance(0.3);
  const kind = random.below(3);
  const tx = (): nnx.GradientTransformation =>
    [nnx.adam(0.1), nnx.sgd(0.1, { momentum: 0.9 }), nnx.adamw((n) => 0.1 / (1 + n))][kind]!;
  const before = tf.memory().numTensors;
  const world = World.of(tx());
  let twin = World.of(tx());
  const recorded = nnx.jit(f);
  const history: string[] = [];
  const fault = (what: string): string =>
    `${what}\n  program: ${program.text}\n  calls: ${history.join(", ")}\n  programs: ${recorded.programs.map(({ reason, replays }) => `${reason} (${replays})`).join(" | ")}`;
  try {
    for (const each of calls) {
      history.push(each.deeds.length > 0 ? each.deeds.map(({ text }) => text).join(" and ") : "-");
      apply(world, each.deeds);
      apply(twin, each.deeds);
      const was = textOf(twin);
      const [wanted, got] = [call(world, f, each, isTwice), call(twin, recorded, each, isTwice)];
      if (got.error) {
        if (textOf(twin) !== was)
          return fault(`changed by an error: ${got.error.message}\n  was ${was}\n  is  ${textOf(twin)}`);
        if (!wanted.error && !refused.some((message) => message.test(got.error!.message)))
          return fault(`throws: ${got.error.stack}`);
        return undefined;
      }
      // A recorded function in a plain program may be refused.
      if (wanted.error && refused.some((message) => message.test(wanted.error!.message))) return undefined;
      if (wanted.error) return fault(`throws when it is plain alone: ${wanted.error.stack}`);
      // A plain call may return what it has let go of.
      if (got.text !== wanted.text && !wanted.text.includes("disposed"))
        return fault(`gives\n  ${got.text}, expected\n  ${wanted.text}`);
      const [model, expected] = [textOf(twin), textOf(world)];
      if (model !== expected) return fault(`leaves\n  ${model}, expected\n  ${expected}`);
      if (!each.isSaved) continue;
      history.push("a checkpoint");
      twin = await twin.restored();
      if (textOf(twin) !== model) return fault(`restores\n  ${textOf(twin)}, expected\n  ${model}`);
    }
  } finally {
    recorded.dispose();
    world.dispose();
    twin.dispose();
  }
  const left = tf.memory().numTensors - before;
  return left === 0 ? undefined : fault(`leaves ${left} tensors`);
}
