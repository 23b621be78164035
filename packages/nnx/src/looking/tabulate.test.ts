import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import * as nnx from "../index.ts";

class Block extends nnx.Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;
  constructor(din: number, dout: number, rngs: nnx.Rngs) {
    super();
    this.linear = new nnx.Linear(din, dout, { rngs });
    this.bn = new nnx.BatchNorm(dout, { rngs });
    this.dropout = new nnx.Dropout(0.2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return nnx.relu(this.dropout.forward(this.bn.forward(this.linear.forward(x))));
  }
}

class Two extends nnx.Module {
  readonly block1: Block;
  readonly block2: Block;
  constructor(rngs: nnx.Rngs) {
    super();
    this.block1 = new Block(32, 128, rngs);
    this.block2 = new Block(128, 10, rngs);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.block2.forward(this.block1.forward(x));
  }
}

class Cnn extends nnx.Module {
  readonly convs: nnx.Conv[];
  readonly norm: nnx.LayerNorm;
  readonly out: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.convs = [new nnx.Conv(1, 4, [3, 3], { rngs }), new nnx.Conv(4, 8, [3, 3], { rngs })];
    this.norm = new nnx.LayerNorm(8, { rngs });
    this.out = new nnx.Linear(8, 10, { rngs });
  }
  encode(images: tf.Tensor4D): tf.Tensor {
    const maps = this.convs.reduce((x, conv) => nnx.relu(conv.forward(x)) as tf.Tensor4D, images);
    return this.norm.forward(tf.mean(maps, [1, 2]));
  }
  forward(images: tf.Tensor4D): { logits: tf.Tensor; features: tf.Tensor } {
    const features = this.encode(images);
    return { logits: this.out.forward(features), features };
  }
}

/** One layer under two names, called three times; two of the calls have inputs of the same shape. */
class Shared extends nnx.Module {
  readonly a: nnx.Linear;
  readonly b: nnx.Linear;
  readonly embed: nnx.Embed;
  constructor(rngs: nnx.Rngs) {
    super();
    this.a = new nnx.Linear(3, 3, { rngs });
    this.b = this.a;
    this.embed = new nnx.Embed(7, 3, { rngs });
  }
  forward(tokens: tf.Tensor, mask: tf.Tensor): [tf.Tensor, tf.Tensor] {
    const x = this.embed.forward(tokens);
    return [tf.mul(this.a.forward(this.b.forward(x)), mask), this.a.forward(tf.mean(x, 0))];
  }
}

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly total: readonly string[];
  readonly caption: string;
}

const { cases } = readGolden<{ cases: Record<string, Table> }>("tabulate");

const units = ["B", "KB", "MB", "GB"];
const bytesOf = (bytes: number): string => {
  const unit = [1e9, 1e6, 1e3].findIndex((limit) => bytes > limit);
  return unit < 0 ? `${bytes} B` : `${(bytes / [1e9, 1e6, 1e3][unit]!).toFixed(1)} ${units[3 - unit]}`;
};
const amount = (a: nnx.Amount | undefined): string =>
  a ? `${a.count.toLocaleString("en-US")} (${bytesOf(a.bytes)})` : "";

const shape = (x: unknown): string => {
  if (x instanceof nnx.ShapeDtypeStruct) return `${x.dtype}[${x.shape.join(",")}]`;
  if (Array.isArray(x)) return x.map((item) => `- ${shape(item)}`).join("\n");
  return Object.entries(x as object)
    .map(([key, item]) => `${key}: ${shape(item)}`)
    .sort()
    .join("\n");
};

/** The data of a table as the cells that Flax prints. */
function cellsOf(table: nnx.Tabulation): Table {
  const types = Object.keys(table.totals);
  return {
    head: ["path", "type", "inputs", "outputs", ...types],
    rows: table.rows.map((row) => [
      [...row.path, ...(row.method === "forward" ? [] : [row.method])].join("/"),
      row.className,
      row.inputs.length === 1 ? shape(row.inputs[0]) : shape(row.inputs),
      shape(row.outputs),
      ...types.map((type) => {
        // Flax names the Variables of a module; keys and counts of its streams are deeper.
        const variables = (row.variables[type] ?? []).map(
          (v) => `${v.name}: ${v.dtype}[${v.shape.join(",")}]`,
        );
        const own = variables.length > 0 ? `${variables.join("\n")}\n\n` : "";
        return own + amount(row.amounts[type]);
      }),
    ]),
    total: ["", "", "", "Total", ...types.map((type) => amount(table.totals[type]))],
    caption: `Total Parameters: ${amount(table.total)}`,
  };
}

const rngs = () => new nnx.Rngs(0);

describe("tabulate", () => {
  beforeAll(() => tf.setBackend("cpu"));

  const images = new nnx.ShapeDtypeStruct([2, 8, 8, 1], "float32");

  it.each([
    ["two", () => nnx.tabulate(new Two(rngs()), tf.ones([1, 32]))],
    ["two, depth 1", () => nnx.tabulate(new Two(rngs()), tf.ones([1, 32]), { depth: 1 })],
    ["cnn, encode", () => nnx.tabulate(new Cnn(rngs()), images, { method: "encode" })],
    ["shared", () => nnx.tabulate(new Shared(rngs()), tf.zeros([5], "int32"), tf.ones([5, 1]))],
  ])("has the rows, amounts and totals of Flax: %s", (name, table) => {
    expect(cellsOf(table())).toEqual(cases[name]);
  });

  it("lists a call whose inputs are those of a method that it calls, which Flax leaves out", () => {
    const { rows, ...rest } = cellsOf(nnx.tabulate(new Cnn(rngs()), images));
    const [first, ...others] = rows;
    expect({ rows: others, ...rest }).toEqual(cases.cnn);
    expect(first?.slice(0, 3)).toEqual(["", "Cnn", "float32[2,8,8,1]"]);
  });

  it("computes shapes alone, and leaves the model as it was", () => {
    const model = new Two(rngs());
    const before = nnx.state(model);
    const numbers = tf.memory().numTensors;
    const table = String(nnx.tabulate(model, tf.ones([1, 32])));
    const leaves = nnx.flattenState(nnx.state(model));
    nnx.flattenState(before).forEach(([, leaf], i) => expect(leaves[i]?.[1]).toBe(leaf));
    expect(tf.memory().numTensors).toBe(numbers + 1);
    const abstract = nnx.evalShape(() => new Two(rngs()));
    expect(String(nnx.tabulate(abstract, new nnx.ShapeDtypeStruct([1, 32], "float32")))).toBe(table);
  });

  it("passes objects with other names on to the method, and shows the rows that are asked for", () => {
    const layer = new nnx.Dropout(0.5, { rngs: rngs() });
    const [row] = nnx.tabulate(layer, tf.ones([2]), { deterministic: true }).rows;
    expect(row?.inputs[1]).toEqual({ deterministic: true });
    const rowFilter = ({ className }: nnx.TabulationRow) => className === "Linear";
    const table = nnx.tabulate(new Two(rngs()), tf.ones([1, 32]), { rowFilter });
    expect(table.rows.map(({ path }) => path.join("."))).toEqual(["block1.linear", "block2.linear"]);
  });

  it("prints a table", () => {
    expect(String(nnx.tabulate(new Cnn(rngs()), images, { depth: 1 }))).toMatchSnapshot();
  });

  it("refuses what it cannot call", () => {
    const layer = new nnx.Linear(2, 3, { rngs: rngs() });
    expect(() => nnx.tabulate(tf.ones([2]))).toThrow("tabulate: expected a model, got a float32[2].");
    expect(() => nnx.tabulate(layer, tf.ones([1, 2]), { method: "encode" })).toThrow(
      'tabulate: expected the model to have the method "encode"',
    );
    expect(() => nnx.tabulate(layer, tf.ones([1, 2]), { depth: -1 })).toThrow("tabulate: expected depth");
    expect(() => nnx.tabulate(layer, tf.ones([1, 2]), { rowFilter: 1 })).toThrow(
      "tabulate: expected rowFilter",
    );
    expect(() => nnx.tabulate(layer, tf.ones([1, 3]))).toThrow(/Linear/);
    expect(layer.kernel.value.shape).toEqual([2, 3]);
  });
});
