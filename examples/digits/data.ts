/** @file Reads the digits. The same 400 images of 0-7 are always held out. */
import { readFileSync } from "node:fs";
import { type Digits, digitsFrom } from "./images.ts";

export const loadDigits = (): Digits =>
  digitsFrom(readFileSync(new URL("data/digits.csv", import.meta.url), "utf8"));
