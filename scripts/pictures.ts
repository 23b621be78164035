/**
 * @file Draws the pictures of the documentation from their texts, docs/pictures/*.txt:
 *
 *     node scripts/run.mjs scripts/pictures.ts
 *
 * A text has one thing a line: `title`, `alt`, `size W H`; `box NAME X Y W H KIND LABEL`, where KIND is module,
 * variable, data, plain or region; `arrow FROM TO LABEL` between the edges of two boxes, `back FROM TO LABEL` with a
 * bend; `note X Y LABEL`. A `|` in a label begins a new line.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** Light and dark for readers of the file alone; the site has the same classes. */
const STYLE = `<style>
.picture{--ink:#24292f;--faint:#57606a;--module:#ddf4ff;--variable:#fff1c2;--data:#dafbe1;--plain:#f6f8fa;--accent:#0a56b8}
@media (prefers-color-scheme:dark){.picture{--ink:#e6edf3;--faint:#9da7b3;--module:#10324f;--variable:#4d3a00;--data:#12381f;--plain:#21262d;--accent:#79c0ff}}
text{fill:var(--ink);font:14px ui-sans-serif,system-ui,sans-serif}.faint{fill:var(--faint);font-size:12px}
rect,path{stroke:var(--ink);fill:none}.module{fill:var(--module)}.variable{fill:var(--variable)}.data{fill:var(--data)}.plain{fill:var(--plain)}
.region{stroke-dasharray:5 4}.accent{stroke:var(--accent);stroke-width:2}.head{fill:var(--ink);stroke:none}
</style>`;

function textAt(x: number, y: number, label: string, kind = "", anchor = "middle"): string {
  const lines = label.split("|");
  const top = y - ((lines.length - 1) * 17) / 2 + 5;
  return lines
    .map(
      (line, i) =>
        `<text x="${x}" y="${top + 17 * i}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(line.trim())}</text>`,
    )
    .join("\n");
}

/** Where the line from the middle of a box to a point leaves the box. */
function edge({ x, y, w, h }: Box, toX: number, toY: number): readonly [number, number] {
  const [cx, cy] = [x + w / 2, y + h / 2];
  const [dx, dy] = [toX - cx, toY - cy];
  const scale = Math.min(w / 2 / Math.abs(dx || 1e-9), h / 2 / Math.abs(dy || 1e-9));
  return [Math.round(cx + dx * scale), Math.round(cy + dy * scale)];
}

function head(x: number, y: number, fromX: number, fromY: number): string {
  const angle = Math.atan2(y - fromY, x - fromX);
  const at = (turn: number): string =>
    `${Math.round(x - 10 * Math.cos(angle + turn))} ${Math.round(y - 10 * Math.sin(angle + turn))}`;
  return `<path class="head" d="M${x} ${y}L${at(0.4)}L${at(-0.4)}Z"/>`;
}

/** An arrow from box to box. A bend is how far its middle is moved to the side. */
function arrow(from: Box, to: Box, label: string, bend: number): string {
  const [ax, ay] = [from.x + from.w / 2, from.y + from.h / 2];
  const [bx, by] = [to.x + to.w / 2, to.y + to.h / 2];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const mx = Math.round((ax + bx) / 2 - (bend * (by - ay)) / length);
  const my = Math.round((ay + by) / 2 + (bend * (bx - ax)) / length);
  const [sx, sy] = edge(from, mx, my);
  const [ex, ey] = edge(to, mx, my);
  const [tx, ty] = bend === 0 ? [(sx + ex) / 2, (sy + ey) / 2] : [mx, my];
  const isSteep = Math.abs(ey - sy) > Math.abs(ex - sx);
  return [
    `<path d="M${sx} ${sy}${bend === 0 ? `L${ex} ${ey}` : `Q${mx} ${my} ${ex} ${ey}`}"${bend === 0 ? "" : ' class="accent"'}/>`,
    head(ex, ey, bend === 0 ? sx : mx, bend === 0 ? sy : my),
    label &&
      textAt(tx + (isSteep ? 8 : 0), ty - (isSteep ? 0 : 12), label, "faint", isSteep ? "start" : "middle"),
  ]
    .filter(Boolean)
    .join("\n");
}

/** The picture that a text describes. */
export function pictureOf(text: string, name: string): string {
  const boxes = new Map<string, Box>();
  const shapes: string[] = [];
  const said: Record<string, string> = {};
  const boxOf = (key: string): Box => {
    const box = boxes.get(key);
    if (box === undefined) throw new Error(`pictures: ${name}: expected a box above, got "${key}".`);
    return box;
  };
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [, word = "", rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    const parts = rest.split(" ");
    if (["title", "alt", "size"].includes(word)) said[word] = rest;
    else if (word === "box") {
      const [key = "", x, y, w, h, kind = "plain", ...label] = parts;
      const box = { x: Number(x), y: Number(y), w: Number(w), h: Number(h) };
      boxes.set(key, box);
      shapes.push(
        `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" class="${kind}"/>`,
        kind === "region"
          ? textAt(box.x + 10, box.y + 14, label.join(" "), "faint", "start")
          : textAt(box.x + box.w / 2, box.y + box.h / 2, label.join(" ")),
      );
    } else if (word === "arrow" || word === "back") {
      const [from = "", to = "", ...label] = parts;
      shapes.push(arrow(boxOf(from), boxOf(to), label.join(" "), word === "back" ? 60 : 0));
    } else if (word === "note") {
      const [x, y, ...label] = parts;
      shapes.push(textAt(Number(x), Number(y), label.join(" "), "faint", "start"));
    } else
      throw new Error(
        `pictures: ${name}: expected title, alt, size, box, arrow, back or note, got "${line}".`,
      );
  }
  const [width, height] = (said.size ?? "").split(" ");
  if (!said.title || !said.alt || !height)
    throw new Error(`pictures: ${name}: expected a title, an alt and a size.`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${name}-title ${name}-alt">`,
    `<title id="${name}-title">${escaped(said.title)}</title>`,
    `<desc id="${name}-alt">${escaped(said.alt)}</desc>`,
    STYLE,
    ...shapes,
    "</svg>\n",
  ].join("\n");
}

const folder = new URL("../docs/pictures/", import.meta.url);

/** Every picture by the name of its file. */
export const pictures = (): Map<string, string> =>
  new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(".txt"))
      .map((file) => [
        file.replace(".txt", ".svg"),
        pictureOf(readFileSync(new URL(file, folder), "utf8"), file.replace(".txt", "")),
      ]),
  );

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const [file, svg] of pictures()) writeFileSync(new URL(file, folder), svg);
