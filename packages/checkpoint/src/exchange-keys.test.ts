/** @file Checkpoints have the same leaves, whether Flax or this library wrote them. */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../scripts/golden.ts";
import { nodes, transformations, Two } from "../test/exchange-cases.ts";
import { open, toBytes } from "./index.ts";

/** What a leaf is in a file. */
type Row = readonly [
  key: string,
  kind: string,
  type: string,
  dtype?: string | undefined,
  shape?: readonly number[] | undefined,
];

const golden =
  readGolden<Record<"optimizers" | "nodes", Readonly<Record<string, readonly Row[]>>>>("exchange-keys");

const names: Readonly<Record<string, string>> = {
  F32: "float32",
  I32: "int32",
  U32: "uint32",
  BOOL: "bool",
};

/**
 * A row without what may differ: which dtype a number has is said by its value, texts that are
 * indices are indices here, and a bare array of Flax has no type.
 */
const comparable = ([key, kind, type, dtype, shape]: Row): Row => [
  key.replaceAll(/\\(?=\d)/g, ""),
  kind,
  type === "Variable" ? "" : type,
  kind === "number" ? "" : dtype,
  shape,
];

async function rowsOf(what: object): Promise<Row[]> {
  const checkpoint = await open(await toBytes(what));
  return checkpoint.keys().map((key) => {
    const { kind, type = "", dtype, shape } = checkpoint.info(key);
    return comparable([key, kind, type, dtype && names[dtype], shape]);
  });
}

const byKey = (rows: readonly Row[]): Row[] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

describe("the leaves of", () => {
  it.each(Object.keys(golden.optimizers))("an optimizer are those of Flax: %s", async (name) => {
    const tx = transformations[name] as nnx.GradientTransformation;
    const optimizer = new nnx.Optimizer(new Two(), tx, { wrt: nnx.Param });
    expect(byKey(await rowsOf(optimizer))).toEqual(byKey((golden.optimizers[name] as Row[]).map(comparable)));
  });

  it.each(Object.keys(golden.nodes))("a node are those of Flax: %s", async (name) => {
    const made = (nodes[name] as () => object)();
    expect(byKey(await rowsOf(made))).toEqual(byKey((golden.nodes[name] as Row[]).map(comparable)));
  });
});
