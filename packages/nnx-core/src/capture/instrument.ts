/** @file Noticing which module runs and what its methods return, on the instances of one capture only. */
import { type Session, whileRunning } from "./session.ts";

type Method = (...args: unknown[]) => unknown;

const namesByPrototype = new WeakMap<object, readonly string[]>();

/** A class's own public methods, and `forward` wherever it comes from. */
function methodNames(prototype: object): readonly string[] {
  const known = namesByPrototype.get(prototype);
  if (known) return known;
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(
      ([name, { value }]) => name !== "constructor" && !name.startsWith("_") && typeof value === "function",
    )
    .map(([name]) => name);
  const inherited = typeof Reflect.get(prototype, "forward") === "function" && !own.includes("forward");
  const names = inherited ? [...own, "forward"] : own;
  namesByPrototype.set(prototype, names);
  return names;
}

/** Wraps the modules' public methods for one capture; returns how to undo that. */
export function instrument(modules: Iterable<object>, session: Session): () => void {
  const undo: (() => void)[] = [];
  for (const module of modules) {
    for (const name of methodNames(Object.getPrototypeOf(module) as object)) {
      const shadowed = Object.getOwnPropertyDescriptor(module, name);
      // An attribute that shadows the method is the model's own business; what another capture put there is wrapped once more.
      if (shadowed?.enumerable) continue;
      const method = Reflect.get(module, name) as Method;
      const noticed: Method = function (this: object, ...args) {
        return session.output(
          module,
          name,
          whileRunning(module, () => method.apply(this, args)),
        );
      };
      // Not enumerable, so the graph does not see it.
      Object.defineProperty(module, name, { value: noticed, configurable: true });
      undo.push(() => {
        if (shadowed) Object.defineProperty(module, name, shadowed);
        else Reflect.deleteProperty(module, name);
      });
    }
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}
