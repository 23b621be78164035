import { expect, it } from "vitest";
import { build, constructTable } from "../test/construct-table.ts";
import { layerTable } from "../test/layer-table.ts";
import { recorded } from "../test/recorded.ts";

it.each(layerTable)("$name keeps its attributes and its definition", ({ make }) => {
  expect(recorded(make())).toMatchSnapshot();
});

it.each(constructTable.map((entry) => [entry.type.name, entry] as const))(
  "%s as its constructor makes it keeps its attributes and its definition",
  (_name, entry) => {
    expect(recorded(build(entry))).toMatchSnapshot();
  },
);
