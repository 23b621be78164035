/** @file Arbitraries of whole models. */
import { Module, type Variable } from "@nnxjs/nnx-core";
import type { Rngs } from "@nnxjs/rnglib";
import fc from "fast-check";
import type { Tensor } from "../tensor.ts";
import { codeOf, withCode } from "./code.ts";
import { rngs } from "./keys.ts";
import { names, variables } from "./variables.ts";
import type { TensorsOptions } from "./tensors.ts";

/**
 * A module of which {@link models} makes models: it has the attributes that it is given.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { AnyModule, models } from "@nnxjs/testing";
 *
 * fc.sample(models(), 1)[0] instanceof AnyModule; // => true
 * ```
 */
export class AnyModule extends Module {
  [name: string]: unknown;
}

/** What an attribute is to be. */
type Plan =
  | { readonly kind: "module"; readonly attributes: readonly (readonly [name: string, plan: Plan])[] }
  | { readonly kind: "list"; readonly items: readonly Plan[] }
  | { readonly kind: "variable"; readonly variable: Variable<Tensor> }
  | { readonly kind: "streams"; readonly streams: Rngs }
  | { readonly kind: "static"; readonly value: string | number | boolean }
  /** One of the modules and Variables so far: sharing, or a cycle if it is an ancestor. */
  | { readonly kind: "shared"; readonly number: number };

/** Which models {@link models} makes. */
export interface ModelsOptions {
  /** The tensors in them. @defaultValue shapes with up to two axes of up to three elements */
  readonly tensors?: TensorsOptions;
  /** Whether modules and Variables may be reached in several ways. @defaultValue true */
  readonly shared?: boolean;
  /** Whether a module may lead back to itself. Needs `shared`. @defaultValue true */
  readonly cyclic?: boolean;
  /** Whether there may be streams. @defaultValue true */
  readonly streams?: boolean;
}

/** Builds what a plan says, and the code for it. */
class Builder {
  readonly #isCyclic: boolean;
  readonly #made: { readonly value: object; readonly name: string; isOpen: boolean }[] = [];
  readonly #lines: string[] = [];
  #count = 0;

  constructor(isCyclic: boolean) {
    this.#isCyclic = isCyclic;
  }

  /** @returns the value with its code, or undefined where there is nothing to share. */
  build(plan: Plan): { readonly value: unknown; readonly code: string } | undefined {
    switch (plan.kind) {
      case "static":
        return { value: plan.value, code: JSON.stringify(plan.value) };
      case "streams":
        return { value: plan.streams, code: codeOf(plan.streams) };
      case "variable":
        return { value: plan.variable, code: this.#note(plan.variable, codeOf(plan.variable), false) };
      case "list": {
        const items = plan.items.flatMap((each) => this.build(each) ?? []);
        return {
          value: items.map(({ value }) => value),
          code: `[${items.map(({ code }) => code).join(", ")}]`,
        };
      }
      case "shared": {
        const all = this.#made.filter(({ isOpen }) => this.#isCyclic || !isOpen);
        const found = all[plan.number % all.length];
        return found && { value: found.value, code: found.name };
      }
      case "module":
        return this.#module(plan.attributes);
    }
  }

  #note(value: object, code: string, isOpen: boolean): string {
    const name = `v${this.#count++}`;
    this.#made.push({ value, name, isOpen });
    this.#lines.push(`const ${name} = ${code};`);
    return name;
  }

  #module(attributes: readonly (readonly [string, Plan])[]): { value: AnyModule; code: string } {
    const module = new AnyModule();
    const name = this.#note(module, "new AnyModule()", true);
    const entry = this.#made.at(-1)!;
    for (const [key, plan] of attributes) {
      const built = this.build(plan);
      if (!built) continue;
      module[key] = built.value;
      this.#lines.push(`${name}.${key} = ${built.code};`);
    }
    entry.isOpen = false;
    return { value: module, code: name };
  }

  /** The lines so far, with the model as the result. */
  code(name: string): string {
    return `(() => { ${this.#lines.join(" ")} return ${name}; })()`;
  }
}

function plans({
  tensors = { shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }) },
  shared = true,
  streams = true,
}: ModelsOptions) {
  const { module } = fc.letrec<{ module: Plan; attribute: Plan }>((tie) => ({
    module: fc
      .uniqueArray(fc.tuple(names(), tie("attribute")), { maxLength: 4, selector: ([name]) => name })
      .map((attributes) => ({ kind: "module" as const, attributes })),
    attribute: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(1, "relu", true).map((value) => ({ kind: "static" as const, value })),
      variables(tensors).map((variable) => ({ kind: "variable" as const, variable })),
      ...(streams ? [rngs().map((each) => ({ kind: "streams" as const, streams: each }))] : []),
      ...(shared ? [fc.nat({ max: 20 }).map((number) => ({ kind: "shared" as const, number }))] : []),
      tie("module"),
      fc.array(tie("module"), { maxLength: 3 }).map((items) => ({ kind: "list" as const, items })),
    ),
  }));
  return module;
}

/**
 * Models: nested modules with Variables, lists, static attributes and streams; parts may be shared,
 * and a module may lead back to itself. They shrink to a module without attributes. A counterexample
 * prints as code.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { merge, split } from "@nnxjs/nnx";
 * import { areEqual, models } from "@nnxjs/testing";
 *
 * await fc.assert(
 *   fc.asyncProperty(models(), async (model) => areEqual(merge(...split(model)), model)),
 *   { numRuns: 10 },
 * );
 * ```
 */
export const models = (options: ModelsOptions = {}): fc.Arbitrary<AnyModule> =>
  plans(options).map((plan) => {
    const builder = new Builder(options.cyclic ?? true);
    const { value, code } = builder.build(plan)!;
    return withCode(value as AnyModule, builder.code(code));
  });
