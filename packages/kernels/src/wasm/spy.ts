/** @file What kernels that are traced get in the place of a backend. */
import type { ArrayBackend, HeapBackend } from "../memory/access.ts";

/** What data look like from outside of the functions. */
interface DataMap {
  get(dataId: object): Readonly<Record<string, unknown>> | undefined;
}

/** A backend that tells what else than functions is used. */
export function spyOn(
  backend: HeapBackend | ArrayBackend,
  notes: { refuse(): void; freed(dataId: object): void },
): object {
  const { dataIdMap } = backend as unknown as { readonly dataIdMap: DataMap };
  const known = new Set(["shape", "dtype"]);
  const data: DataMap = {
    get: (dataId) =>
      new Proxy(dataIdMap.get(dataId) ?? {}, {
        get: (target, name) => {
          if (!known.has(String(name))) notes.refuse();
          return target[String(name)];
        },
      }),
  };
  const allowed: Readonly<Record<string, unknown>> = {
    dataIdMap: data,
    disposeData: (dataId: object): boolean => {
      notes.freed(dataId);
      return backend.disposeData(dataId);
    },
  };
  return new Proxy(backend, {
    get: (target, name) => {
      if (Object.hasOwn(allowed, name)) return allowed[String(name)];
      const value = (target as unknown as Readonly<Record<string | symbol, unknown>>)[name];
      // On cpu, what the backend has of tensors is in there.
      if (name === "data") notes.refuse();
      if (typeof value !== "function") return value;
      // Whatever the method does, a plan of calls would not do it.
      notes.refuse();
      return value.bind(target);
    },
  });
}
