/**
 * @file What a place has to offer so that checkpoints can be kept in it: a folder of files on a disk,
 * in a browser's storage, or behind a URL.
 */

/**
 * Bytes in an `ArrayBuffer` of their own, never in shared memory. Compilers before TypeScript 5.7 know
 * no type parameter of `Uint8Array`, so that it is written in this way.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** A file that is read. */
export interface FileReading {
  /** For errors: where it is. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** How many bytes are best asked for at once. @defaultValue one MiB */
  readonly chunkBytes?: number;
  /**
   * Fills `into` with the bytes from `position` on. The caller sees to it that the file has them by
   * its size.
   */
  read(position: number, into: Bytes): Promise<void>;
  close(): Promise<void>;
}

/** A file that is written. Nobody sees it before `commit`. */
export interface FileWriting {
  /** Writes bytes to a position. The bytes may change when the promise is fulfilled, not before. */
  write(position: number, bytes: Bytes): Promise<void>;
  /** Puts the file in the place of the one that was there, all at once, and lastingly. */
  commit(): Promise<void>;
  /** Gives up: everything stays as it was. */
  abort(): Promise<void>;
}

/** A place that keeps files by name. */
export interface StorageFolder {
  /** For errors: where it is. */
  readonly name: string;
  /** What all objects that stand for this place have in common. @defaultValue the name */
  readonly id?: string;
  /** The file of this name; `undefined` where there is none. */
  open(file: string): Promise<FileReading | undefined>;
  /** Begins a file that will take the place of the one of this name. */
  create(file: string): Promise<FileWriting>;
  /** Removes a file, if it is there. */
  remove(file: string): Promise<void>;
  /** The names of the files that are there, in no particular order. */
  list(): Promise<string[]>;
}

/** A file of a folder, there or not. */
export interface StorageFile {
  readonly folder: StorageFolder;
  readonly file: string;
}

/** Such as `runs/7/model.safetensors`. */
export const placeOf = ({ folder, file }: StorageFile): string => `${folder.name}/${file}`;

const has = (x: object, name: string): boolean => typeof Reflect.get(x, name) === "function";

export const isStorageFolder = (x: unknown): x is StorageFolder =>
  typeof x === "object" && x !== null && ["open", "create", "remove", "list"].every((name) => has(x, name));

export const isStorageFile = (x: unknown): x is StorageFile =>
  typeof x === "object" &&
  x !== null &&
  "folder" in x &&
  "file" in x &&
  typeof x.file === "string" &&
  isStorageFolder(x.folder);

/** What is needed of a Blob or File; programs without the DOM's types have it too. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What is needed of a URL. */
export interface UrlLike {
  readonly href: string;
  readonly pathname: string;
}
