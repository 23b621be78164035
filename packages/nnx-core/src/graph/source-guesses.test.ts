/** @file What only sources show: functions tied to the original, and `#private` members. */
import { describe, expect, it } from "vitest";
import { clone, merge, Module, Param, split, StructureError } from "../index.ts";

class Scale extends Module {
  readonly by: Param<number> = new Param(2);
  scale(x: number): number {
    return x * this.by.value;
  }
}

describe("functions tied to one object are refused in copies", () => {
  it.each<[string, (of: Scale) => unknown, string]>([
    ["a list", (of) => [of.scale.bind(of)], "merge at steps.0: .* a bound method \\(in a container\\)"],
    ["a record", (of) => ({ a: of.scale.bind(of) }), "merge at steps.a: .* a bound method"],
    ["a Map", (of) => new Map([["a", of.scale.bind(of)]]), "merge at steps.a: .* a bound method"],
    ["a list in a list", (of) => [[of.scale.bind(of)]], "merge at steps.0.0: .* a bound method"],
  ])("in %s of a module", (_where, steps, message) => {
    class Holder extends Module {
      readonly inner: Scale = new Scale();
      readonly steps: unknown = steps(this.inner);
    }
    expect(() => clone(new Holder())).toThrow(StructureError);
    expect(() => merge(...split(new Holder()))).toThrow(new RegExp(message));
  });

  it("arrow functions with `this` among the steps of a module, as of Sequential", () => {
    class Steps extends Module {
      readonly layers: readonly unknown[];
      constructor(...layers: readonly unknown[]) {
        super();
        this.layers = layers;
      }
    }
    class Holder extends Module {
      readonly inner: Scale = new Scale();
      readonly steps: Steps = new Steps(this.inner, (x: number) => this.inner.scale(x));
    }
    expect(() => clone(new Holder())).toThrow(
      "merge at steps.layers.1: expected attributes that are not tied to one object, got an arrow function with `this` (in a container).",
    );
  });

  it("and others are copied", () => {
    class Holder extends Module {
      readonly steps: readonly unknown[] = [Math.abs, (x: number) => x, Math.max.bind(null, 0)];
    }
    const model = new Holder();
    expect(clone(model).steps).toEqual(model.steps);
  });
});

it("private members are seen in templates too", () => {
  class Named extends Module {
    readonly by: Param<number> = new Param(2);
    #name = "a";
    label(): string {
      return `named ${this.#name}`;
    }
  }
  expect(new Named().label()).toBe("named a");
  expect(() => clone(new Named())).toThrow("got Named with #name");
});
