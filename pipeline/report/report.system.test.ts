import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderHtml } from './html.ts';
import { renderComment } from './markdown.ts';
import {
  emptyMonitor,
  healthyMonitor,
  hostileMonitor,
  multiclassMonitor,
  regressionMonitor,
  sampleMonitor,
  unlabelledMonitor,
} from './monitor.fixture.ts';
import { monitorHtml } from './monitor-html.ts';
import { renderMonitorMarkdown } from './monitor-markdown.ts';
import {
  bareRelease,
  endpointRelease,
  firstRelease,
  hostileRelease,
  multiclassRelease,
  regressionRelease,
  regressionRows,
  rollbackRelease,
  sampleRelease,
  sampleRows,
} from './release.fixture.ts';
import { releaseHtml } from './release-html.ts';
import { renderReleaseMarkdown } from './release-markdown.ts';
import {
  failedRun,
  firstRun,
  HOSTILE_TEXTS,
  heldRun,
  hostileRun,
  multiclassRun,
  regressionRun,
  rejectedRun,
  sampleReport,
  unenforcedRun,
} from './report.fixture.ts';
import type { Report } from './report.ts';

const require = createRequire(import.meta.url);
const mermaidPath = require.resolve('mermaid');
// GitHub-flavoured Markdown by the parser that comes with mermaid.
const { marked } = (await import(pathToFileURL(createRequire(mermaidPath).resolve('marked')).href)) as {
  marked: { parse: (text: string) => string };
};

const reports: [string, () => Report][] = [
  ['promote', sampleReport],
  ['hold', heldRun],
  ['reject', rejectedRun],
  ['first run', firstRun],
  ['failed', failedRun],
  ['not enforced', unenforcedRun],
  ['multiclass', multiclassRun],
  ['regression', regressionRun],
];

const pages: [string, () => string][] = [
  ...reports.map(([name, report]): [string, () => string] => [name, () => renderHtml(report())]),
  ['release', () => releaseHtml(sampleRelease())],
  ['private copy of a release', () => releaseHtml(sampleRelease(), sampleRows())],
  ['first release', () => releaseHtml(firstRelease())],
  ['rollback', () => releaseHtml(rollbackRelease())],
  ['release to an endpoint', () => releaseHtml(endpointRelease())],
  ['bare release', () => releaseHtml(bareRelease())],
  ['multiclass release', () => releaseHtml(multiclassRelease())],
  ['regression release', () => releaseHtml(regressionRelease(), regressionRows())],
  ['look at production', () => monitorHtml(sampleMonitor())],
  ['look at a healthy model', () => monitorHtml(healthyMonitor())],
  ['look without labels', () => monitorHtml(unlabelledMonitor())],
  ['first look', () => monitorHtml(emptyMonitor())],
  ['look at a multiclass model', () => monitorHtml(multiclassMonitor())],
  ['look at a regression', () => monitorHtml(regressionMonitor())],
];

/** What the functions below that run in the page use of it: the project is compiled without the DOM's types. */
interface PageElement {
  parentElement: PageElement | null;
  textContent: string | null;
  scrollWidth: number;
  innerHTML: string;
  closest(selector: string): PageElement | null;
  getClientRects(): ArrayLike<unknown>;
  querySelectorAll(selector: string): Iterable<PageElement> & { length: number };
}
declare const document: {
  documentElement: PageElement;
  body: PageElement & { appendChild(child: PageElement): PageElement };
  createElement(name: 'div'): PageElement;
  createElement(name: 'canvas'): {
    width: number;
    height: number;
    getContext(
      kind: '2d',
      options: object,
    ): {
      fillStyle: string;
      fillRect(...box: number[]): void;
      getImageData(...box: number[]): { data: Uint8ClampedArray };
    };
  };
  createTreeWalker(root: PageElement, show: number): { nextNode(): unknown; currentNode: PageElement };
  querySelectorAll(selector: string): Iterable<PageElement> & { length: number };
};
declare function getComputedStyle(
  element: PageElement,
): Record<'color' | 'fill' | 'backgroundColor' | 'fontSize' | 'fontWeight', string>;
declare const mermaid: {
  initialize(options: object): void;
  render(id: string, source: string): Promise<{ svg: string }>;
};

let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
}, 60_000);

afterAll(async () => {
  await browser.close();
});

/** Opens a page and collects all that it logs, throws and asks for. */
async function open(html: string): Promise<{ page: Page; noise: string[] }> {
  const page = await browser.newPage();
  const noise: string[] = [];
  page.on('console', (message) => noise.push(message.text()));
  page.on('pageerror', (error) => noise.push(String(error)));
  page.on('request', (request) => noise.push(request.url()));
  await page.setContent(html);
  return { page, noise };
}

test.each(pages)(
  '%s: the page is quiet, fits a phone and a desktop, and reads in both themes',
  async (_, make) => {
    const { page, noise } = await open(make());
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(weakTexts)).toEqual([]);
    }
    expect(noise).toEqual([]);
    await page.close();
  },
  60_000,
);

test.each([
  ['report', () => renderHtml(sampleReport())],
  ['release', () => releaseHtml(sampleRelease(), sampleRows())],
  ['look', () => monitorHtml(sampleMonitor())],
])(
  'a printed %s is light, whatever the theme',
  async (_, make) => {
    const { page } = await open(make());
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(255, 255, 255)',
    );
    expect(await page.evaluate(weakTexts)).toEqual([]);
    await page.close();
  },
  60_000,
);

test('the rows of a private copy can be put in other orders without a script', async () => {
  const { page, noise } = await open(
    releaseHtml(sampleRelease(), {
      version: 1,
      rows: [
        { row_id: '10', score: 0.9, decision: 'Yes', previous_decision: 'Yes', contributions: [] },
        { row_id: '9', score: 0.4, decision: 'Yes', previous_decision: 'No', contributions: [] },
        { row_id: '2', score: 0.1, decision: 'No', previous_decision: 'No', contributions: [] },
      ],
    }),
  );
  const shown = async () => {
    const rows = await page.locator('.rows tbody tr').all();
    const places = await Promise.all(
      rows.map(async (row) => ({
        id: await row.locator('th').textContent(),
        y: (await row.boundingBox())?.y ?? Number.NaN,
      })),
    );
    return places.sort((a, b) => a.y - b.y).map(({ id }) => id);
  };
  expect(await shown()).toEqual(['10', '9', '2']);
  await page.getByLabel('Row id').check();
  expect(await shown()).toEqual(['2', '9', '10']);
  await page.getByLabel('Changed first').check();
  expect(await shown()).toEqual(['9', '10', '2']);
  expect(noise).toEqual([]);
  await page.close();
}, 60_000);

test('the contrast check finds a weak text', async () => {
  const { page } = await open('<body style="background: #fff"><p style="color: #999">weak</p><p>strong</p>');
  expect(await page.evaluate(weakTexts)).toEqual(['2.85 weak']);
  await page.close();
});

test('hostile texts neither run nor break the page', async () => {
  const { page, noise } = await open('');
  await page.setViewportSize({ width: 360, height: 900 });
  for (const text of HOSTILE_TEXTS) {
    const { release, rows } = hostileRelease(text);
    const look = hostileMonitor(text);
    const sections = [renderReleaseMarkdown(release), renderMonitorMarkdown(look)].map((section) =>
      String(marked.parse(section)),
    );
    const whole = [renderHtml(hostileRun(text)), releaseHtml(release, rows), monitorHtml(look)];
    for (const html of [...whole, ...sections]) {
      await page.setContent(html);
      expect(await page.evaluate(() => document.querySelectorAll('img, script, iframe').length)).toBe(0);
      if (whole.includes(html))
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    }
  }
  expect(noise).toEqual([]);
  await page.close();
}, 240_000);

test.each(reports.filter(([name]) => ['promote', 'first run', 'multiclass', 'regression'].includes(name)))(
  '%s: every plot of the comment is drawn by Mermaid, in both themes',
  async (_, report) => {
    const html = marked.parse(renderComment(report()));
    const expected =
      report().plots === null ? 0 : { binary: 2, multiclass: 2, regression: 1 }[report().problem];
    for (const theme of ['light', 'dark'] as const) {
      const { page, noise } = await open(`<!doctype html>${html}`);
      await page.addScriptTag({ path: join(dirname(mermaidPath), 'mermaid.min.js') });
      const drawn = await page.evaluate(async (name) => {
        mermaid.initialize({ startOnLoad: false, theme: name === 'dark' ? 'dark' : 'default' });
        const sources = [...document.querySelectorAll('code.language-mermaid')].map(
          (e) => e.textContent ?? '',
        );
        const charts: { series: number; labels: string[]; broken: boolean }[] = [];
        for (const [i, source] of sources.entries()) {
          const { svg } = await mermaid.render(`plot-${i}`, source);
          const holder = document.body.appendChild(document.createElement('div'));
          holder.innerHTML = svg;
          charts.push({
            series: holder.querySelectorAll('.plot > g').length,
            labels: [...holder.querySelectorAll('text')].map((e) => e.textContent ?? ''),
            broken: /NaN|undefined/.test(svg),
          });
        }
        return charts;
      }, theme);
      expect(drawn).toHaveLength(expected);
      for (const { series, broken } of drawn) {
        expect(series).toBeGreaterThan(0);
        expect(broken).toBe(false);
      }
      if (report().problem === 'binary' && drawn[0] !== undefined) {
        const compared = report().plots?.champion !== null;
        expect(drawn[0].series).toBe(compared ? 3 : 2);
        expect(drawn[0].labels.includes('champion')).toBe(compared);
        expect(drawn[0].labels).toContain('false-positive rate');
      }
      expect(noise).toEqual([]);
      await page.close();
    }
  },
  120_000,
);

/**
 * Runs in the page: texts whose contrast with what lies behind them is below WCAG 2.2's 4.5, or 3 for large ones.
 */
function weakTexts(): string[] {
  const parsed = new Map<string, [number, number, number, number]>();
  const parse = (color: string): [number, number, number, number] => {
    const known = parsed.get(color);
    if (known !== undefined) return known;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
    parsed.set(color, [r, g, b, a / 255]);
    return [r, g, b, a / 255];
  };
  const luminance = ([r, g, b]: number[]) => {
    const linear = [r ?? 0, g ?? 0, b ?? 0].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  };
  const behind = (element: PageElement): number[] => {
    const layers: [number, number, number, number][] = [];
    for (let at: PageElement | null = element; at !== null; at = at.parentElement) {
      layers.push(parse(getComputedStyle(at).backgroundColor));
    }
    return layers.reduceRight(
      (below, [r, g, b, a]) => [r, g, b].map((value, i) => value * a + (below[i] ?? 255) * (1 - a)),
      [255, 255, 255],
    );
  };
  const weak = new Set<string>();
  // NodeFilter.SHOW_TEXT
  const texts = document.createTreeWalker(document.body, 4);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent?.trim() ?? '';
    if (element === null || text === '' || element.closest('title, desc, style') !== null) continue;
    if (element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const color = parse(element.closest('svg') === null ? style.color : style.fill);
    const [light, dark] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a);
    const contrast = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) weak.add(`${contrast.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return [...weak];
}
