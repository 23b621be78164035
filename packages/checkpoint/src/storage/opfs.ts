/** @file The files that a page of a browser has to itself (the origin private file system). */
import { describe } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "../errors.ts";
import { readingOfBlob } from "./memory.ts";
import type { FileReading, FileWriting, StorageFile, StorageFolder } from "./storage.ts";

const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

/** The steps of a path. */
function partsOf(where: string, path: unknown): string[] {
  const parts = typeof path === "string" ? path.split("/").filter((part) => part !== "") : [];
  if (parts.length > 0 && parts.every((part) => part !== "." && part !== "..")) return parts;
  throw new CheckpointError(
    `${where}: expected a path such as "runs/model.safetensors", got ${describe(path)}. Name a file.`,
  );
}

/** Whether there is such a file system. Node and older browsers lack it, whatever the types say. */
function hasFileSystem(): boolean {
  const { navigator } = globalThis as { navigator?: { storage?: Partial<StorageManager> } };
  return navigator?.storage?.getDirectory !== undefined;
}

class OpfsFolder implements StorageFolder {
  readonly name: string;
  private readonly parts: readonly string[];

  constructor(parts: readonly string[]) {
    this.name = ["opfs:", ...parts].join("/");
    this.parts = parts;
  }

  /** The folder; made, if `create` says so, otherwise `undefined` where there is none. */
  private async handle(create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    if (!hasFileSystem()) {
      throw new CheckpointError(
        `${this.name}: expected a browser that has an origin private file system, got none. Use indexedDb, or file of @nnxjs/checkpoint/node.`,
      );
    }
    let handle = await navigator.storage.getDirectory();
    try {
      for (const part of this.parts) handle = await handle.getDirectoryHandle(part, { create });
    } catch (error) {
      if (!create && isNamed(error, "NotFoundError")) return undefined;
      throw error;
    }
    return handle;
  }

  private async fileHandle(file: string, create: boolean): Promise<FileSystemFileHandle | undefined> {
    try {
      return await (await this.handle(create))?.getFileHandle(file, { create });
    } catch (error) {
      if (!create && isNamed(error, "NotFoundError")) return undefined;
      throw error;
    }
  }

  async open(file: string): Promise<FileReading | undefined> {
    const blob = await (await this.fileHandle(file, false))?.getFile();
    // A file is there, and empty, from when it is named until its first bytes are committed.
    return blob === undefined || blob.size === 0 ? undefined : readingOfBlob(`${this.name}/${file}`, blob);
  }

  async create(file: string): Promise<FileWriting> {
    const handle = (await this.fileHandle(file, true)) as FileSystemFileHandle;
    if (!("createWritable" in handle)) {
      throw new CheckpointError(
        `${this.name}: expected a browser that writes files here, got one that does so in workers only. Use indexedDb.`,
      );
    }
    // The browser writes to another file, and puts it in the place of this one when it is closed.
    const stream = await handle.createWritable();
    return {
      write: (position, data) => stream.write({ type: "write", position, data }),
      commit: () => stream.close(),
      abort: () => stream.abort(),
    };
  }

  async remove(file: string): Promise<void> {
    try {
      await (await this.handle(false))?.removeEntry(file);
    } catch (error) {
      if (!isNamed(error, "NotFoundError")) throw error;
    }
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    const handle = await this.handle(false);
    // It is made when something is saved in it.
    if (handle) for await (const name of handle.keys()) names.push(name);
    return names;
  }
}

/**
 * A file in the browser's storage for this origin (OPFS), to save to and to restore from. It stays
 * until the user clears the site's data, or the browser needs the room: ask for
 * `navigator.storage.persist()`. The browser replaces the old file by the new one when that is
 * whole.
 * @param path - Such as `runs/model.safetensors`. Folders are made.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * if (typeof document === "object") {
 *   const place = nnx.opfs("digits/model.safetensors");
 *   await nnx.save(model, place);
 *   await nnx.restore(model, place); // also after the page was closed
 * }
 * ```
 */
export function opfs(path: string): StorageFile {
  const parts = partsOf("opfs", path);
  return { folder: new OpfsFolder(parts.slice(0, -1)), file: parts.at(-1) as string };
}

/**
 * A folder in the browser's storage for this origin (OPFS), for a `Checkpointer`.
 * @param path - Such as `runs/7`. It is made when something is saved.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * if (typeof document === "object") {
 *   const checkpointer = new nnx.Checkpointer(nnx.opfsDirectory("digits"), { maxToKeep: 3 });
 *   await checkpointer.save(100, { model });
 * }
 * ```
 */
export const opfsDirectory = (path: string): StorageFolder => new OpfsFolder(partsOf("opfsDirectory", path));
