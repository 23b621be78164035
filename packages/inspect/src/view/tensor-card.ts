/** @file One tensor: its picture, its histogram, its numbers, and buttons that copy. */
import type { Numbers, Picture } from "../format/report-data.ts";
import { copy } from "./clipboard.ts";
import { gradientOf, type Scale } from "./colors.ts";
import { button, choice, h } from "./dom.ts";
import { figure, percent, shapeText, short } from "./format.ts";
import { HeatMap } from "./heat-map.ts";
import { histogramOf } from "./histogram.ts";
import { type Item, numbersAt, pictureAt } from "./items.ts";
import { planeOf, type Roles, usualRoles } from "./layout.ts";
import type { Store } from "./store.ts";
import { valuesText } from "./values-text.ts";

export interface CardOptions {
  readonly title: string;
  /** Cuts the first axis at this row of the batch, and leaves it out of the choices. */
  readonly row?: number;
  /** Whether numbers and histogram are left out. */
  readonly isSmall?: boolean;
}

export interface Card {
  readonly element: HTMLElement;
  refresh(): void;
}

const roleNames = [
  ["row", "Rows"],
  ["column", "Columns"],
  ["facetRow", "Facets down"],
  ["facetColumn", "Facets across"],
] as const;

function notesOf(picture: Picture, shape: readonly number[], isFrame: boolean, isSmall: boolean): string {
  const values = picture.block.reduce((product, block) => product * block, 1);
  const notes: string[] = [];
  if (values > 1)
    notes.push(
      isFrame
        ? `Each cell is one of ${picture.block.join(" × ")} values.`
        : `Each cell is the value furthest from 0 among ${picture.block.join(" × ")}.`,
    );
  if (!isSmall && shape.length > 0 && picture.rows < (shape[0] as number) && !isFrame)
    notes.push(`The first ${picture.rows} of ${shape[0]} are pictured.`);
  return notes.join(" ");
}

function numbersList(numbers: Numbers): HTMLElement {
  const { mean, std, min, max, zeros, nan, inf } = numbers;
  const entries: readonly (readonly [string, string])[] = [
    ["mean", figure(mean)],
    ["std", figure(std)],
    ["min", figure(min)],
    ["max", figure(max)],
    ["zeros", percent(zeros)],
    ["NaN, Inf", String(nan + inf)],
  ];
  return h(
    "dl",
    { class: "numbers" },
    ...entries.map(([name, value]) =>
      h(
        "div",
        { class: name === "NaN, Inf" && nan + inf > 0 ? "bad" : undefined },
        h("dt", {}, name),
        h("dd", {}, value),
      ),
    ),
  );
}

/** The colours and their ends. */
function legend(scale: Scale, size: number): HTMLElement {
  const bar = h("span", { class: "scale", "aria-hidden": "true" });
  bar.style.background = gradientOf(scale);
  const from = scale === "diverging" ? figure(-size) : "0";
  return h("span", { class: "legend" }, from, bar, figure(size));
}

export function tensorCard(store: Store, key: string, options: CardOptions): Card {
  const first = store.items.get(key) as Item;
  const isBatch = !["parameters", "gradients"].includes(first.where);
  let roles: Roles = usualRoles(first.shape, isBatch);
  if (options.row !== undefined && first.shape.length > 1) {
    const { row, column, facetColumn } = usualRoles(first.shape.slice(1), true);
    const shifted = (axis: number): number => (axis < 0 ? -1 : axis + 1);
    roles = {
      ...roles,
      row: shifted(row),
      column: shifted(column),
      facetRow: -1,
      facetColumn: shifted(facetColumn),
    };
    roles = { ...roles, cut: [options.row, ...roles.cut.slice(1)] };
  }
  const map = new HeatMap();
  const note = h("p", { class: "note" });
  const below = h("div", { class: "below" });
  const colors = h("div", { class: "key" });
  const controls = h("div", { class: "controls" });
  const axesOfCard = h("details", { class: "axes", hidden: true }, h("summary", {}, "Axes"), controls);

  const pictureNow = (): Picture | undefined =>
    pictureAt(store.items.get(key) as Item, store.moment, store.steps);
  // What is out of sight is drawn when it comes into sight.
  let [isSeen, isStale] = [false, true];
  const refresh = (): void => {
    isStale = true;
    const item = store.items.get(key);
    if (!item || !isSeen) return;
    isStale = false;
    const picture = pictureNow();
    const numbers = numbersAt(item, store.moment, store.bins);
    const isDifference = store.moment.minus !== undefined;
    const isSigned =
      isDifference ||
      ((numbers ?? item.tensor?.numbers)?.min !== undefined &&
        !(((numbers ?? item.tensor?.numbers)?.min as number) >= 0));
    const scale: Scale = isSigned ? "diverging" : "sequential";
    const shape = picture?.shape ?? item.shape;
    map.show(
      picture,
      planeOf(shape, clamped(roles, shape)),
      scale,
      `${isDifference ? "Difference of " : ""}${options.title}, ${shapeText(item.shape)}`,
    );
    map.element.hidden = !picture;
    const isFrame = picture !== undefined && picture !== item.tensor?.picture;
    note.textContent = picture
      ? notesOf(picture, item.shape, isFrame, options.isSmall ?? false)
      : "Nothing was recorded of it at this moment.";
    colors.replaceChildren(...(picture ? [legend(scale, picture.scale)] : []));
    below.replaceChildren(
      ...(numbers && !options.isSmall ? [histogramOf(numbers), numbersList(numbers)] : []),
    );
  };

  const showControls = (): void => {
    const { shape } = first;
    if (shape.length < 3 || options.isSmall) return;
    const axes = shape.map((length, axis) => [String(axis), `axis ${axis} (${length})`] as const);
    const used = new Set([roles.row, roles.column, roles.facetRow, roles.facetColumn]);
    axesOfCard.hidden = false;
    controls.replaceChildren(
      ...roleNames.map(([role, label]) =>
        choice(
          label,
          role.startsWith("facet") ? [["-1", "none"], ...axes] : axes,
          String(roles[role]),
          (value) => {
            const axis = Number(value);
            // The axis that was there takes the place of the new one.
            const other = roleNames.find(([each]) => roles[each] === axis && axis >= 0)?.[0];
            roles = { ...roles, ...(other && { [other]: roles[role] }), [role]: axis };
            if (roles.row < 0 || roles.column < 0) roles = usualRoles(shape, isBatch);
            showControls();
            refresh();
          },
        ),
      ),
      ...shape.flatMap((_, axis) => {
        const length = pictureNow()?.shape[axis] ?? 1;
        if (used.has(axis) || length < 2) return [];
        const input = h("input", { type: "range", min: 0, max: length - 1, value: roles.cut[axis] ?? 0 });
        input.addEventListener("input", () => {
          roles = { ...roles, cut: roles.cut.map((each, i) => (i === axis ? Number(input.value) : each)) };
          refresh();
        });
        return [h("label", { class: "field" }, `axis ${axis} at`, input)];
      }),
    );
  };

  const say = async (text: string, what: string): Promise<void> => {
    store.say((await copy(text)) ? `Copied ${what}` : "The browser did not allow to copy");
  };
  const item = first;
  const buttons = h(
    "div",
    { class: "buttons" },
    button("Code", () => void say(item.code, item.code), {
      title: `Copy ${item.code}`,
      "aria-label": `Copy the code of ${options.title}`,
    }),
    button(
      "Values",
      () => {
        const picture = pictureNow();
        if (picture) void say(valuesText(picture, item.shape), `the values of ${options.title}`);
      },
      { "aria-label": `Copy the values of ${options.title}` },
    ),
    ...(options.isSmall
      ? []
      : [
          button("+", () => map.zoomBy(1.5), { "aria-label": `Zoom into ${options.title}` }),
          button("−", () => map.zoomBy(1 / 1.5), { "aria-label": `Zoom out of ${options.title}` }),
        ]),
  );
  const facts = `${item.dtype}${shapeText(item.shape)}${item.shape.length > 1 && !options.isSmall ? `, ${short(item.shape.reduce((a, b) => a * b, 1))}` : ""}`;
  // A group, since there may be many, and several of one name: landmarks are few.
  const element = h(
    "div",
    { role: "group", class: `card${options.isSmall ? " small" : ""}`, "aria-label": options.title },
    h("header", {}, h("h3", {}, ...breakable(options.title)), h("span", { class: "facts" }, facts), buttons),
    axesOfCard,
    map.element,
    colors,
    note,
    below,
  );
  showControls();
  const observer = new IntersectionObserver(
    ([entry]) => {
      isSeen = entry?.isIntersecting ?? false;
      if (isSeen && isStale) refresh();
    },
    { rootMargin: "300px" },
  );
  observer.observe(element);
  return { element, refresh };
}

/** A path that may be broken after its dots. */
const breakable = (text: string): (Node | string)[] =>
  text.split(/(?<=\.)/).flatMap((part, i) => (i === 0 ? [part] : [document.createElement("wbr"), part]));

/** Cuts that a smaller picture has, too. */
const clamped = (roles: Roles, shape: readonly number[]): Roles => ({
  ...roles,
  cut: roles.cut.map((each, axis) => Math.min(each, (shape[axis] ?? 1) - 1)),
});
