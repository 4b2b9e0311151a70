/** The page's style: one accent colour for the candidate, grey for the champion, other colours only with a meaning. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --soft: #f6f6f4; --ink: #1b1d22; --muted: #5d636f; --line: #e5e5e2; --reference: #a3a7af;
  --candidate: #2456c7; --champion: #737a87; --good: #14713a; --warn: #855700; --bad: #b1271b;
  --good-soft: #eaf5ee; --warn-soft: #fcf3df; --bad-soft: #fcecea;
  --class-1: #2456c7; --class-2: #b25410; --class-3: #14713a; --class-4: #8a3ab9; --class-5: #0f7b83; --class-6: #b0246d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121418; --soft: #1a1d22; --ink: #e7e8ea; --muted: #a0a6b2; --line: #2b2f37; --reference: #646a76;
    --candidate: #86aeff; --champion: #9aa1ae; --good: #6fce96; --warn: #e5b454; --bad: #ff968b;
    --good-soft: #14271c; --warn-soft: #2a2112; --bad-soft: #2f1815;
    --class-1: #86aeff; --class-2: #f0a068; --class-3: #6fce96; --class-4: #cf9bf0; --class-5: #5cc7cf; --class-6: #f58fc0;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 1160px; padding: 0 40px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased;
}
h1, h2, h3, p, dl, dd, ul, figure { margin: 0; }
a { color: var(--candidate); text-underline-offset: 2px; text-decoration-thickness: 1px; }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--candidate); outline-offset: 3px; border-radius: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
small { display: block; font-size: 12px; color: var(--muted); font-weight: 400; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header.page { display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; align-items: baseline; padding: 28px 0 20px; font-size: 13px; color: var(--muted); }
header.page .project { font-size: 15px; font-weight: 650; color: var(--ink); }
.run > span + span::before { content: "·"; margin: 0 .5em; color: var(--reference); }

.loud { margin-bottom: 16px; padding: 14px 20px; background: var(--warn-soft); color: var(--warn); font-weight: 650; border-radius: 6px; border: 1.5px solid currentColor; }
.verdict { --tone: var(--muted); --tint: var(--soft); padding: 32px 36px 28px; border-radius: 10px; background: var(--tint); }
.verdict.promote { --tone: var(--good); --tint: var(--good-soft); }
.verdict.hold { --tone: var(--warn); --tint: var(--warn-soft); }
.verdict.reject, .verdict.failed { --tone: var(--bad); --tint: var(--bad-soft); }
.verdict h1 { font-size: clamp(1.2rem, 1rem + 1.1vw, 1.6rem); line-height: 1.35; font-weight: 500; letter-spacing: -.012em; max-width: 38em; text-wrap: pretty; }
.verdict .word { display: block; margin-bottom: 6px; font-size: clamp(2.1rem, 1.5rem + 2.4vw, 3rem); line-height: 1.1; font-weight: 700; letter-spacing: -.03em; color: var(--tone); }
.verdict .outcome { margin-top: 8px; color: var(--ink); max-width: 60em; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 20px 20px; margin-top: 28px; padding-top: 20px; border-top: 1px solid color-mix(in srgb, var(--tone) 22%, transparent); }
.figures dt { font-size: 13px; color: var(--muted); }
.figures .value { display: block; font-size: 26px; line-height: 1.25; font-weight: 600; letter-spacing: -.015em; white-space: nowrap; }
.figures .detail { display: block; min-height: 1.5em; font-size: 13px; color: var(--muted); }

nav { margin: 18px 0 0; font-size: 13px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; list-style: none; }
nav li { min-width: 0; }
nav a { color: var(--muted); text-decoration: none; }
nav a:hover { color: var(--ink); text-decoration: underline; }

.part { display: grid; grid-template-columns: 200px minmax(0, 1fr); gap: 12px 48px; padding: 36px 0 8px; scroll-margin-top: 8px; }
.part + .part { margin-top: 28px; border-top: 1px solid var(--line); }
.heading h2 { font-size: 17px; line-height: 1.35; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
.heading p { margin-top: 6px; font-size: 13px; color: var(--muted); text-wrap: pretty; }
.body { min-width: 0; }
h3 { font-size: 13px; font-weight: 600; color: var(--muted); }
.body > h3 { margin: 28px 0 8px; } h3 + .after { margin: 0 0 10px; } .body > h3:first-child { margin-top: 0; }
.after { margin-top: 12px; font-size: 13px; color: var(--muted); }

.scroll { overflow-x: auto; position: relative; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 7px 12px 7px 0; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { padding-top: 0; font-size: 12px; font-weight: 500; color: var(--muted); white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 9em; }
.number { text-align: right; white-space: nowrap; padding-left: 8px; }
td.number { color: var(--muted); }
td.number.strong, .metrics td.number { color: var(--ink); }
.strong { font-weight: 600; }
.note td { padding-top: 0; font-size: 12px; color: var(--muted); }
tr:has(+ .note) > * { border-bottom: 0; }
.tag { margin-left: .6em; padding: 1px 6px; font-size: 11px; font-weight: 500; color: var(--muted); border: 1px solid var(--line); border-radius: 99px; white-space: nowrap; }
.plot { min-width: 110px; padding-left: 16px; padding-right: 16px; }
.scale { display: flex; justify-content: space-between; }
th.axis { text-align: center; } th.axis span { display: inline-block; width: 50%; padding: 0 10px; text-align: right; } th.axis span + span { text-align: left; }
.effect, .check { font-size: 13px; font-weight: 600; white-space: nowrap; }
.effects { min-width: 52px; }
.narrow { display: none; font-weight: 600; }
.not-clear { color: var(--muted); font-weight: 400; }
small.better, .better, .check.pass { color: var(--good); } small.worse, .worse, .check.fail { color: var(--bad); } .check.inconclusive { color: var(--warn); }
.check.pass { font-weight: 500; }
.checks td { font-size: 14px; } 

.mark { display: block; overflow: visible; }
.mark .zero { stroke: var(--reference); stroke-width: 1; }
.mark .whisker { stroke-width: 2; stroke: var(--muted); stroke-linecap: round; }
.mark .dot { fill: var(--muted); stroke: var(--paper); stroke-width: 1.5; }
.mark .candidate.whisker { stroke: var(--candidate); stroke-opacity: .5; } .mark .candidate.dot { fill: var(--candidate); }
.mark .good.whisker { stroke: var(--good); } .mark .good.dot { fill: var(--good); }
.mark .bad.whisker { stroke: var(--bad); } .mark .bad.dot { fill: var(--bad); }
.mark .tick { stroke: var(--ink); stroke-width: 2; }
.mark .bar { fill: var(--candidate); fill-opacity: .75; }
.mark .bar.faint { fill: var(--reference); }

.pair { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 20px 48px; }
.plain { padding: 0; list-style: none; }
.plain li { padding: 6px 0; border-bottom: 1px solid var(--line); }
.plain li:first-child { padding-top: 0; }
.pair .plain li:first-child { padding-top: 6px; }
.plain li:last-child { border-bottom: 0; }
.how { color: var(--muted); }

.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-bottom: 18px; font-size: 13px; color: var(--muted); }
.key { display: inline-flex; align-items: center; gap: 8px; }
.swatch line { stroke: var(--muted); stroke-width: 2.5; }
.swatch.candidate line { stroke: var(--candidate); } .swatch.champion line { stroke: var(--champion); }
.swatch.dashed line { stroke-width: 1.5; stroke-dasharray: 5 3; }
.swatch.reference line { stroke: var(--reference); stroke-width: 1.5; stroke-dasharray: 3 4; }
.swatch.class-1 line { stroke: var(--class-1); } .swatch.class-2 line { stroke: var(--class-2); } .swatch.class-3 line { stroke: var(--class-3); }
.swatch.class-4 line { stroke: var(--class-4); } .swatch.class-5 line { stroke: var(--class-5); } .swatch.class-6 line { stroke: var(--class-6); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 32px 40px; }
.charts + .scroll { margin-top: 28px; }
figure { display: flex; flex-direction: column; justify-content: space-between; min-width: 0; max-width: 480px; }
figcaption { margin-bottom: 8px; font-size: 13px; color: var(--muted); text-wrap: pretty; }
figcaption strong { display: block; font-size: 14px; font-weight: 600; color: var(--ink); }
figure svg { display: block; width: 100%; height: auto; }
.confusion td { position: relative; color: var(--ink); }
.confusion .right { background: color-mix(in srgb, var(--candidate) calc(var(--share) * .35), transparent); }
.confusion .wrong { background: color-mix(in srgb, var(--bad) calc(var(--share) * .35), transparent); }
.confusion td.number { padding-right: 12px; } .confusion small { color: inherit; }

.groups { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 28px 48px; }
.facts { margin-top: 4px; }
.facts div { display: grid; grid-template-columns: 90px minmax(0, 1fr); gap: 2px 16px; padding: 6px 0; border-bottom: 1px solid var(--line); }
.facts div:last-child { border-bottom: 0; }
.facts dt { color: var(--muted); }
.hint { margin-bottom: 16px; max-width: 60em; }
pre { margin: 0; padding: 16px 18px; background: var(--soft); border-radius: 6px; overflow-x: auto; line-height: 1.55; }
details { margin-top: 12px; } summary { cursor: pointer; font-size: 13px; color: var(--muted); }
footer { margin-top: 44px; padding: 18px 0 36px; border-top: 1px solid var(--line); font-size: 12px; color: var(--muted); }

@media (min-width: 561px) {
  .number + :not(.number, .plot) { padding-left: 20px; }
  .metrics .plot { width: 28%; } .slices .plot { width: 26%; } .features .plot, .steps .plot { width: 46%; }
  .checks th:first-child { width: 30%; } .checks td:nth-child(2) { width: 130px; }
}
@media (max-width: 860px) {
  body { padding: 0 24px; }
  .part { grid-template-columns: minmax(0, 1fr); padding-top: 28px; }
  .heading p { max-width: 44em; }
}
@media (max-width: 560px) {
  body { padding: 0 16px; }
  .verdict { margin: 0 -16px; padding: 24px 16px 20px; border-radius: 0; }
  .loud { margin: 0 0 12px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 14px 16px; }
  .pair { grid-template-columns: minmax(0, 1fr); }
  .narrow { display: block; }
  .metrics .plot, .metrics .effects, .metrics thead th:last-child { display: none; }
  th, td { padding-right: 8px; } .number { padding-left: 4px; } tbody th { min-width: 5.5em; }
  small { font-size: 11px; }
  .metrics tbody th { min-width: 6em; font-size: 14px; }
  .metrics .tag { display: table; margin: 2px 0 0; }
  /* A row's name has its own line; its numbers share the next. */
  :is(.checks, .slices, .features, .trials, .steps) :is(thead, tbody) { display: block; }
  :is(.checks, .slices, .features, .trials, .steps) tr { position: relative; display: grid; align-items: center; padding: 7px 0; border-bottom: 1px solid var(--line); }
  :is(.checks, .slices, .features, .trials, .steps) tbody tr:last-child { border: 0; }
  :is(.checks, .slices, .features, .trials, .steps) tr > * { border: 0; padding: 0; width: auto; min-width: 0; }
  :is(.slices, .features, .trials) thead tr { padding: 0 0 5px; }
  :is(.checks, .steps) thead, :is(.slices, .features) thead th:first-child { display: none; }
  .checks tr { grid-template-columns: minmax(0, 1fr) auto; gap: 2px 12px; } .checks .prose { grid-column: 1 / -1; }
  .slices tr { grid-template-columns: 2fr 6fr 4fr 4fr; } .slices.positives tr { grid-template-columns: 2fr 3fr 5.5fr 4fr 5.5fr; }
  .slices tbody th { grid-column: 1 / -1; padding-right: 90px; } .slices td.plot { grid-column: 1 / -1; grid-row: 3; }
  .slices thead :is(.plot, .judged) { display: none; } .slices td.judged { position: absolute; top: 8px; right: 0; }
  .features tr { grid-template-columns: minmax(0, 1fr) 74px 74px; } .features tbody th { grid-column: 1 / -1; }
  .trials tr { grid-template-columns: minmax(0, 1fr) auto auto; gap: 0 16px; }
  .trials :is(.prose, .status) { grid-column: 1 / -1; } .trials thead :is(.prose, .status), .trials .status:empty { display: none; } .trials td:nth-child(4) { grid-row: 1; grid-column: 3; }
  .steps tr { grid-template-columns: minmax(0, 1fr) auto; } .steps .plot { grid-column: 1 / -1; grid-row: 2; } .steps td:last-child { grid-column: 1 / -1; font-size: 13px; color: var(--muted); } .steps td:empty { display: none; }
}
@media (max-width: 380px) {
  .metrics :is(thead, tbody) { display: block; }
  .metrics tr { display: grid; grid-template-columns: repeat(3, 1fr); padding: 7px 0; border-bottom: 1px solid var(--line); }
  .metrics tr > * { border: 0; padding: 0; }
  .metrics tbody tr:last-child { border: 0; }
  .metrics :is(tbody th, .note td) { grid-column: 1 / -1; }
  .metrics :is(.tag, th small) { display: inline-block; margin: 0 0 0 8px; }
  .metrics thead th:first-child { display: none; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --soft: #f6f6f4; --ink: #1b1d22; --muted: #5d636f; --line: #dcdcd8; --reference: #a3a7af;
    --candidate: #2456c7; --champion: #737a87; --good: #14713a; --warn: #855700; --bad: #b1271b;
    --good-soft: #eaf5ee; --warn-soft: #fcf3df; --bad-soft: #fcecea;
    --class-1: #2456c7; --class-2: #b25410; --class-3: #14713a; --class-4: #8a3ab9; --class-5: #0f7b83; --class-6: #b0246d;
  }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .verdict, .confusion td, .mark { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  nav { display: none; }
  .part { grid-template-columns: minmax(0, 1fr); padding-top: 20px; }
  .part + .part { margin-top: 16px; }
  .charts, .groups { grid-template-columns: 1fr 1fr; gap: 20px 28px; }
  .scroll { overflow: visible; }
  tr, figure, .figures, .pair, .facts div { break-inside: avoid; }
  .heading, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
