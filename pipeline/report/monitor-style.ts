/** Rules that only the page of a look at production needs. */
export const MONITOR_STYLE = `
.verdict.unknown { --tone: var(--ink); }
.time figure { max-width: none; } .time + details, .time + p { margin-top: 16px; }
.time .slim { display: none; }
.swatch.estimate line { stroke: var(--candidate); stroke-width: 8; opacity: .35; }
.swatch.measured line { stroke: var(--ink); }
.swatch.limit line { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 3; }
.swatch.mature line { stroke: var(--good); stroke-width: 7; opacity: .8; }
.todo { margin: 0; padding: 0 0 0 1.4em; } .todo li { padding: 4px 0; } .todo li::marker { color: var(--muted); font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 32px 40px; margin-bottom: 32px; }
.columns > div { min-width: 0; max-width: 480px; break-inside: avoid; }
.columns h3 { font-size: 14px; color: var(--ink); } .columns h3 .check { margin-left: .6em; font-size: 12px; }
.columns > div > p { margin: 2px 0 8px; font-size: 13px; color: var(--muted); text-wrap: pretty; }
.bins th, .bins td { padding-top: 2px; padding-bottom: 2px; border: 0; font-size: 13px; }
.bins tbody th { width: 38%; min-width: 0; font-weight: 400; } .bins .plot { padding-left: 8px; padding-right: 8px; min-width: 90px; }
.bins .mark { height: 16px; }
.bar.alarm { fill: var(--bad) !important; } .bar.plain { fill: var(--candidate); }
.mark .tick { stroke: var(--ink); }
.check.alarm { color: var(--bad); } .check.pass { color: var(--muted); font-weight: 500; } .check.unsure { color: var(--warn); }
.drifted .plot { width: 24%; } .evidence td { font-size: 14px; } .evidence .prose { color: var(--muted); }
.evidence thead th:first-child { width: 28%; } .evidence thead th:nth-child(2) { width: 104px; }
.measured tbody th { min-width: 6em; } .measured :is(th, td) { padding-right: 6px; }
.charts > .facts-beside { align-self: center; }
.body > .after + .groups { margin-top: 28px; } .groups h3, .columns h3 { margin-bottom: 6px; }
.body > .scroll + .after { margin-bottom: 0; }
.windows { font-size: 13px; } .windows tbody th { white-space: nowrap; }
.coverage .plot { width: 60%; } .coverage tbody th { min-width: 6em; font-weight: 400; }
.body > .groups + h3, .body > .scroll + h3, .body > details + h3 { margin-top: 28px; }
.body > h3 + .plain { margin-top: 4px; }

@media (max-width: 700px) {
  .time .wide { display: none; } .time .slim { display: flex; }
}
@media (max-width: 560px) {
  :is(.evidence, .drifted) :is(thead, tbody) { display: block; } :is(.evidence, .drifted) thead { display: none; }
  :is(.evidence, .drifted) tr { display: grid; align-items: center; gap: 2px 10px; padding: 8px 0; border-bottom: 1px solid var(--line); }
  :is(.evidence, .drifted) tr > * { border: 0; padding: 0; width: auto; min-width: 0; text-align: left; }
  .evidence tr { grid-template-columns: minmax(0, 1fr) auto; } .evidence .prose { grid-column: 1 / -1; }
  .drifted tr { grid-template-columns: minmax(0, 1fr) auto auto; } .drifted tbody th { grid-column: 1 / 3; } .drifted td.check { text-align: right; grid-row: 1; grid-column: 3; }
  .drifted .plot { grid-column: 1 / -1; grid-row: 2; }
  .drifted td.number::before { content: attr(data-label) " "; color: var(--muted); font-weight: 400; font-size: 12px; }
}
@media print {
  .time .wide { display: flex; } .time .slim { display: none; }
  .mark, .swatch, figure svg { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .columns { grid-template-columns: 1fr 1fr; }
}
`;
