/** @file What a disk may do while a file is read or written: less at once, nothing, or an error. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open as openHandle } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Checkpointer, open, restore, save, toBytes } from "../index.ts";
import { directory, file } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "nnx-file-"));
let folder = root;
let path = root;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  path = join(folder, "m");
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(root, { recursive: true, force: true }));

const model = (x: number) => ({ w: new nnx.Param(tf.fill([100], x)) });
const firstOf = ({ w }: ReturnType<typeof model>): unknown => w.value.dataSync()[0];

/** What all open files have in common. */
async function handles(): Promise<FileHandle> {
  const handle = await openHandle(root, "r");
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}
/** The files in the folder that this process has open, where the system says it. */
const openFiles = (): string[] =>
  (existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd") : []).flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`);
      return name.startsWith(folder) ? [name] : [];
    } catch {
      return [];
    }
  });
const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe("reading", () => {
  it("goes on where the disk gives less at once", async () => {
    await save(model(1), file(path));
    const disk = await handles();
    const read = Reflect.get(disk, "read") as (
      this: FileHandle,
      into: Uint8Array,
      at: number,
      length: number,
      position: number,
    ) => Promise<{ bytesRead: number }>;
    const spy = vi.spyOn(disk, "read").mockImplementation(function (this: FileHandle, ...given: unknown[]) {
      const [into, at, length, position] = given as [Uint8Array, number, number, number];
      return read.call(this, into, at, Math.min(length, 300), position);
    } as never);
    const into = model(7);
    await restore(into, file(path));
    expect(firstOf(into)).toBe(1);
    expect(spy.mock.calls.length).toBeGreaterThan(4);
  });

  it("says so where the file became shorter", async () => {
    await save(model(1), file(path));
    const checkpoint = await open(file(path));
    truncateSync(path, readFileSync(path).length - 396);
    await expect(checkpoint.read("w")).rejects.toThrow(
      /m: expected 400 bytes from \d+ on, got 4\. It became shorter/,
    );
    await checkpoint.close();
  });

  it("finds nothing below a file, and passes on what else goes wrong", async () => {
    writeFileSync(path, "text");
    await expect(open(file(join(path, "m")))).rejects.toThrow(nnx.NotFoundError);
    const error: unknown = await open(file(join(folder, "n".repeat(300)))).catch((thrown: unknown) => thrown);
    expect((error as NodeJS.ErrnoException).code).toBe("ENAMETOOLONG");
  });

  it("leaves no file open that was refused", async () => {
    await expect(open(file(folder))).rejects.toThrow(/got a folder or a device/);
    writeFileSync(path, "no checkpoint");
    await expect(open(file(path))).rejects.toThrow(/a header of at most/);
    expect(openFiles()).toEqual([]);
  });
});

describe("writing", () => {
  it("goes on where the disk takes less at once", async () => {
    const disk = await handles();
    const write = Reflect.get(disk, "write") as (
      this: FileHandle,
      bytes: Uint8Array,
      at: number,
      length: number,
      position: number,
    ) => Promise<{ bytesWritten: number }>;
    const spy = vi.spyOn(disk, "write").mockImplementation(function (this: FileHandle, ...given: unknown[]) {
      const [bytes, at, length, position] = given as [Uint8Array, number, number, number];
      return write.call(this, bytes, at, Math.min(length, 300), position);
    } as never);
    await save(model(1), file(path));
    expect(spy.mock.calls.length).toBeGreaterThan(2);
    expect(new Uint8Array(readFileSync(path))).toEqual(await toBytes(model(1)));
  });

  it("flushes the file, then the folder; a folder that cannot be flushed is as well", async () => {
    const sync = vi.spyOn(await handles(), "sync");
    await save(model(1), file(path));
    expect(sync).toHaveBeenCalledTimes(process.platform === "win32" ? 1 : 2);
    for (const code of ["EINVAL", "ENOTSUP", "EPERM"]) {
      sync.mockResolvedValueOnce(undefined).mockRejectedValueOnce(failure(code));
      await save(model(2), file(path));
    }
    sync.mockResolvedValueOnce(undefined).mockRejectedValueOnce(failure("EIO"));
    await expect(save(model(3), file(path))).rejects.toThrow("EIO");
    await save(model(4), file(path));
    expect(openFiles()).toEqual([]);
  });

  it("leaves the old file, and nothing else, where the new one cannot be flushed or put in its place", async () => {
    await save(model(1), file(path));
    const before = readFileSync(path);
    const sync = vi.spyOn(await handles(), "sync").mockRejectedValueOnce(failure("EIO"));
    await expect(save(model(2), file(path))).rejects.toThrow("EIO");
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(["m"]);
    sync.mockRestore();
    const writing = await directory(folder).create("n");
    mkdirSync(join(folder, "n"));
    writeFileSync(join(folder, "n", "inside"), "");
    await expect(writing.commit()).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(["m", "n"]);
    expect(openFiles()).toEqual([]);
  });

  it("gives up as well where somebody removed what was written", async () => {
    const writing = await directory(folder).create("m");
    const [temporary] = readdirSync(folder) as [string];
    expect(temporary).toMatch(/^\.m\..*\.nnx-tmp$/);
    rmSync(join(folder, temporary));
    await writing.abort();
    await writing.abort();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("uses another name for each file that is not whole yet", async () => {
    const place = directory(folder);
    const writings = await Promise.all([place.create("m"), place.create("m"), place.create("m")]);
    expect(readdirSync(folder)).toHaveLength(3);
    for (const writing of writings) await writing.abort();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves alone what only looks like a file that was left", async () => {
    const host = hostname().replaceAll(/[^\w-]/g, "_");
    const others = [
      `.m.${host}.99999999.abc.old-tmp`,
      `.m.${host}.x.abc.nnx-tmp`,
      `.m.${host}.1x.abc.nnx-tmp`,
      `.m.${host}.x99999999.abc.nnx-tmp`,
      `.m.${host}.99999999.nnx-tmp`,
      `.m.${host}.99999999.abc.nnx-tmp.bak`,
    ];
    const left = `.m.${host}.99999999.abc.nnx-tmp`;
    for (const name of [...others, left]) writeFileSync(join(folder, name), "half");
    await save(model(1), file(path));
    expect(readdirSync(folder).sort()).toEqual([...others, "m"].sort());
  });
});

describe("a folder", () => {
  it("that is none is not found, with the reason", async () => {
    writeFileSync(path, "text");
    for (const [place, code] of [
      [path, "ENOTDIR"],
      [join(folder, "none"), "ENOENT"],
    ] as const) {
      const error: unknown = await new Checkpointer(directory(place))
        .allSteps()
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(nnx.NotFoundError);
      expect((error as Error).message).toBe(`${place}: expected a folder, got none there. Make it first.`);
      expect(((error as Error).cause as NodeJS.ErrnoException).code).toBe(code);
    }
  });

  it("that cannot be read says why", async () => {
    const place = directory(join(folder, "n".repeat(300)));
    await expect(new Checkpointer(place).allSteps()).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  });

  it("lets what is removed be gone already", async () => {
    await directory(folder).remove("none");
    await save(model(1), file(path));
    await directory(folder).remove("m");
    expect(existsSync(path)).toBe(false);
  });

  it("is the one that was named, wherever the program is later", () => {
    expect(directory("runs").id).toBe(join(process.cwd(), "runs"));
    expect(directory("runs").name).toBe("runs");
  });

  it.each(["", "a\0b", 5, undefined, new URL("http://example.com/runs")])("is not %j", (place) => {
    expect(() => directory(place as string)).toThrow(/^directory: expected a path or a file: URL, got/);
    expect(() => file(place as string)).toThrow(/^file: expected a path or a file: URL, got/);
  });
});
