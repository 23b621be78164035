/** @file Two copies of this package in one process, as two versions or two bundles make them. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import "../../../../scripts/use-backend.ts";
import {
  capture,
  clone,
  FilterError,
  flattenState,
  grad,
  graphdef,
  Intermediate,
  jit,
  Module,
  Param,
  split,
  state,
  StructureError,
} from "../index.ts";

let other: typeof import("../index.ts");

beforeAll(async () => {
  vi.resetModules();
  other = await import("../index.ts");
});

/** Has a Variable of this copy and a part of another one. */
class Mixed extends Module {
  readonly own = new Param(tf.ones([2]));
  readonly part: unknown;
  constructor(part: unknown) {
    super();
    this.part = part;
  }
}

const parts: Readonly<Record<string, () => unknown>> = {
  "a Variable": () => new other.Param(tf.ones([2])),
  "a module": () => new (class Block extends other.Module {})(),
  "a list with a module": () => [new (class Block extends other.Module {})()],
  "a nested record with a Variable": () => ({ a: [{ b: new other.Param(tf.ones([2])) }] }),
};

describe.each(Object.entries(parts))("%s of another copy", (_name, make) => {
  const model = (): Mixed => new Mixed(make());
  const uses: Readonly<Record<string, (m: Mixed) => unknown>> = {
    state,
    split: (m) => split(m, Param, true),
    graphdef,
    clone,
    grad: (m) => grad((each: Mixed) => tf.sum(each.own.value) as tf.Scalar)(m),
    capture: (m) => capture((each: Mixed) => each.own.value, [Intermediate])(m),
  };

  it.each(Object.entries(uses))("is refused by %s, with its path", (_use, run) => {
    expect(() => run(model())).toThrow(StructureError);
    expect(() => run(model())).toThrow(
      /^(\w+: )?part[\w.]*: expected a part .* of another copy of nnxjs\. Use one/,
    );
  });

  it("is printed", () => {
    expect(String(model())).toContain("Mixed");
  });
});

describe("another copy", () => {
  it("has models that are refused as a whole", () => {
    const model = new other.Param(tf.ones([2]));
    expect(() => state(model as never)).toThrow("(root): expected a part of a model of this copy of nnxjs");
    expect(() => jit((x: unknown) => x)(new (class Block extends other.Module {})() as never)).toThrow(
      "got an instance of Block of another copy of nnxjs",
    );
  });

  it("has classes that select nothing here, and are refused as filters", () => {
    const model = new Mixed(1);
    for (const type of [other.Param, class Own extends other.Param {}]) {
      expect(() => state(model, type as never)).toThrow(FilterError);
      expect(() => state(model, type as never)).toThrow("ofType: expected a class of this copy of nnxjs");
    }
    expect(flattenState(state(model, Param)).map(([path]) => path)).toEqual([["own"]]);
  });
});
