/** @file Against safetensors itself, orbax, and a file that an earlier version of this library wrote. */
import { readFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../scripts/golden.ts";
import { bitsOf } from "../test/everything.ts";
import { fixture } from "../test/fixture.ts";
import { Checkpointer, type Metrics, open, restore, toBytes } from "./index.ts";
import { memoryFolder } from "../test/memory-folder.ts";

interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: string;
}

interface Golden {
  readonly files: readonly {
    readonly name: string;
    readonly file: string;
    readonly tensors: Readonly<Record<string, Described>>;
  }[];
  readonly verdicts: readonly { readonly name: string; readonly file: string; readonly accepted: boolean }[];
  readonly ours: Readonly<Record<string, Described>>;
  readonly managers: readonly {
    readonly name: string;
    readonly options: { readonly maxToKeep?: number; readonly best?: "max" | "min" };
    readonly saves: readonly {
      readonly step: number;
      readonly loss: number | null;
      readonly all: readonly number[];
      readonly latest: number;
      readonly best: number;
    }[];
  }[];
}

const golden = readGolden<Golden>("checkpoint");
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const format1 = new Uint8Array(readFileSync(new URL("../test/format-1.safetensors", import.meta.url)));

const numpyNames: Readonly<Record<string, string>> = {
  F32: "float32",
  F64: "float64",
  F16: "float16",
  I32: "int32",
  I64: "int64",
  U32: "uint32",
  U8: "uint8",
  BOOL: "bool",
  C64: "complex64",
};

async function describedIn(file: Uint8Array): Promise<Record<string, Described>> {
  const checkpoint = await open(file);
  const found: Record<string, Described> = {};
  for (const key of checkpoint.keys()) {
    const { dtype, shape } = checkpoint.info(key);
    if (dtype === undefined || shape === undefined) continue;
    const bytes = Buffer.from(await checkpoint.readBytes(key)).toString("hex");
    found[key] = { dtype: numpyNames[dtype] as string, shape, bytes };
  }
  return found;
}

describe("files that safetensors wrote", () => {
  it.each(golden.files)("$name: every tensor is there, byte for byte", async ({ file, tensors }) => {
    expect(await describedIn(bytesOf(file))).toEqual(tensors);
  });
});

describe("odd files", () => {
  it.each(golden.verdicts)(
    "$name: taken here only if safetensors takes it",
    async ({ name, file, accepted }) => {
      const stricter = ["key twice", "another field", "a space before", "a boolean of 7"];
      const taken = await open(bytesOf(file))
        .then(
          async (checkpoint) => {
            await Promise.all(checkpoint.keys().map((key) => checkpoint.readBytes(key)));
            return true;
          },
          (error: unknown) => {
            expect(error).toBeInstanceOf(nnx.NnxError);
            return false;
          },
        )
        .catch((error: unknown) => {
          expect(error).toBeInstanceOf(nnx.NnxError);
          return false;
        });
      expect(taken).toBe(accepted && !stricter.includes(name));
    },
  );
});

describe("a file of version 1", () => {
  it("gives safetensors the same tensors", async () => {
    const { seen: _, ...whole } = await describedIn(format1).then((found) => ({ seen: 0, ...found }));
    const ours = Object.fromEntries(Object.entries(golden.ours).filter(([key]) => !key.startsWith("seen.")));
    expect(whole).toEqual(ours);
    expect(Object.keys(golden.ours).filter((key) => key.startsWith("seen."))).toEqual([
      "seen.0",
      "seen.1.deep",
    ]);
  });

  it("restores, now and in every later version", async () => {
    const [made, target] = [fixture(true), fixture(false)];
    expect(await restore(target, format1)).toEqual({ missing: [], extra: [] });
    expect(bitsOf(target)).toEqual(bitsOf(made));
    expect((await open(format1)).metadata).toEqual({ note: "ü" });
    nnx.dispose([made, target]);
  });

  it("is what is written today, but for who wrote it", async () => {
    const made = fixture(true);
    const today = await open(await toBytes(made));
    const then = await open(format1);
    expect(today.keys()).toEqual(then.keys());
    expect(today.keys().map((key) => today.info(key))).toEqual(then.keys().map((key) => then.info(key)));
    expect(today.graphdefJson()).toEqual(then.graphdefJson());
    nnx.dispose(made);
  });
});

describe("what stays of the steps of a run", () => {
  it.each(golden.managers)("is what orbax keeps: $name", async ({ options, saves }) => {
    const { maxToKeep, best } = options;
    const checkpointer = new Checkpointer(memoryFolder(), {
      ...(maxToKeep === undefined ? {} : { maxToKeep }),
      ...(best === undefined ? {} : { bestFn: ({ loss }: Metrics) => loss as number, bestMode: best }),
    });
    const model = new nnx.Variable(0);
    for (const { step, loss, all, latest, best: good } of saves) {
      await checkpointer.save(step, model, loss === null ? {} : { metrics: { loss } });
      expect(await checkpointer.allSteps()).toEqual(all);
      expect([await checkpointer.latestStep(), await checkpointer.bestStep()]).toEqual([latest, good]);
    }
  });
});
