import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { cleanText } from '../../pipeline/report/clean-text.ts';
import { headlineOf, orderedChecks } from '../../pipeline/report/reading.ts';
import type { Report } from '../../pipeline/report/report.ts';

export interface Annotation {
  level: 'failure' | 'warning';
  title: string;
  message: string;
  /** Line of mlops.yaml. */
  line: number;
}

/** GitHub accepts no more annotations in one request. */
const most = 50;

/** An annotation for each failure and each check that did not pass, at the check's setting under `gate` in mlops.yaml. */
export async function annotationsOf(report: Report, config: string): Promise<Annotation[]> {
  const lineOf = await linesOf(config);
  if (report.failure !== null) {
    const { title, why } = headlineOf(report);
    return [{ level: 'failure', title: cleanText(title), message: cleanText(why, 1000), line: 1 }];
  }
  return (report.verdict === null ? [] : orderedChecks(report.verdict))
    .filter(({ outcome }) => outcome !== 'pass')
    .slice(0, most)
    .map(({ name, outcome, detail }) => ({
      level: outcome === 'fail' ? 'failure' : 'warning',
      title: cleanText(name, 120),
      message: cleanText(detail, 1000),
      line: lineOf(settingOf(name)),
    }));
}

/** `threshold roc_auc` -> gate.thresholds.roc_auc; `slices Gender=Male` -> gate.slices. */
function settingOf(check: string): string[] {
  const [kind = '', metric = ''] = check.split(' ');
  return kind === 'threshold' ? ['gate', 'thresholds', metric] : ['gate', kind];
}

/** The line of a setting, or of the nearest parent that the file has; otherwise 1. */
async function linesOf(file: string): Promise<(path: string[]) => number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const lineOf = (path: string[]): number => {
    if (path.length === 0) return 1;
    const range = (document.getIn(path, true) as { range?: [number, number, number] } | undefined)?.range;
    return range ? counter.linePos(range[0]).line : lineOf(path.slice(0, -1));
  };
  return lineOf;
}
