import { globSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Workspace } from './cli.fixture.ts';
import { killServices, ServiceProcess } from './serving.fixture.ts';

/** What the functions that run in the page use of it: the project is compiled without the DOM's types. */
declare const document: { documentElement: { scrollWidth: number } };

let workspace: Workspace;
let service: ServiceProcess;
let browser: Browser;
let records: Record<string, string | number>[];

beforeAll(async () => {
  workspace = Workspace.sample();
  const { code, stderr } = await workspace.mlops('run', '--mode', 'promote');
  if (code !== 0) throw new Error(stderr);
  service = await ServiceProcess.start(workspace);
  await service.until(({ package: name }) => name === 'attrition/1');
  const [header = '', ...lines] = readFileSync(workspace.path('model/data/scoring.csv'), 'utf8')
    .trim()
    .split('\n');
  const names = header.split(',');
  records = lines.map((line) => {
    const fields = line.split(',').map((field) => (Number.isNaN(Number(field)) ? field : Number(field)));
    return Object.fromEntries(names.map((name, at) => [name, fields[at] ?? '']));
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
}, 240_000);

afterAll(async () => {
  await browser.close();
  killServices();
});

/** Fills the fields in with the record's values. */
async function fillIn(page: Page, record: Record<string, string | number>): Promise<void> {
  for (const [name, value] of Object.entries(record)) {
    const field = page.getByLabel(name, { exact: true });
    if ((await field.count()) === 0) continue;
    const isSelect = (await field.getAttribute('type')) === null;
    await (isSelect ? field.selectOption(String(value)) : field.fill(String(value)));
  }
}

test.each([
  [1280, 'light'],
  [390, 'dark'],
  [390, 'light'],
  [1280, 'dark'],
] as const)(
  'the page at %i px, %s: predicts as the service does, and tells what moves it',
  async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const noise: string[] = [];
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url)) noise.push(request.url());
    });
    await page.goto(service.url);
    const record = records[0] as Record<string, string | number>;
    await fillIn(page, record);
    await page.getByRole('button', { name: 'Predict' }).click();
    const { predictions } = await service.ask(record);
    const [before] = predictions;
    const shown = (score: number | null | undefined) => `${(100 * (score ?? Number.NaN)).toFixed(1)} %`;
    expect(await page.locator('.word').textContent()).toBe(before?.decision);
    expect(await page.locator('.score').textContent()).toBe(`${shown(before?.score)} probability of Yes`);
    const bars = await page.locator('.bars svg').getAttribute('aria-label');
    for (const { name } of before?.contributions ?? []) expect(bars).toContain(name);

    const other = record.OverTime === 'Yes' ? 'No' : 'Yes';
    await page.getByLabel('OverTime', { exact: true }).selectOption(other);
    const [after] = (await service.ask({ ...record, OverTime: other })).predictions;
    const move = page.locator('.moves li');
    await move.waitFor();
    expect(await move.textContent()).toContain(`OverTime: ${record.OverTime} → ${other}`);
    expect(await move.textContent()).toContain(`${shown(before?.score)} → ${shown(after?.score)}`);
    expect(await page.locator('#bar').isVisible()).toBe(width < 860);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);

    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.locator('.word').count()).toBe(0);
    expect(noise).toEqual([]);
    await page.close();
  },
  60_000,
);

test('the page tells what is wrong, at its field', async () => {
  const page = await browser.newPage();
  await page.route('**/predict', (route) =>
    route.fulfill({
      status: 400,
      contentType: 'application/json',
      body: JSON.stringify({ errors: [{ record: 1, column: 'DailyRate', message: 'got <b>1</b>' }] }),
    }),
  );
  await page.goto(service.url);
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.locator('#problems li').waitFor();
  expect(await page.locator('#problems').textContent()).toBe('DailyRate: got <b>1</b>');
  expect(await page.getByLabel('DailyRate').getAttribute('aria-invalid')).toBe('true');
  await page.close();
}, 60_000);

test('predicts the rows of data.scoring as the release did', async () => {
  const { stdout } = await workspace.mlops(
    'predict',
    'model/data/scoring.csv',
    '--url',
    service.url,
    '--json',
  );
  const asked = JSON.parse(stdout) as { predictions: { id: string; score: number; decision: string }[] };
  const [file = ''] = globSync(workspace.path('.mlops/s3/mlops/attrition/predictions/*/*/*.parquet'));
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
  const released = new Map(rows.map(({ row_id, score, decision }) => [row_id, { score, decision }]));
  expect(asked.predictions).toHaveLength(200);
  for (const { id, score, decision } of asked.predictions)
    expect(released.get(id)).toEqual({ score: expect.closeTo(score, 12), decision });
}, 60_000);
