/** @file Makes elements. */

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

/** An element with attributes and children. An attribute that is `false` is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  element.append(...children);
  return element;
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = h("button", { type: "button" }, text);
  element.addEventListener("click", onClick);
  return element;
}

/** A list to choose from, with its label. */
export function choice<V extends string | number>(
  label: string,
  options: readonly (readonly [value: V, text: string])[],
  value: V,
  onChange: (value: V) => void,
): HTMLLabelElement {
  const texts = options.map(([each, text]) => h("option", { selected: each === value }, text));
  const select = h("select", {}, ...texts);
  select.addEventListener("change", () => onChange((options[select.selectedIndex] as [V, string])[0]));
  return h("label", { class: "field" }, label, select);
}

/** A card with a heading. */
export const card = (title: string, note: string, ...children: readonly Child[]): HTMLElement =>
  h("section", { class: "card" }, h("h2", {}, title), h("p", { class: "note" }, note), ...children);

/** A number in few places. */
export const figure = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toFixed(3);
