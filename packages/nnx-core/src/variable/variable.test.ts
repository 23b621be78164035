/** @file The rules of Variables. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  Cache,
  clone,
  Intermediate,
  merge,
  Param,
  Perturbation,
  registerVariableName,
  split,
  state,
  update,
  Variable,
  variableNameFromType,
  variableTypeFromName,
} from "../index.ts";

describe("a Variable", () => {
  it.each([5, "text", null, true, [1, { a: 2 }], { deep: { er: [1] } }, new Map([["a", 1]])])(
    "holds any value: %j",
    (value) => {
      const variable = new Variable<unknown>(value);
      expect(variable.value).toBe(value);
      expect(merge(...split({ v: variable })).v.value).toBe(value);
    },
  );

  it("has metadata of its own, frozen, and no default ones", () => {
    const given = { tag: "x" };
    const variable = new Param(1, given);
    given.tag = "changed";
    expect(variable.metadata).toEqual({ tag: "x" });
    expect(Object.isFrozen(variable.metadata)).toBe(true);
    expect(new Param(1).metadata).toEqual({});
  });

  it("gives and takes whole values: shape, dtype and type are the user's business", () => {
    const variable = new Param<unknown>(tf.zeros([2]));
    const next = tf.ones([3, 3], "int32");
    variable.value = next;
    expect(variable.value).toBe(next);
    variable.value = "text";
    expect(variable.getRawValue()).toBe("text");
  });

  it("does not take attributes for metadata", () => {
    const variable = new Param(1, { tag: "x" });
    expect("tag" in variable).toBe(false);
    expect(variable.getMetadata("tag")).toBe("x");
  });

  it("reads, merges, replaces and removes metadata", () => {
    const variable = new Param(1, { a: 1, b: 2 });
    variable.setMetadata({ b: 3, c: 4 });
    expect(variable.metadata).toEqual({ a: 1, b: 3, c: 4 });
    expect([variable.hasMetadata("a"), variable.hasMetadata("z")]).toEqual([true, false]);
    expect(variable.getMetadata("z", 9)).toBe(9);
    expect(() => variable.getMetadata("z")).toThrow(
      /Param.getMetadata: expected one of \{a, b, c\}, got "z"/,
    );
    variable.deleteMetadata("a");
    variable.deleteMetadata("not there");
    expect(variable.metadata).toEqual({ b: 3, c: 4 });
    variable.replaceMetadata({ only: true });
    expect(variable.metadata).toEqual({ only: true });
  });

  it("copies itself, with another value or more metadata, and takes over those of its type", () => {
    const variable = new Param<number | undefined>(1, { a: 1 });
    const copy = variable.copy();
    expect(copy).not.toBe(variable);
    expect([copy.type, copy.value, copy.metadata]).toEqual([Param, 1, { a: 1 }]);
    expect(variable.replace(5, { b: 2 })).toEqual(new Param(5, { a: 1, b: 2 }));
    expect(variable.copy(undefined).value).toBe(undefined);
    copy.copyFrom(new Param(7, { z: 1 }));
    expect([copy.value, copy.metadata]).toEqual([7, { z: 1 }]);
    expect(() => copy.copyFrom(new BatchStat(1) as unknown as Param<number>)).toThrow(
      /Param.copyFrom: expected a Param, got an instance of BatchStat/,
    );
  });

  it("compares type and metadata with another, values aside", () => {
    const a = new Param(1, { axes: ["x"], f: Math.sin });
    expect(a.isLike(new Param(2, { f: Math.sin, axes: ["x"] }))).toBe(true);
    expect(a.isLike(new Param(1, { axes: ["y"], f: Math.sin }))).toBe(false);
    expect(a.isLike(new BatchStat(1, { axes: ["x"], f: Math.sin }))).toBe(false);
    expect(new Param(1).isLike(new Variable(1))).toBe(false);
  });

  it("is no value: computing goes through `.value`", () => {
    const variable = new Param(tf.scalar(2));
    expect((tf.mul(variable.value, variable.value) as tf.Scalar).arraySync()).toBe(4);
  });

  it("comes back from a leaf as it was, past constructor and overrides", () => {
    const leaf = new Param(1, { a: 1 }).toState();
    expect(leaf).toEqual({ type: Param, value: 1, metadata: { a: 1 } });
    const param = new Param(1);
    expect(param.toState()).toBe(param.toState());
    const before = param.toState();
    param.setMetadata({ x: 1 });
    expect(param.toState()).not.toBe(before);
    expect(before.metadata).toEqual({});
  });

  it("lets subclasses decide what is created, read and written", () => {
    class Box extends Variable<number> {
      static override readonly typeName: string = "Box";
      override createValue(value: number): number {
        return value * 10;
      }
      override getValue(): number {
        return this.getRawValue() + 1;
      }
      override setValue(next: number): void {
        this.setRawValue(next - 1);
      }
    }
    const box = new Box(1);
    expect([box.getRawValue(), box.value]).toEqual([10, 11]);
    box.value = 5;
    expect([box.getRawValue(), box.value]).toEqual([4, 5]);
    // Neither copies nor States nor updates run them.
    expect([box.copy().getRawValue(), clone(box).getRawValue()]).toEqual([4, 4]);
    const values = state({ box });
    expect(values.box.value).toBe(4);
    update({ box }, values);
    expect(box.getRawValue()).toBe(4);
    expect(merge(...split({ box })).box).toBeInstanceOf(Box);
  });

  it("prints its type and what it holds", () => {
    const variable = new Param(tf.zeros([2, 3]));
    expect(String(variable)).toBe("Param(a float32[2,3])");
    variable.dispose();
    expect(String(variable)).toBe("Param(disposed)");
    expect(() => variable.value).toThrow(/Param.value: expected a live Variable, got one that was disposed/);
    variable.dispose();
    expect(variable.isDisposed).toBe(true);
  });
});

describe("what is no options or metadata", () => {
  it.each([["kernel"], [3], [["a"]], [new Map()]])("is refused: %s", (given) => {
    const metadata = given as unknown as { tag: string };
    const message = /^Param: expected metadata by name, got .*Pass an object/;
    const param = new Param(1);
    expect(() => new Param(1, metadata)).toThrow(message);
    expect(() => param.setMetadata(metadata)).toThrow(message);
    expect(() => param.replaceMetadata(metadata)).toThrow(message);
    expect(() => param.copy(1, metadata)).toThrow(message);
    expect(param.metadata).toEqual({});
  });

  it("is refused by the registry, as are classes of something else", () => {
    const options = { allowRegsiter: true } as object;
    expect(() => variableTypeFromName("unknown_name", options)).toThrow(
      'variableTypeFromName: expected options among {allowRegister, base}, got "allowRegsiter". Did you mean allowRegister?',
    );
    expect(() => registerVariableName("some_name", Param, { force: true } as object)).toThrow(
      'registerVariableName: expected options among {overwrite}, got "force"',
    );
    expect(() => registerVariableName("some_name", Map as unknown as typeof Param)).toThrow(
      "registerVariableName: expected a class of Variables, got the function or class Map",
    );
    const base = Map as unknown as typeof Param;
    expect(() => variableTypeFromName("some_name", { allowRegister: true, base })).toThrow(
      "variableTypeFromName: expected a class of Variables",
    );
  });
});

describe("types and names", () => {
  it("form Flax's tree", () => {
    expect(Object.getPrototypeOf(Perturbation)).toBe(Intermediate);
    for (const type of [Param, BatchStat, Cache, Intermediate])
      expect(Object.getPrototypeOf(type)).toBe(Variable);
    expect([Param, BatchStat, Cache, Intermediate, Perturbation].map((type) => type.typeName)).toEqual([
      "Param",
      "BatchStat",
      "Cache",
      "Intermediate",
      "Perturbation",
    ]);
  });

  it.each([
    ["params", Param],
    ["batch_stats", BatchStat],
    ["cache", Cache],
    ["intermediates", Intermediate],
    ["perturbations", Perturbation],
  ])("are registered under Flax's names: %s", (name, type) => {
    expect(variableTypeFromName(name)).toBe(type);
    expect(variableNameFromType(type)).toBe(name);
  });

  it("may be registered, or made for a name", () => {
    class Special extends Param<number> {}
    expect(() => variableNameFromType(Special)).toThrow(/expected a registered class/);
    registerVariableName("special_for_test", Special);
    expect(variableTypeFromName("special_for_test")).toBe(Special);
    expect(() => registerVariableName("special_for_test", Param)).toThrow(
      /expected a free name, got "special_for_test"/,
    );
    registerVariableName("special_for_test", Cache, { overwrite: true });
    expect(variableTypeFromName("special_for_test")).toBe(Cache);
    expect(() => variableTypeFromName("nobody_has_this")).toThrow(/allowRegister/);
    const made = variableTypeFromName("made_for_test", { allowRegister: true, base: Intermediate });
    expect(made.prototype).toBeInstanceOf(Intermediate);
    expect(made.typeName).toBe("made_for_test");
    expect(variableTypeFromName("made_for_test")).toBe(made);
  });
});
