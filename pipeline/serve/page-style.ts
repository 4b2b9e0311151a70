/** What the page adds to the report's style (report/html-style.ts). */
export const TRY_STYLE = `
.try { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 28px 48px; align-items: start; }
.try h2 { font-size: 17px; font-weight: 650; letter-spacing: -.01em; margin: 0 0 4px; }
.try .how { font-size: 13px; margin-bottom: 18px; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 190px), 1fr)); gap: 14px 18px; border: 0; margin: 0; padding: 0; min-width: 0; }
.field { display: block; min-width: 0; }
.field label { display: block; font-size: 13px; color: var(--muted); margin-bottom: 3px; }
.field :is(input, select) {
  width: 100%; height: 38px; padding: 0 10px; font: inherit; color: var(--ink); background: var(--paper);
  border: 1px solid var(--reference); border-radius: 6px;
}
.field ::placeholder { color: var(--muted); opacity: 1; }
.field :is(input, select):focus-visible, button:focus-visible { outline: 2px solid var(--candidate); outline-offset: 1px; }
.field [aria-invalid=true] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
.field.moved :is(input, select) { border-color: var(--candidate); box-shadow: 0 0 0 1px var(--candidate); }
.field small { color: var(--bad); margin-top: 3px; }
.actions { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 22px; }
button { font: inherit; font-weight: 600; min-height: 42px; padding: 0 20px; border-radius: 6px; border: 1px solid var(--reference); background: var(--paper); color: var(--ink); cursor: pointer; }
button.main { background: var(--candidate); border-color: var(--candidate); color: var(--paper); }
button[disabled] { opacity: .6; cursor: default; }
.result { position: sticky; top: 20px; padding: 26px 28px; background: var(--soft); border-radius: 10px; min-height: 180px; }
.result .word { font-size: clamp(1.8rem, 1.4rem + 1.6vw, 2.5rem); line-height: 1.15; font-weight: 700; letter-spacing: -.025em; color: var(--candidate); }
.result .asked { font-size: 13px; color: var(--muted); }
.result h3 { margin: 24px 0 8px; }
.result .why { font-size: 13px; color: var(--muted); margin-top: 10px; }
.gauge { margin-top: 16px; }
.gauge svg, .bars svg { display: block; width: 100%; height: auto; overflow: visible; }
.gauge text, .bars text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: var(--muted); }
.gauge .track { stroke: var(--line); stroke-width: 8; stroke-linecap: round; }
.gauge .share { stroke: var(--candidate); stroke-width: 8; stroke-linecap: round; }
.gauge .mark { stroke: var(--ink); stroke-width: 2; }
.gauge .before { fill: var(--paper); stroke: var(--muted); stroke-width: 2; }
.bars .up { fill: var(--candidate); } .bars .down { fill: var(--class-2); }
.bars .before { stroke: var(--ink); stroke-width: 2; }
.bars .axis { stroke: var(--reference); }
.bars text.name { fill: var(--ink); } .bars text.size { font-weight: 600; fill: var(--ink); }
.moves { list-style: none; margin: 0; padding: 0; font-size: 14px; }
.moves li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 14px; padding: 7px 0; border-top: 1px solid var(--line); }
.moves b { font-weight: 600; white-space: nowrap; }
.moves small { grid-column: 1 / -1; }
.problems { margin: 12px 0 0; padding: 12px 16px; border-radius: 6px; background: var(--bad-soft); color: var(--bad); font-size: 14px; list-style: none; }
.problems:empty { display: none; }
.bar { display: none; }
@media (max-width: 860px) {
  .bar:not([hidden]) { position: fixed; inset: auto 0 0; display: flex; gap: 12px; padding: 10px 16px; background: var(--soft); border-top: 1px solid var(--line); font-weight: 600; }
  .bar b { color: var(--candidate); } .bar span:last-child { margin-left: auto; color: var(--muted); font-weight: 500; }
  footer { padding-bottom: 84px; }
  .try { grid-template-columns: minmax(0, 1fr); }
  .result { position: static; }
}
@media (max-width: 560px) {
  .fields { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
  .field label { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .field :is(input, select) { font-size: 16px; }
  .actions button { flex: 1; }
  .result { margin: 0 -16px; padding: 22px 16px; border-radius: 0; }
}
`;
