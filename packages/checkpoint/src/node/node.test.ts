/** @file Files on a disk: replaced at once, in one piece or in shards, whatever stops the program. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { bundled } from "../../test/bundled.ts";
import { bitsOf, Everything } from "../../test/everything.ts";
import { memoryFolder } from "../../test/memory-folder.ts";
import { randomFrom } from "../../test/mutate.ts";
import { Checkpointer, type Metrics, open, restore, save, toBytes } from "../index.ts";
import { directory, file } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "nnx-checkpoint-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});

const param = (...values: number[]): nnx.Param<tf.Tensor> => new nnx.Param(tf.tensor1d(values));

describe("file", () => {
  it("brings every kind of leaf back, by path or URL, and has the bytes of toBytes", async () => {
    const [saved, fresh] = [new Everything(1), new Everything(2)];
    const path = join(folder, "model.safetensors");
    await save(saved, file(path));
    expect(new Uint8Array(readFileSync(path))).toEqual(await toBytes(saved));
    expect(readdirSync(folder)).toEqual(["model.safetensors"]);
    await restore(fresh, file(pathToFileURL(path)));
    expect(bitsOf(fresh)).toEqual(bitsOf(saved));
    nnx.dispose([saved, fresh]);
  });

  it("replaces what was there, what a link leads to, and keeps the permissions of nobody else's", async () => {
    const [real, link] = [join(folder, "real"), join(folder, "link")];
    await save(param(1), file(real));
    symlinkSync(real, link);
    await save(param(2), file(link));
    const into = param(7);
    await restore(into, file(real));
    expect(into.value.dataSync()[0]).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(["link", "real"]);
  });

  it("lets who reads go on reading what was there", async () => {
    const path = join(folder, "m");
    await save({ a: param(1) }, file(path));
    const checkpoint = await open(file(path));
    await save({ a: param(2) }, file(path));
    const old = (await checkpoint.read("a")) as tf.Tensor;
    expect(old.dataSync()[0]).toBe(1);
    await checkpoint.close();
    await checkpoint.close();
    old.dispose();
  });

  it("says what is not there, and refuses what is no file", async () => {
    await expect(restore(param(1), file(join(folder, "none")))).rejects.toThrow(
      /expected a checkpoint at .*none, got no such file, and no none.index.json/,
    );
    await expect(restore(param(1), file(folder))).rejects.toThrow(/got a folder or a device/);
    await expect(save(param(1), file(join(folder, "none", "m")))).rejects.toThrow(nnx.NotFoundError);
    await expect(save(param(1), file(folder))).rejects.toThrow(/expected a file, got a folder/);
    expect(readdirSync(folder)).toEqual([]);
    expect(() => file("")).toThrow(/expected a path or a file: URL/);
    expect(() => file(new URL("https://example.com/m"))).toThrow(/expected a path or a file: URL/);
  });

  it("leaves the old one, and nothing else, when saving fails", async () => {
    const path = join(folder, "m");
    await save(param(1), file(path));
    const before = readFileSync(path);
    const model = param(2, 3);
    const pending = save(model, file(path));
    // A tensor that is gone cannot be written; freeing it behind the State's back is a mistake.
    tf.dispose(model.value);
    await expect(pending).rejects.toThrow();
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(["m"]);
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      await expect(save(param(1), file(path))).rejects.toThrow(/EACCES/);
      chmodSync(folder, 0o700);
    }
  });

  it("removes what a process left that ended before it was done, and nothing of those that run", async () => {
    const host = hostname().replaceAll(/[^\w-]/g, "_");
    // No process has a number above 2^22 by default.
    const dead = `.m.x.${host}.99999999.abc.nnx-tmp`;
    const others = [
      `.m.${host}.${process.pid}.abc.nnx-tmp`,
      `.m.${host}.99999999.abc.tmp`,
      ".m.another_host.99999999.abc.nnx-tmp",
      `${host}.nnx-tmp`,
    ];
    for (const name of [dead, ...others]) writeFileSync(join(folder, name), "half");
    await save(param(1), file(join(folder, "m")));
    expect(readdirSync(folder).sort()).toEqual([...others, "m"].sort());
  });
});

describe("shards", () => {
  const model = (x: number) => ({
    layers: Array.from({ length: 5 }, (_, i) => new nnx.Param(tf.fill([100], x + i))),
    note: new nnx.Variable<unknown>(`of ${x}`),
    large: new nnx.Param(tf.fill([500], x)),
    seen: new nnx.Intermediate<unknown>([tf.fill([60], x), tf.fill([60], -x)]),
  });

  it("are files with an index, none larger than they may be, and give what one file does", async () => {
    const path = join(folder, "model.safetensors");
    const [saved, fresh] = [model(1), model(2)];
    await save(saved, file(path), { maxShardBytes: 1000, metadata: { note: "n" } });
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(5);
    expect(names[0]).toMatch(/^model-[\da-f]{8}-00001-of-00004\.safetensors$/);
    expect(names[4]).toBe("model.safetensors.index.json");
    const index = JSON.parse(readFileSync(join(folder, names[4] as string), "utf8")) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    expect(index.metadata.total_size).toBe(4 * (500 + 500 + 120));
    expect(Object.keys(index.weight_map).sort()).toEqual(
      [...Array.from({ length: 5 }, (_, i) => `layers.${i}`), "large", "seen.0", "seen.1"].sort(),
    );
    expect(index.weight_map["seen.0"]).toBe(index.weight_map["seen.1"]);
    await restore(fresh, file(path));
    expect(bitsOf(fresh)).toEqual(bitsOf(saved));
    const checkpoint = await open(file(`${path}.index.json`));
    expect(checkpoint.metadata).toEqual({ note: "n" });
    expect(checkpoint.keys().length).toBe(8);
    expect(checkpoint.graphdefJson().format).toBe("nnx.graphdef");
    await checkpoint.close();
    // A shard is a file like others.
    const shard = await open(file(join(folder, names[0] as string)));
    expect(shard.keys()).toContain("note");
    await shard.close();
  });

  it("take the place of one another and of a file, and leave nothing behind", async () => {
    const path = join(folder, "m.safetensors");
    const check = async (x: number, files: number): Promise<void> => {
      const into = model(0);
      await restore(into, file(path));
      expect(bitsOf(into)).toEqual(bitsOf(model(x)));
      expect(readdirSync(folder)).toHaveLength(files);
    };
    await save(model(1), file(path), { maxShardBytes: 1000 });
    await check(1, 5);
    await save(model(2), file(path), { maxShardBytes: 2000 });
    await check(2, 4);
    await save(model(3), file(path));
    await check(3, 1);
    await save(model(4), file(path), { maxShardBytes: 1000 });
    await check(4, 5);
    await save(model(5), file(path), { maxShardBytes: 1e9 });
    await check(5, 1);
  });

  it("of several saves to one name at once are those of the last, by whatever path", async () => {
    const path = join(folder, "m");
    const places = [file(path), file(relative(process.cwd(), path)), file(pathToFileURL(path))];
    const models = places.map((_, i) => ({ a: param(i, i, i), b: param(i, i) }));
    await Promise.all(places.map((place, i) => save(models[i], place, i === 1 ? {} : { maxShardBytes: 8 })));
    const into = { a: param(7, 7, 7), b: param(7, 7) };
    await restore(into, file(join(folder, "m")));
    expect([...into.a.value.dataSync(), ...into.b.value.dataSync()]).toEqual([2, 2, 2, 2, 2]);
    expect(readdirSync(folder).length).toBe(3);
    nnx.dispose([models, into]);
  });

  it("are refused when one is missing, of another save, or named outside of the folder", async () => {
    const path = join(folder, "m.safetensors");
    await save(model(1), file(path), { maxShardBytes: 2000 });
    const index = readFileSync(`${path}.index.json`, "utf8");
    const shard = readdirSync(folder).find((name) => name.includes("-00002-of-")) as string;
    const whole = readFileSync(join(folder, shard));
    const refusedAs = async (message: RegExp): Promise<void> => {
      const [into, before] = [model(7), bitsOf(model(7))];
      await expect(restore(into, file(path))).rejects.toThrow(message);
      expect(bitsOf(into)).toEqual(before);
    };
    rmSync(join(folder, shard));
    await refusedAs(/the file m-.* beside it, got no such file/);
    writeFileSync(join(folder, shard), await toBytes({ layers: model(1).layers }));
    await refusedAs(/to be of the same save/);
    writeFileSync(join(folder, shard), whole);
    const edit = async (change: (text: string) => string, message: RegExp): Promise<void> => {
      writeFileSync(`${path}.index.json`, change(index));
      await refusedAs(message);
    };
    await edit((text) => text.replaceAll(shard, `../${shard}`), /a name or a checksum|names of files/);
    await edit((text) => text.replace('"large":', '"large":"x","large":'), /twice/);
    await edit((text) => text.replace(/"total_size":\d+/, '"total_size":5'), /an index of all 8 tensors/);
    await edit((text) => text.replace('"large":', '"larger":'), /larger in .*, got no such tensor/);
    await edit((text) => text.replace(/"nnx.format":"1"/, '"nnx.format":"2"'), /version 1/);
    await edit((text) => text.slice(0, -1), /expected JSON/);
    await edit(() => "[]", /an index: an object with weight_map/);
    await edit(() => "{}", /weight_map to be an object/);
    await edit(() => "\u00ff{", /JSON/);
    writeFileSync(`${path}.index.json`, index);
    const into = model(7);
    await restore(into, file(path));
    expect(bitsOf(into)).toEqual(bitsOf(model(1)));
  });

  it("of other libraries are read by their index", async () => {
    const parts = [{ a: param(1), b: param(2) }, { c: param(3) }];
    for (const [i, part] of parts.entries()) {
      const state = Object.fromEntries(Object.entries(part).map(([key, { value }]) => [key, value]));
      writeFileSync(join(folder, `part${i}.safetensors`), await toBytes(nnx.state(state)));
    }
    writeFileSync(
      join(folder, "model.safetensors.index.json"),
      JSON.stringify({
        metadata: { total_size: 8 },
        weight_map: { a: "part0.safetensors", c: "part1.safetensors" },
      }),
    );
    const into = { a: param(7), c: param(7) };
    await restore(into, file(join(folder, "model.safetensors")), { strict: false });
    expect([into.a.value.dataSync()[0], into.c.value.dataSync()[0]]).toEqual([1, 3]);
  });

  it("stay as they were whenever the storage fails, at each thing that it is asked to do", async () => {
    for (const options of [{}, { maxShardBytes: 1000 }]) {
      let failures = 0;
      for (let budget = 0; ; budget++) {
        const memory = memoryFolder();
        const place = { folder: memory, file: "m.safetensors" };
        await save(model(1), place, { maxShardBytes: 2000 });
        memory.budget = budget;
        const failed = await save(model(2), place, options).then(
          () => false,
          () => true,
        );
        memory.budget = Infinity;
        expect(memory.opened).toBe(0);
        const into = model(0);
        await restore(into, place);
        const got = bitsOf(into);
        const [old, now] = [bitsOf(model(1)), bitsOf(model(2))];
        expect([JSON.stringify(old), JSON.stringify(now)]).toContain(JSON.stringify(got));
        if (!failed) {
          expect(got).toEqual(now);
          break;
        }
        failures++;
      }
      expect(failures).toBeGreaterThan(4);
    }
  });
});

const kills = Number(process.env.NNX_KILLS ?? 10);

describe("a process that is killed while it saves", () => {
  it(`leaves a whole checkpoint, ${kills} times out of ${kills}`, async () => {
    const random = randomFrom(7);
    const program = await bundled("save-in-a-loop", join(root, "save-in-a-loop.cjs"));
    let last = -1;
    for (let i = 0; i < kills; i++) {
      const path = join(folder, "m.safetensors");
      const shard = i % 2 === 0 ? "0" : "900000";
      const child = spawn(process.execPath, [program, path, String(last + 1), shard], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = new Promise((resolve) => child.on("close", resolve));
      const begun = new Promise((resolve) => child.stdout.once("data", resolve));
      expect(String(await Promise.race([begun, ended]))).toBe("begun\n");
      await new Promise((resolve) => setTimeout(resolve, random() * 120));
      child.kill("SIGKILL");
      await ended;
      const into = {
        a: new nnx.Param(tf.zeros([300_000])),
        b: new nnx.Param(tf.zeros([200_000])),
        generation: new nnx.Variable(0),
      };
      await restore(into, file(path));
      const generation = into.generation.value;
      expect(generation).toBeGreaterThan(last);
      for (const { value } of [into.a, into.b])
        expect(value.dataSync().every((x) => x === generation)).toBe(true);
      nnx.dispose(into);
      last = generation;
    }
    // The next save removes what the killed ones left.
    await save(param(1), file(join(folder, "m.safetensors")));
    expect(readdirSync(folder)).toEqual(["m.safetensors"]);
  }, 600_000);
});

describe("a Checkpointer", () => {
  it("keeps steps in a folder that another one goes on with", async () => {
    const model = (x: number) => ({ w: param(x), n: new nnx.Variable(x) });
    const best = { maxToKeep: 2, bestFn: ({ loss }: Metrics) => loss as number, bestMode: "min" } as const;
    const first = new Checkpointer(directory(folder), best);
    expect([await first.latestStep(), await first.bestStep(), await first.allSteps()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    await expect(first.restore(model(0))).rejects.toThrow(/expected a checkpoint in .*, got none/);
    // Not awaited one by one: they are done in order.
    await Promise.all([
      first.save(1, model(1), { metrics: { loss: 0.5 }, metadata: { note: "a" } }),
      first.save(2, model(2), { metrics: { loss: 0.1 } }),
      first.save(3, model(3), { metrics: { loss: Number.NaN } }),
    ]);
    expect(readdirSync(folder).sort()).toEqual(["1.safetensors", "2.safetensors"]);
    const second = new Checkpointer(directory(folder), { ...best, maxShardBytes: 2 });
    expect(await second.metrics(1)).toEqual({ loss: 0.5 });
    expect(await second.bestStep()).toBe(2);
    await second.save(7, model(7), { metrics: { loss: 0.2 } });
    expect(await second.allSteps()).toEqual([2, 7]);
    const into = model(0);
    expect(await second.restore(into, undefined)).toEqual({ missing: [], extra: [] });
    expect(bitsOf(into)).toEqual(bitsOf(model(7)));
    await first.restore(into, 2);
    expect(bitsOf(into)).toEqual(bitsOf(model(2)));
    const made = await first.restore(nnx.graphdef(into), 7);
    expect(made.n.value).toBe(7);
    const checkpoint = await second.open();
    expect(await checkpoint.read("n")).toBe(7);
    await checkpoint.close();
    await expect(second.restore(into, 5)).rejects.toThrow(/expected step 5 .*got the steps 2, 7/);
    await second.delete(7);
    expect(readdirSync(folder)).toEqual(["2.safetensors"]);
    expect(statSync(join(folder, "2.safetensors")).size).toBeGreaterThan(100);
  });

  it("takes what is saved, and its metrics, when it is called", async () => {
    const checkpointer = new Checkpointer(directory(folder));
    const [model, metrics, into] = [param(1), { loss: 1 }, param(9)];
    const saves = [checkpointer.save(1, model, { metrics })];
    model.value = tf.tensor1d([2]);
    metrics.loss = 2;
    saves.push(checkpointer.save(2, model, { metrics }));
    nnx.dispose(model);
    metrics.loss = 3;
    await Promise.all(saves);
    for (const step of [1, 2]) {
      await checkpointer.restore(into, step);
      expect(into.value.dataSync()[0]).toBe(step);
      expect(await new Checkpointer(directory(folder)).metrics(step)).toEqual({ loss: step });
    }
    const count = tf.memory().numTensors;
    await expect(checkpointer.save(2, into)).rejects.toThrow(/expected a step after 2/);
    expect(tf.memory().numTensors).toBe(count);
    nnx.dispose(into);
  });

  it("refuses a step that is no later one, and what is no step, metric or option", async () => {
    const checkpointer = new Checkpointer(directory(folder));
    await checkpointer.save(5, param(1));
    await expect(checkpointer.save(5, param(2))).rejects.toThrow(/expected a step after 5/);
    await expect(checkpointer.save(3, param(2))).rejects.toThrow(/expected a step after 5/);
    await expect(checkpointer.save(1.5, param(1))).rejects.toThrow(
      /expected a step, an integer from 0 on, got 1.5/,
    );
    await expect(checkpointer.save(6, param(1), { metrics: { loss: "1" } } as never)).rejects.toThrow(
      /numbers by name, got "1"/,
    );
    for (const place of [file(join(folder, "m")), folder])
      expect(() => new Checkpointer(place as never)).toThrow(/expected a folder, got/);
    expect(() => new Checkpointer(directory(folder), { maxToKeep: 0 })).toThrow(
      /maxToKeep to be a positive integer/,
    );
    expect(() => new Checkpointer(directory(folder), { bestMode: "min" })).toThrow(/bestFn beside bestMode/);
    expect(() => new Checkpointer(directory(folder), { bestMode: "least" } as never)).toThrow(
      /"max" or "min"/,
    );
    expect(() => new Checkpointer(directory(folder), { maxKeep: 1 } as never)).toThrow(
      /Did you mean maxToKeep/,
    );
    const odd = new Checkpointer(directory(folder), { maxToKeep: 1, bestFn: () => "x" as never });
    await expect(odd.save(6, param(1), { metrics: { loss: 1 } })).rejects.toThrow(
      /bestFn to return a number/,
    );
    expect(await odd.allSteps()).toEqual([5]);
    await expect(new Checkpointer(directory(join(folder, "none"))).allSteps()).rejects.toThrow(
      /expected a folder/,
    );
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});
