/** @file Models that are nested 10,000 levels deep, or have 100,000 leaves. */
import { describe, expect, it } from "vitest";
import {
  applyPatches,
  clone,
  diffPatches,
  diffState,
  dispose,
  equalGraphDefs,
  filterState,
  findDuplicates,
  graphDefFromJson,
  graphDefToJson,
  hashGraphDef,
  iterModules,
  map,
  mapState,
  merge,
  mergeState,
  Module,
  Param,
  pop,
  printGraphDef,
  recursiveMap,
  registerModule,
  replaceByPure,
  setMetadata,
  split,
  type State,
  state,
  toPure,
  update,
  updateState,
  view,
} from "../index.ts";

class Link extends Module {
  readonly w: Param<number>;
  next: Link | null = null;
  constructor(w: number) {
    super();
    this.w = new Param(w);
  }
}
registerModule("deep.Link", Link);

const levels = 10_000;

function chain(): Link {
  let link = new Link(0);
  for (let i = 1; i < levels; i++) {
    const above = new Link(i);
    above.next = link;
    link = above;
  }
  return link;
}

const last = (root: Link): Link => {
  let link = root;
  while (link.next) link = link.next;
  return link;
};

describe(`${levels} levels`, () => {
  const root = chain();
  const [def, all] = split(root);

  it("do not overflow the stack in functions of models", () => {
    const again = merge(def, all);
    expect(last(again).w.value).toBe(0);
    last(again).w.value = 5;
    update(again, all);
    expect(last(again).w.value).toBe(0);
    update(again, [toPure(all as State)], { strict: true });
    again.eval();
    let modules = 0;
    // Paths of thousands of parts each are not for keeping.
    for (const _ of iterModules(root)) modules++;
    expect(modules).toBe(levels);
    expect(last(clone(root))).not.toBe(last(root));
    expect(last(view(root, {})).w).toBe(last(root).w);
    expect(last(map((_, leaf) => (leaf.value as number) + 1, root)).w.value).toBe(1);
    expect(last(recursiveMap((_, value) => value, root) as Link).w).toBe(last(root).w);
    expect(findDuplicates(root)).toEqual([]);
    setMetadata(again, { tag: "x" });
    expect(last(again).w.metadata).toEqual({ tag: "x" });
    const popped = pop(again, Param);
    expect(state(again)).toEqual({});
    dispose([popped, again]);
  });

  it("do not overflow the stack in functions of definitions", () => {
    const json = graphDefToJson(def);
    expect(equalGraphDefs(graphDefFromJson(json), def)).toBe(true);
    expect(Number.isSafeInteger(hashGraphDef(def))).toBe(true);
    expect(printGraphDef(def).split("\n")).toHaveLength(2 * levels + 1);
  });

  it("do not overflow the stack in functions of States", () => {
    const values = all as State;
    expect(filterState(values, Param).next).toBe(values.next);
    const mapped = mapState((_, leaf) => ({ ...leaf, value: 1 }) as typeof leaf, values);
    expect(mergeState(values, mapped).w).toBe(mapped.w);
    expect(diffState(values, mapped)).toEqual({});
    const step = updateState(values, (draft) => void Reflect.set(draft.w as object, "value", -1));
    expect(step.next).toBe(values.next);
    expect(applyPatches(values, diffPatches(values, step)).next).toBe(values.next);
    expect(replaceByPure(values, toPure(values)).next).toBe(values.next);
  });
});

it("100,000 leaves go through", () => {
  const wide = { items: Array.from({ length: 100_000 }, (_, i) => new Param(i)) };
  const [def, all] = split(wide);
  expect(def.leafCount).toBe(100_000);
  const again = merge(def, all);
  expect(again.items[99_999]?.value).toBe(99_999);
  again.items[7]!.value = -1;
  update(again, all);
  expect(again.items[7]?.value).toBe(7);
});
