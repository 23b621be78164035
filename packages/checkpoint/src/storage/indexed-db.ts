/**
 * @file Files in a browser's database, in pieces: a piece is a record, and a file is there once a
 * record names its pieces.
 */
import { describe } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "../errors.ts";
import type { FileReading, FileWriting, StorageFile, StorageFolder } from "./storage.ts";

/** A file: which save made it, and where its pieces begin. */
interface FileRecord {
  readonly id: string;
  readonly size: number;
  readonly starts: readonly number[];
}

const [files, pieces] = ["files", "pieces"];

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const committed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** All pieces of a save. */
const piecesOf = (id: string): IDBKeyRange => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);

/**
 * Waits until nobody else has the lock, in any tab. Returns what gives it back; nothing where the
 * browser has no locks.
 */
async function lock(name: string): Promise<(() => void) | undefined> {
  // Older browsers have none, whatever the types say.
  const { locks } = globalThis.navigator as Partial<Navigator>;
  if (locks === undefined) return undefined;
  return new Promise((resolve, reject) => {
    // The lock is held until the inner promise is fulfilled.
    locks.request(name, () => new Promise<void>((unlock) => resolve(unlock))).catch(reject);
  });
}

class DatabaseFolder implements StorageFolder {
  readonly name: string;
  private readonly database: string;
  private opening: Promise<IDBDatabase> | undefined;

  constructor(database: string) {
    this.name = `indexedDB:${database}`;
    this.database = database;
  }

  private connected(): Promise<IDBDatabase> {
    if (!("indexedDB" in globalThis)) {
      throw new CheckpointError(
        `${this.name}: expected a browser that has indexed databases, got none. Use file of @nnxjs/checkpoint/node.`,
      );
    }
    this.opening ??= this.connect();
    return this.opening;
  }

  private async connect(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.database, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(files);
      request.result.createObjectStore(pieces);
    };
    try {
      const database = await done(request);
      // Whoever deletes the database does not wait for this page.
      database.onversionchange = () => {
        database.close();
        this.opening = undefined;
      };
      return database;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  private async store(name: string): Promise<IDBObjectStore> {
    return (await this.connected()).transaction(name).objectStore(name);
  }

  async open(file: string): Promise<FileReading | undefined> {
    const record = (await done((await this.store(files)).get(file))) as FileRecord | undefined;
    if (!record) return undefined;
    const name = `${this.name}/${file}`;
    return {
      name,
      size: record.size,
      read: async (position, into) => {
        if (into.length > 0) await this.read(name, record, position, into);
      },
      close: async () => {},
    };
  }

  /** Reads what the pieces that lie there have of the range. */
  private async read(
    name: string,
    { id, starts }: FileRecord,
    position: number,
    into: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const end = position + into.length;
    const store = await this.store(pieces);
    // A piece ends where the next one begins.
    const wanted = starts.filter((start, i) => start < end && (starts[i + 1] ?? Infinity) > position);
    const found = await Promise.all(wanted.map((start) => done(store.get([id, start]))));
    wanted.forEach((start, i) => {
      const piece = found[i] as ArrayBuffer | undefined;
      if (!piece)
        throw new CheckpointError(
          `${name}: expected the file that was opened, got another one in its place. Open it again.`,
        );
      const from = Math.max(position, start);
      const part = new Uint8Array(piece).subarray(from - start, end - start);
      into.set(part, from - position);
    });
  }

  async create(file: string): Promise<FileWriting> {
    const unlock = await lock(`nnxjs ${this.name}`);
    const id = `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    const starts: number[] = [];
    let size = 0;
    const giveUp = async (): Promise<void> => {
      try {
        await this.change([pieces], (store) => void store(pieces).delete(piecesOf(id)));
      } finally {
        unlock?.();
      }
    };
    try {
      // Who has the lock is the only one that writes: pieces of no file are left over.
      if (unlock) await this.removeLeftOvers();
    } catch (error) {
      unlock?.();
      throw error;
    }
    return {
      write: async (position, bytes) => {
        await this.change([pieces], (store) => void store(pieces).put(bytes.slice().buffer, [id, position]));
        starts.push(position);
        size = Math.max(size, position + bytes.length);
      },
      commit: async () => {
        try {
          await this.replace(file, { id, size, starts: starts.sort((a, b) => a - b) });
        } catch (error) {
          await giveUp();
          throw error;
        }
        unlock?.();
      },
      abort: giveUp,
    };
  }

  /** Changes stores in one transaction, lastingly. */
  private async change(
    stores: string[],
    run: (store: (name: string) => IDBObjectStore) => void,
  ): Promise<void> {
    const transaction = (await this.connected()).transaction(stores, "readwrite", { durability: "strict" });
    run((name) => transaction.objectStore(name));
    await committed(transaction);
  }

  private async removeLeftOvers(): Promise<void> {
    const records = (await done((await this.store(files)).getAll())) as FileRecord[];
    const known = new Set(records.map(({ id }) => id));
    const keys = (await done((await this.store(pieces)).getAllKeys())) as [string, number][];
    const leftOver = new Set(keys.map(([id]) => id).filter((id) => !known.has(id)));
    if (leftOver.size === 0) return;
    await this.change([pieces], (store) => {
      for (const id of leftOver) store(pieces).delete(piecesOf(id));
    });
  }

  /** At once: the new file is there, the old one's pieces are not. */
  private replace(file: string, record: FileRecord | undefined): Promise<void> {
    return this.change([files, pieces], (store) => {
      const found = store(files).get(file) as IDBRequest<FileRecord | undefined>;
      found.onsuccess = () => {
        if (found.result) store(pieces).delete(piecesOf(found.result.id));
        if (record) store(files).put(record, file);
        else store(files).delete(file);
      };
    });
  }

  remove(file: string): Promise<void> {
    return this.replace(file, undefined);
  }

  async list(): Promise<string[]> {
    return (await done((await this.store(files)).getAllKeys())).map(String);
  }
}

const named = (where: string, name: unknown): string => {
  if (typeof name === "string" && name !== "") return name;
  throw new CheckpointError(`${where}: expected a name, got ${describe(name)}. Name what is saved.`);
};

/**
 * A checkpoint in the browser's IndexedDB, to save to and to restore from: where there is no OPFS, or
 * it cannot be written to. It is replaced in one transaction.
 * @param name - Of the checkpoint, in the database `nnxjs-checkpoints`.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * if (typeof indexedDB === "object") {
 *   const place = nnx.indexedDb("digits");
 *   await nnx.save(model, place);
 *   await nnx.restore(model, place); // also after the page was closed
 * }
 * ```
 */
export const indexedDb = (name: string): StorageFile => ({
  folder: new DatabaseFolder("nnxjs-checkpoints"),
  file: named("indexedDb", name),
});

/**
 * A database of the browser as a folder, for a `Checkpointer`.
 * @param database - Its name. It is made when something is saved.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * if (typeof indexedDB === "object") {
 *   const checkpointer = new nnx.Checkpointer(nnx.indexedDbDirectory("digits"), { maxToKeep: 3 });
 *   await checkpointer.save(100, { model });
 * }
 * ```
 */
export const indexedDbDirectory = (database: string): StorageFolder =>
  new DatabaseFolder(named("indexedDbDirectory", database));
