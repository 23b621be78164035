/** @file The script of a report's file. */
import { decode } from "../format/codec.ts";
import { withoutDeltas } from "../format/deltas.ts";
import type { ReportData } from "../format/report-data.ts";
import { unpack } from "../format/text.ts";
import { mount } from "./mount.ts";

async function show(): Promise<void> {
  const packed = document.getElementById("data");
  const place = document.getElementById("report");
  if (!packed || !place) return;
  const data = withoutDeltas(decode(await unpack(packed.textContent)) as ReportData);
  packed.remove();
  mount(place, data);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

void show();
