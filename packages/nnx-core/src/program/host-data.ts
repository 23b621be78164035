/** @file Which objects are data of the host, as numbers are: keys. */

type IsHostData = (x: object) => boolean;

const kinds: IsHostData[] = [];

/** Registers a kind of objects that are data although they are no tensors. */
export function registerHostData(isKind: IsHostData): void {
  kinds.push(isKind);
}

/** Whether an object is data of the host. */
export const isHostObject = (x: unknown): x is object & { readonly shape?: readonly number[] } =>
  typeof x === "object" && x !== null && kinds.some((isKind) => isKind(x));

/** The kind of a key, in words. */
export const hostKind = ({ shape = [] }: { readonly shape?: readonly number[] }): string =>
  `key [${shape.join()}]`;
