/** Rules that only the page of a release needs. */
export const RELEASE_STYLE = `
.charts > div { min-width: 0; max-width: 480px; }
.charts > div > h3:not(:first-child) { margin: 28px 0 8px; } .charts > div > h3 { margin-bottom: 8px; }
.charts > div > p { font-size: 14px; }
.facts + h3, .plain + h3, .scroll + h3, .groups + h3, .names + h3 { margin: 28px 0 8px; }
.purpose { margin-bottom: 28px; } .purpose h3 { margin-bottom: 6px; }
.purpose + h3 + .scroll { margin-top: 8px; }
.scroll + .groups { margin-top: 28px; }
.names { font-size: 14px; line-height: 1.8; }
.decisions .plot { min-width: 70px; }

.order { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 0 0 14px; padding: 0; border: 0; font-size: 13px; color: var(--muted); }
.order legend { float: left; margin-right: 4px; padding: 0; }
.order label { display: inline-flex; gap: 6px; align-items: center; cursor: pointer; }
.order input { margin: 0; accent-color: var(--candidate); }
.order input:checked { color: var(--ink); }
/* Many rows scroll in a window of their own, below their header. */
.tall .scroll { max-height: 40rem; overflow-y: auto; border-bottom: 1px solid var(--line); }
.tall thead { position: sticky; top: 0; z-index: 1; background: var(--paper); }
/* Rows of a grid can be put in another order by style alone. */
.rows :is(thead, tbody) { display: flex; flex-direction: column; }
.rows tr { display: grid; grid-template-columns: minmax(3.5em, 1fr) 64px 3.6em minmax(0, 8fr); gap: 0 18px; align-items: center; padding: 7px 0; border-bottom: 1px solid var(--line); order: var(--by-score); break-inside: avoid; }
.rows.decided tr { grid-template-columns: minmax(3.5em, 1fr) 64px 3.6em minmax(5em, 1.2fr) minmax(0, 8fr); }
.rows tr > * { border: 0; padding: 0; min-width: 0; }
.rows thead tr { padding: 0 0 6px; }
.rows tbody tr:last-child { border-bottom: 1px solid var(--line); } .rows .plot { padding: 0; min-width: 0; }
.part:has(#by-id:checked) .rows tr { order: var(--by-id); }
.part:has(#by-change:checked) .rows tr { order: var(--by-change); }
.rows .decision .tag { display: block; width: fit-content; margin: 2px 0 0; color: var(--ink); border-color: var(--reference); }
.reasons { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 4px 18px; font-size: 12px; }
.reasons dd { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 8px; color: var(--muted); }
.reasons .mark { height: 14px; }

@media (min-width: 561px) {
  .shares .plot { width: 30%; } .factors .plot { width: 40%; } .card-metrics .plot { width: 46%; }
}
@media (max-width: 560px) {
  .card-metrics .plot { min-width: 90px; }
  :is(.shares, .factors) :is(thead, tbody) { display: block; }
  :is(.shares, .factors) tr { display: grid; grid-template-columns: repeat(4, 1fr); align-items: center; padding: 7px 0; border-bottom: 1px solid var(--line); }
  .factors tr { grid-template-columns: repeat(3, 1fr); }
  :is(.shares, .factors) tr > * { border: 0; padding: 0; width: auto; min-width: 0; }
  :is(.shares, .factors) tbody th { grid-column: 1 / -1; } :is(.shares, .factors) thead th:first-child { display: none; }
  :is(.shares, .factors) .plot { grid-column: 1 / -1; grid-row: 2; } :is(.shares, .factors) thead .plot { display: none; }
  .rows tr { grid-template-columns: minmax(0, 2fr) 80px 3.6em; gap: 4px 10px; }
  .rows.decided tr { grid-template-columns: minmax(0, 1fr) minmax(0, 1.3fr) 70px 3.4em; }
  .rows.decided .decision { grid-column: 2; grid-row: 1; }
  .rows.decided .plot { grid-column: 3; grid-row: 1; } .rows.decided .number { grid-column: 4; grid-row: 1; }
  .rows .why { grid-column: 1 / -1; } .rows thead .why { display: none; }
  .reasons { grid-template-columns: minmax(0, 1fr); } .reasons div { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px; }
  .tall .scroll { max-height: 32rem; }
}
@media print {
  .order { display: none; }
  .tall .scroll { max-height: none; overflow: visible; } .tall thead { position: static; }
  .reasons { grid-template-columns: repeat(auto-fit, minmax(100px, 1fr)); }
  .mark, .tag { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;
