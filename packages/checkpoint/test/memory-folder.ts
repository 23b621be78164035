/** @file A folder in memory that can be told to fail, and remembers what was read. */
import type { FileReading, FileWriting, StorageFolder } from "../src/index.ts";

/** What tests look at, and turn. */
export interface MemoryFolder extends StorageFolder {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** What was read: the file, the first byte, and how many. */
  readonly reads: [file: string, position: number, length: number][];
  /** How many things may be done before everything fails. */
  budget: number;
  /** How many files are open for reading or writing. */
  opened: number;
}

/** @param chunkBytes - How many bytes its files are read in at once. */
export function memoryFolder(chunkBytes?: number): MemoryFolder {
  const spend = (): void => {
    if (folder.budget-- <= 0) throw new Error("the disk is gone");
  };
  const folder: MemoryFolder = {
    name: "memory",
    files: new Map(),
    reads: [],
    budget: Infinity,
    opened: 0,
    open: async (file): Promise<FileReading | undefined> => {
      spend();
      const bytes = folder.files.get(file);
      if (!bytes) return undefined;
      folder.opened++;
      let isOpen = true;
      return {
        name: `memory/${file}`,
        size: bytes.length,
        ...(chunkBytes === undefined ? {} : { chunkBytes }),
        read: async (position, into) => {
          spend();
          folder.reads.push([file, position, into.length]);
          if (position + into.length > bytes.length) throw new Error(`${file} has no such bytes`);
          into.set(bytes.subarray(position, position + into.length));
        },
        close: async () => {
          if (isOpen) folder.opened--;
          isOpen = false;
        },
      };
    },
    create: async (file): Promise<FileWriting> => {
      spend();
      folder.opened++;
      let bytes = new Uint8Array();
      return {
        write: async (position, piece) => {
          spend();
          const whole = new Uint8Array(Math.max(bytes.length, position + piece.length));
          whole.set(bytes);
          whole.set(piece, position);
          bytes = whole;
        },
        commit: async () => {
          folder.opened--;
          spend();
          folder.files.set(file, bytes);
        },
        abort: async () => {
          folder.opened--;
        },
      };
    },
    remove: async (file) => {
      spend();
      folder.files.delete(file);
    },
    list: async () => {
      spend();
      return [...folder.files.keys()];
    },
  };
  return folder;
}
