/** @file Which objects are data of the host, as numbers are: keys. */

/** A kind of objects that are data although they are no tensors. */
export interface HostData<T extends object = object> {
  readonly isKind: (x: unknown) => x is T;
  /** An equal object. */
  readonly copy: (x: T) => T;
  /**
   * Makes sure that reads of its contents are told to the recorder: of properties, too.
   * @returns a function that ends this.
   */
  readonly watch: (x: T) => () => void;
}

const kinds: HostData[] = [];

/** Registers a kind of objects. */
export function registerHostData<T extends object>(kind: HostData<T>): void {
  // `copy` gets what `isKind` says is one.
  kinds.push(kind as unknown as HostData);
}

/** Whether an object is data of the host. */
export const isHostObject = (x: unknown): x is object & { readonly shape?: readonly number[] } =>
  typeof x === "object" && x !== null && kinds.some(({ isKind }) => isKind(x));

/** An equal object, which is another one. */
export const copyHostObject = (x: object): object => kinds.find(({ isKind }) => isKind(x))?.copy(x) ?? x;

/**
 * Makes an object tell the recorder when its contents are read.
 * @returns a function that ends this.
 */
export const watchHostObject = (x: object): (() => void) | undefined =>
  kinds.find(({ isKind }) => isKind(x))?.watch(x);

/** The kind of a key, in words. */
export const hostKind = ({ shape = [] }: { readonly shape?: readonly number[] }): string =>
  `key [${shape.join()}]`;
