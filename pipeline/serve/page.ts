import { createHash } from 'node:crypto';
import { PAGE_STYLE } from '../report/html-style.ts';
import { type Html, html, raw, text } from '../report/markup.ts';
import type { Contract, Feature } from './contract.ts';
import { TRY_SCRIPT } from './page-script.ts';
import { TRY_STYLE } from './page-style.ts';

const sha = createHash('sha256').update(TRY_SCRIPT).digest('base64');

/** The page runs its own program and asks its own server, nothing else. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `default-src 'none'; script-src 'sha256-${sha}'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/**
 * The page that tries one record: a field for each feature, the prediction, and what moves it.
 * @param contract of the package that answers; null: none does
 * @param why none does, as a sentence without its full stop
 */
export function renderPage(contract: Contract | null, why: string | null): string {
  const title = contract === null ? 'Predictions' : `${contract.model}: predictions`;
  return html`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${text(title, 120)}</title>
    <style>${raw(PAGE_STYLE)}${raw(TRY_STYLE)}</style>
    </head>
    <body>
    ${contract === null ? nothing(why ?? '') : tryOne(contract)}
    </body>
    </html>`.toString();
}

const nothing = (why: string): Html => html`
  <header class="page"><span class="project">Predictions</span></header>
  <main class="verdict hold"><h1><span class="word">No model answers</span>${text(why)}</h1></main>
  <footer></footer>`;

function tryOne(contract: Contract): Html {
  const { project, model, problem, labels, features, threshold, scripted } = contract;
  const shown = {
    problem,
    labels,
    threshold,
    question: text(`${contract.target} is predicted as`, 120),
    features: features.map(({ name, type }) => ({ name, type })),
  };
  // In a script element only "<" could end it.
  const data = raw(JSON.stringify(shown).replaceAll('<', '\\u003c'));
  return html`
    <header class="page">
      <span class="project">${text(model, 60)}${model !== project && html` · ${text(project, 60)}`}</span>
      <span class="run"><span>${text(contract.package, 120)}</span><span><a href="openapi.json">OpenAPI</a></span></span>
    </header>
    <main class="try">
      <form id="form" novalidate autocomplete="off">
        <h2>Try a record</h2>
        <p class="how">Leave a field empty where the value is not known.${
          scripted && ' A script prepared the training data: these are the columns that it makes.'
        }</p>
        <div class="fields">${features.map(field)}</div>
        <div class="actions"><button class="main" type="submit">Predict</button><button type="reset">Clear</button></div>
        <ul class="problems" id="problems" role="alert"></ul>
      </form>
      <section class="result" id="result" aria-live="polite" aria-label="Prediction"><p class="why">Press Predict.</p></section>
    </main>
    <p class="bar" id="bar" aria-hidden="true" hidden></p>
    <noscript><p class="loud">This page needs JavaScript; the service does not: POST /predict.</p></noscript>
    <footer>Answers come from this server alone; nothing is loaded from elsewhere.</footer>
    <script type="application/json" id="contract">${data}</script>
    <script>${raw(TRY_SCRIPT)}</script>`;
}

const field = (feature: Feature, at: number): Html =>
  html`<div class="field"><label for="f${at}" title="${text(feature.name, 120)}">${text(feature.name, 60)}</label>${control(feature, `f${at}`)}</div>`;

function control({ type, values, sensitive }: Feature, id: string): Html {
  if (type === 'number')
    return html`<input id="${id}" type="number" step="any" inputmode="decimal" placeholder="not known">`;
  const listed = type === 'boolean' ? ['true', 'false'] : sensitive ? null : values;
  if (listed === null) return html`<input id="${id}" type="text" placeholder="not known">`;
  return html`<select id="${id}"><option value="">not known</option>${listed.map(
    (value) => html`<option value="${value}">${text(value, 80)}</option>`,
  )}</select>`;
}
