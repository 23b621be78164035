/**
 * @file Writes format-1.safetensors: only to begin the next version of the format, for the library
 * must read the file that is there. `node scripts/run.mjs packages/checkpoint/test/programs/write-fixture.ts`
 */
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { fixture } from "../fixture.ts";

const bytes = await nnx.toBytes(fixture(true), { metadata: { note: "ü" } });
writeFileSync(new URL("../format-1.safetensors", import.meta.url), bytes);
