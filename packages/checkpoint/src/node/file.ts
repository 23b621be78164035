/** @file Files on a disk, replaced all at once. */
import { open, type FileHandle, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";
import { NnxError, NotFoundError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { useCrc32 } from "../format/crc32.ts";
import type { FileReading, FileWriting, StorageFile, StorageFolder, UrlLike } from "../storage/storage.ts";

/** Whether it is an error of the system with one of these codes. */
const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? "none");

/** Whether this system's folders can be flushed; Windows' cannot, and need not be. */
const hasFolderSync = process.platform !== "win32";

/** Names in a folder are lasting once the folder was flushed. */
async function syncFolder(folder: string): Promise<void> {
  if (!hasFolderSync) return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems flush no folders.
    if (!isCode(error, "EINVAL", "ENOTSUP", "EPERM")) throw error;
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, name: string, position: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0)
      throw new NnxError(
        `${name}: expected ${into.length} bytes from ${position} on, got ${done}. It became shorter as it was read.`,
      );
    done += bytesRead;
  }
}

async function writeAll(handle: FileHandle, position: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** This machine, in the letters that file names have. */
const host = hostname().replaceAll(/[^\w-]/g, "_");
let count = 0;

/** What names of files end in that are not whole yet. */
const ending = ".nnx-tmp";

/** What a file is called until it is whole: whose it is can be told from the name. */
const temporaryName = (file: string): string =>
  `.${file}.${host}.${process.pid}.${Date.now().toString(36)}${(count++).toString(36)}${ending}`;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, "ESRCH");
  }
};

/** Whether a file was left by a process of this machine that ended before it was whole. */
function isLeftOver(name: string): boolean {
  if (!name.endsWith(ending)) return false;
  const [from, pid] = name.slice(0, -ending.length).split(".").slice(-3);
  return from === host && /^\d+$/.test(pid as string) && !isRunning(Number(pid));
}

const notAFile = "expected a file, got a folder or a device. Name a file.";

/** A folder on a disk. */
class DiskFolder implements StorageFolder {
  readonly name: string;
  readonly id: string;

  constructor(name: string) {
    // Four times as quick as ours; Node has it since 20.15.
    if (typeof zlib.crc32 === "function") useCrc32(zlib.crc32);
    this.name = name;
    // Where the program is then may be another folder.
    this.id = resolve(name);
  }

  async open(file: string): Promise<FileReading | undefined> {
    const name = join(this.name, file);
    let handle: FileHandle;
    try {
      handle = await open(join(this.id, file), "r");
    } catch (error) {
      if (isCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new NnxError(`${name}: ${notAFile}`);
      return {
        name,
        size: stats.size,
        read: (position, into) => fill(handle, name, position, into),
        // A handle that is closed takes another close.
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async create(file: string): Promise<FileWriting> {
    // What a link leads to is replaced, not the link; and a file moves only within a folder.
    const target = await this.targetOf(file);
    const folder = dirname(target);
    await this.removeLeftOvers(folder);
    const temporary = join(folder, temporaryName(basename(target)));
    const handle = await open(temporary, "wx");
    const giveUp = async (): Promise<void> => {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true });
    };
    return {
      write: (position, bytes) => writeAll(handle, position, bytes),
      commit: async () => {
        try {
          await handle.sync();
          await handle.close();
          await rename(temporary, target);
        } catch (error) {
          await giveUp();
          throw error;
        }
        await syncFolder(folder);
      },
      abort: giveUp,
    };
  }

  private async targetOf(file: string): Promise<string> {
    const path = join(this.id, file);
    try {
      const target = await realpath(path);
      if ((await stat(target)).isDirectory()) throw new NnxError(`${path}: ${notAFile}`);
      return target;
    } catch (error) {
      if (isCode(error, "ENOENT")) return path;
      throw error;
    }
  }

  private async removeLeftOvers(folder: string): Promise<void> {
    for (const name of await this.namesIn(folder))
      if (isLeftOver(name)) await rm(join(folder, name), { force: true });
  }

  private async namesIn(folder: string): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (!isCode(error, "ENOENT", "ENOTDIR")) throw error;
      throw new NotFoundError(`${this.name}: expected a folder, got none there. Make it first.`, {
        cause: error,
      });
    }
  }

  async remove(file: string): Promise<void> {
    await rm(join(this.id, file), { force: true });
  }

  list(): Promise<string[]> {
    return this.namesIn(this.id);
  }
}

/** A path, from a path or a `file:` URL. */
function pathOf(where: string, path: unknown): string {
  if (path instanceof URL && path.protocol === "file:") return fileURLToPath(path);
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw new NnxError(`${where}: expected a path or a file: URL, got ${describe(path)}. Name a file.`);
}

/**
 * A file on a disk, to save to and to restore from. Saving writes to another name in the same
 * folder, flushes, and renames: whenever the program or the machine stops, the old checkpoint is
 * there or the new one, and whole. What such a stop leaves behind is removed by the next save. One
 * process at a time may save to a name.
 * @param path - A path or a `file:` URL. The folder must be there.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import * as nnx from "@nnxjs/nnx";
 * import { file } from "@nnxjs/checkpoint/node";
 *
 * const folder = mkdtempSync(`${tmpdir()}/run-`);
 * const path = `${folder}/model.safetensors`;
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * await nnx.save(model, file(path));
 * await nnx.restore(model, file(path));
 * ```
 */
export function file(path: string | UrlLike): StorageFile {
  const found = pathOf("file", path);
  return { folder: new DiskFolder(dirname(found)), file: basename(found) };
}

/**
 * A folder on a disk, for a `Checkpointer`.
 * @param path - A path or a `file:` URL. The folder must be there.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import * as nnx from "@nnxjs/nnx";
 * import { directory } from "@nnxjs/checkpoint/node";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const checkpointer = new nnx.Checkpointer(directory(mkdtempSync(`${tmpdir()}/run-`)));
 * await checkpointer.save(100, { model });
 * await checkpointer.latestStep(); // => 100
 * ```
 */
export const directory = (path: string | UrlLike): StorageFolder => new DiskFolder(pathOf("directory", path));
