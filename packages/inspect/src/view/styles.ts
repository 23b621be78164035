/** @file The looks of the page. The rules for charts are those that uPlot needs. */

const light = `
--paper:#fbfaf7;--card:#ffffff;--ink:#1d2127;--ink-2:#555d68;--line:#e4e1da;--accent:#1f5fa8;--focus:#1f5fa8;
--blue:#1f6fb5;--orange:#b34d0e;--green:#1b7a55;--purple:#8a3f8f;--red:#b3261e;--teal:#0f7480;--flag:#b3261e;--soft:#eef3f8;
--module:#1d2127;--param:#1a5f9e;--stat:#1b7048;--rng:#8a3f8f;--other:#9a4308;--container:#555d68;`;
const dark = `
--paper:#15181d;--card:#1b1f25;--ink:#e8e6e1;--ink-2:#a4acb8;--line:#2d333c;--accent:#7db9f0;--focus:#7db9f0;
--blue:#6db3f2;--orange:#f0995c;--green:#5cc596;--purple:#d59ada;--red:#ff8a80;--teal:#5fcbd8;--flag:#ff8a80;--soft:#222a34;
--module:#e8e6e1;--param:#7db9f0;--stat:#6ccfa0;--rng:#d59ada;--other:#f0a06a;--container:#a4acb8;`;

/** Colours of shared parts: light ones for marks on paper, with a number beside them. */
const hues = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9"];

const S = ".nnx-inspect";

export const styles: string = `
${S}{${light}
color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;min-height:100vh;padding:0 clamp(12px,3vw,40px) 48px;box-sizing:border-box}
@media (prefers-color-scheme:dark){${S}:not([data-theme=light]){${dark}color-scheme:dark}}
${S}[data-theme=dark]{${dark}color-scheme:dark}
${S}[data-theme=light]{color-scheme:light}
${S} *{box-sizing:border-box}
${S} [hidden]{display:none!important}
${S} h1{font-size:26px;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em}
${S} h2{font-size:17px;margin:0;font-weight:620}
${S} h3{font-size:14px;margin:0;font-weight:600}
${S} p{margin:6px 0;max-width:80ch}
${S} code,${S} .mono{font:13px ui-monospace,SFMono-Regular,Menlo,monospace}
${S} .top{display:flex;justify-content:space-between;align-items:flex-end;gap:16px;flex-wrap:wrap;padding:24px 0 14px}
${S} .headline{color:var(--ink-2);margin:4px 0 0}
${S} button,${S} select{font:inherit;font-size:13px;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:7px;padding:3px 10px;min-height:28px;cursor:pointer}
${S} button:hover{border-color:var(--accent)}
${S} button.link{border:0;background:none;padding:0;color:var(--accent);text-decoration:underline;text-underline-offset:2px;min-height:24px;text-align:left}
${S} :focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:5px}
${S} input[type=range]{accent-color:var(--accent);min-width:120px}
${S} .field{display:inline-flex;align-items:center;gap:8px;font-size:13px;color:var(--ink-2)}
${S} .controls{display:flex;flex-wrap:wrap;gap:8px 16px;margin:10px 0}
${S} .time{position:sticky;top:0;z-index:3;display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 12px;margin:0 0 14px}
${S} .time>input[aria-label=Step]{flex:1 1 220px}
${S} .time output{min-width:11em;font-variant-numeric:tabular-nums}
${S} [role=tablist]{display:flex;flex-wrap:wrap;gap:2px;border-bottom:1px solid var(--line);margin-bottom:16px}
${S} [role=tab]{border:0;background:none;border-radius:6px 6px 0 0;padding:8px 14px;font-size:15px;color:var(--ink-2)}
${S} [role=tab][aria-selected=true]{color:var(--ink);font-weight:600;box-shadow:inset 0 -2px var(--accent)}
${S} .model{display:grid;grid-template-columns:minmax(280px,5fr) 9fr;gap:20px;align-items:start}
@media (max-width:800px){${S} .model,${S} .split{grid-template-columns:1fr!important}}
${S} .tree{position:sticky;top:62px;max-height:calc(100vh - 80px);overflow:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 6px}
${S} .tree.has-arcs{padding-left:30px}
${S} .arcs{position:absolute;left:2px;top:0;overflow:visible;pointer-events:none}
${S} .arcs path{fill:none;stroke-width:1.5}
${S} .tree ul{list-style:none;margin:0;padding:0}
${S} .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
${S} .row{display:flex;align-items:center;gap:7px;min-height:26px;padding:0 6px 0 calc(6px + 17px*var(--level));border-radius:6px;background:repeating-linear-gradient(90deg,transparent 0 12px,var(--line) 12px 13px,transparent 13px 17px) 0/calc(17px*var(--level)) 100% no-repeat;cursor:pointer;white-space:nowrap}
${S} .row:hover,${S} .row[aria-selected=true]{background-color:var(--soft)}
${S} .row:focus-visible{outline-offset:-2px}
${S} .twist{width:14px;flex:none;color:var(--ink-2);text-align:center}
${S} .row .name{font-weight:550}
${S} .row .type{font-size:12.5px}
${S} .row .facts{margin-left:auto;padding-left:12px;color:var(--ink-2);font-size:12.5px;font-variant-numeric:tabular-nums;overflow:hidden;text-overflow:ellipsis;max-width:13em}
${S} .module .type{color:var(--ink-2)}
${S} .param .type{color:var(--param)}${S} .stat .type{color:var(--stat)}${S} .rng .type{color:var(--rng)}${S} .other .type{color:var(--other)}${S} .container .type{color:var(--container)}
${S} .copies{display:none;gap:4px}
${S} .row:hover .copies{display:inline-flex}
${S} .row:hover .facts{display:none}
${S} .row:hover .copies{margin-left:auto}
${S} .copy{font-size:12px;border:1px solid var(--line);border-radius:5px;padding:0 6px;background:var(--card)}
${S} .copy:hover{border-color:var(--accent)}
${S} .shared{font-size:12px;border-radius:9px;padding:0 7px;border:1.5px solid;font-variant-numeric:tabular-nums}
${S} .flags{color:var(--flag);font-size:12.5px}
${hues.map((hue, i) => `${S} .shared.hue-${i}{border-color:${hue}}${S} .arcs .hue-${i}{stroke:${hue}}${S} .arcs circle.hue-${i}{fill:${hue}}`).join("\n")}
${S} .details>header{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center}
${S} .details>header code{color:var(--ink-2)}
${S} .summary{color:var(--ink-2)}
${S} .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr));gap:14px;margin:12px 0}
${S} .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px;min-width:0}
${S} .card:not(.small){min-height:180px}
${S} .card>header{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;margin-bottom:8px}
${S} .card .facts{color:var(--ink-2);font-size:12.5px}
${S} .buttons{margin-left:auto;display:flex;gap:4px}
${S} .buttons button{padding:1px 8px;min-height:25px;font-size:12.5px}
${S} .heat-map canvas{display:block;max-width:100%;border-radius:3px;image-rendering:pixelated;touch-action:pan-y}
${S} .readout{display:block;min-height:20px;font:12.5px ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--ink-2);overflow-wrap:anywhere}
${S} .legend{display:flex;max-width:100%;align-items:center;gap:8px;font-size:12px;color:var(--ink-2);font-variant-numeric:tabular-nums}
${S} .scale{width:110px;flex:0 1 auto;min-width:30px;height:8px;border-radius:4px;border:1px solid var(--line)}
${S} .note{font-size:12.5px;color:var(--ink-2);margin:4px 0}
${S} .below{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.15fr);gap:18px;align-items:center;margin-top:6px}
${S} .histogram{width:100%;height:auto}
${S} .histogram .bar{fill:var(--blue);opacity:.85}
${S} .rule{stroke:var(--line)}${S} .zero{stroke:var(--ink-2);stroke-dasharray:2 2}
${S} svg text{font:11px system-ui,sans-serif;fill:var(--ink-2)}
${S} .numbers{display:grid;grid-template-columns:1fr 1fr;gap:2px 14px;margin:0;font-size:12.5px;font-variant-numeric:tabular-nums}
${S} .numbers div{display:flex;justify-content:space-between;gap:8px}
${S} .numbers dt{color:var(--ink-2)}${S} .numbers dd{margin:0;white-space:nowrap}
${S} .bad,${S} .bad dt{color:var(--flag);font-weight:600}
${S} .strip{display:flex;gap:10px;overflow-x:auto;padding:4px 2px 10px;align-items:flex-start}
${S} .card.small{flex:0 0 190px;padding:9px 11px}
${S} .card.small h3{overflow-wrap:anywhere}
${S} .card.small .buttons{margin-left:0}
${S} .layers h2,${S} .run h2{margin:18px 0 4px}
${S} table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
${S} caption{text-align:left;color:var(--ink-2);padding:4px 0}
${S} th,${S} td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid var(--line);white-space:nowrap}
${S} thead th{color:var(--ink-2);font-weight:500}
${S} tbody th{font-weight:500}
${S} .scroll{overflow-x:auto}
${S} .statics{margin:8px 0}
${S} .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:14px}
${S} .chart{margin:12px 0 0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 12px 6px;min-width:0}
${S} .chart figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 16px;font-size:13px;font-weight:600}
${S} .lines{display:flex;flex-wrap:wrap;gap:2px 12px;font-weight:400;color:var(--ink-2);font-size:12.5px}
${S} .lines i{display:inline-block;width:18px;border-top:2px solid;margin:0 5px 4px 0}
${S} .lines i.dashed{border-top-style:dashed}
${S} .axes summary{font-size:12.5px;color:var(--ink-2);cursor:pointer;min-height:24px}
${S} .plot{min-height:200px;overflow:hidden}
${S} .mark{position:absolute;top:0;height:100%;border-left:1.5px solid var(--ink);pointer-events:none}
${S} .flag-list{margin:8px 0;padding:0;list-style:none}
${S} .flag-list li{border-left:3px solid var(--flag);padding:2px 0 2px 10px;margin:6px 0;max-width:100ch}
${S} .flag-list strong{color:var(--flag)}
${S} .split{display:grid;grid-template-columns:minmax(280px,2fr) 3fr;gap:20px;align-items:start}
${S} .rows{max-height:70vh;overflow:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:6px}
${S} [role=option]{display:grid;grid-template-columns:4.5em 1fr 90px 5.5em;gap:10px;align-items:center;padding:3px 8px;border-radius:6px;cursor:pointer;font-size:13px;font-variant-numeric:tabular-nums}
${S} [role=option][aria-selected=true]{background:var(--soft);box-shadow:inset 2px 0 var(--accent)}
${S} .wrong .says{color:var(--flag)}
${S} .bars{display:flex;height:8px;background:var(--line);border-radius:4px;overflow:hidden}
${S} .bars .au{background:var(--blue)}${S} .bars .eu{background:var(--orange)}
${S} .spread{width:100%;max-width:640px;height:auto}
${S} .spread .pass{fill:var(--blue);opacity:.35}
${S} .spread .mean{stroke:var(--ink);stroke-width:2}
${S} .spread .is{fill:var(--ink);font-weight:700}
${S} .predictions .numbers{grid-template-columns:repeat(3,auto);justify-content:start;gap:2px 28px;margin:8px 0}
${S} .predictions .details h3{margin-top:10px}
${S} .said{position:fixed;right:20px;bottom:20px;background:var(--ink);color:var(--paper);border-radius:8px;padding:6px 14px;font-size:13px;max-width:60ch;overflow-wrap:anywhere}
${S} .said:empty{display:none}
@media (prefers-reduced-motion:no-preference){${S} .row,${S} button{transition:background .12s,border-color .12s}}
.uplot,.uplot *{box-sizing:border-box}.uplot{width:min-content}.u-wrap{position:relative;user-select:none}.u-over,.u-under{position:absolute}.u-under{overflow:hidden}.uplot canvas{display:block;position:relative;width:100%;height:100%}.u-axis{position:absolute}.u-select{position:absolute;pointer-events:none}.u-cursor-x,.u-cursor-y{position:absolute;left:0;top:0;pointer-events:none;will-change:transform}.u-hz .u-cursor-x{height:100%;border-right:1px dashed var(--ink-2)}.u-hz .u-cursor-y{width:100%;border-bottom:1px dashed var(--ink-2)}.u-cursor-pt{position:absolute;top:0;left:0;border-radius:50%;border:0 solid;pointer-events:none;background-clip:padding-box!important}.u-axis.u-off,.u-select.u-off,.u-cursor-x.u-off,.u-cursor-y.u-off,.u-cursor-pt.u-off{display:none}
`;
