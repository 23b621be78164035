import { expect, it } from "vitest";
import { bytesText, short } from "./format.ts";

it.each([
  [0, "0", "0 B"],
  [260, "260", "260 B"],
  [1000, "1 k", "1 kB"],
  [4684, "4.68 k", "4.68 kB"],
  [10_240_000, "10.2 M", "10.2 MB"],
])("writes %d as %s, and as %s", (count, text, bytes) => {
  expect([short(count), bytesText(count)]).toEqual([text, bytes]);
});
