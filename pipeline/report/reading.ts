import { byCodePoint } from '../code-points.ts';
import {
  decimalsFor,
  formatConfidence,
  formatCount,
  formatCountOf,
  formatDuration,
  formatInterval,
  formatP,
  formatPercent,
  formatSeconds,
  formatSigned,
  formatUsd,
  formatValue,
} from '../format.ts';
import type { Check, MetricResult, SliceResult, Verdict } from '../gate/verdict.ts';
import { countChecks, countsText } from '../gate/wording.ts';
import { metricText } from '../metrics.ts';
import type { Explanation, TuningFacts } from '../steps/train/evidence.ts';
import { type Guide, leastRuns, type Standing } from '../steps/train/guide.ts';
import type { DataFacts, Report } from './report.ts';

/**
 * The report's words and formatted numbers, which all renderings share. Sentences may contain text from users, so each
 * rendering escapes them.
 */

export interface Headline {
  tone: 'promote' | 'hold' | 'reject' | 'failed' | 'cancelled';
  /** "Promote", "Hold", "Reject", "Failed in Train"; of a sealed verdict "Passes" or "Does not pass". */
  title: string;
  why: string;
  /** The candidate's fate, and what is left for a person to do. */
  outcome: string[];
  /** A warning to show prominently; null if the verdict is enforced. */
  warning: string | null;
}

export function headlineOf(report: Report): Headline {
  const { verdict, failure, run } = report;
  const warning =
    verdict !== null && !verdict.enforced
      ? 'Not enforced: `gate.enforce` is false. This verdict is shown but does not block promotion.'
      : null;
  if (failure !== null || run.status === 'failed') {
    const reached = verdict === null ? [] : [`The gate's verdict was ${verdict.outcome}: ${verdict.reason}`];
    return {
      tone: 'failed',
      title: failure === null ? 'Failed' : `Failed in ${failure.step}`,
      why: failure === null ? 'The run failed and left no reason.' : joined(failure.error, failure.cause),
      outcome: [...reached, run.promotion.promoted ? run.promotion.detail : 'No model was promoted.'],
      warning,
    };
  }
  if (run.status === 'cancelled') {
    return {
      tone: 'cancelled',
      title: 'Cancelled',
      why: 'The run was stopped before it ended.',
      outcome: [run.promotion.promoted ? run.promotion.detail : 'No model was promoted.'],
      warning,
    };
  }
  if (verdict === null) {
    return {
      tone: 'failed',
      title: 'No verdict',
      why: 'The run ended without a verdict, so it cannot promote a model.',
      outcome: [],
      warning: null,
    };
  }
  const outcome = [
    // The reason of a promotion mentions this itself.
    hasChampion(verdict) || verdict.outcome === 'promote' || verdict.sealed
      ? ''
      : 'There was no champion to compare with.',
    run.promotion.detail,
    ...nextSteps(report),
    releaseText(report),
  ].filter((text) => text !== '');
  const titles = verdict.sealed
    ? { promote: 'Passes', hold: 'Does not pass', reject: 'Does not pass' }
    : { promote: 'Promote', hold: 'Hold', reject: 'Reject' };
  return {
    tone: verdict.outcome,
    title: titles[verdict.outcome],
    why: verdict.reason,
    outcome,
    warning,
  };
}

/** Sentences on what a person can do about a candidate that the gate holds; none for other verdicts. */
function nextSteps({ verdict, run }: Report): string[] {
  if (verdict?.outcome !== 'hold' || run.promotion.promoted) return [];
  const accept = {
    manual: 'To promote it all the same, run again with --mode promote --set gate.inconclusive=promote.',
    pull_request: 'If it is merged, a reviewer of the workflow Approve can promote it all the same.',
  }[run.trigger];
  return [whatDecides(verdict), accept ?? 'A reviewer of the workflow Approve can promote it all the same.'];
}

/** Sentences on what would let the gate decide about a candidate that it holds; empty for other verdicts. */
export function whatDecides(verdict: Verdict): string {
  if (verdict.outcome !== 'hold') return '';
  const open = verdict.checks.filter((check) => check.outcome === 'inconclusive');
  const ways = [...new Set(open.flatMap((check) => waysToDecide(check, verdict)))];
  if (ways.length === 0) return '';
  const compares = open.some(({ name }) => name === 'champion') && ways.includes(moreRows);
  return `Next: ${ways.join(', or ')}.${compares ? ' `mlops power` says how many rows a comparison needs.' : ''}`;
}

const moreRows = 'more rows in the holdout (more data, or a larger data.holdout)';

/** The changes that would make an inconclusive check pass or fail. */
function waysToDecide({ name, limit }: Check, { metrics, primary }: Verdict): string[] {
  const [check] = name.split(' ');
  if (check === 'min_change') return ['a candidate that differs more', 'a smaller gate.min_change'];
  // The rule superior has no margin: its limit is 0.
  const superior = check === 'champion' && limit === 0;
  const same = metrics[primary]?.difference_interval?.every((bound) => bound === 0) ?? false;
  if (superior && same) return ['a candidate that predicts otherwise than the champion'];
  return (check === 'champion' && !superior) || check === 'anchor'
    ? [moreRows, `a wider gate.${check}.margin`]
    : [moreRows];
}

export interface MetricRow {
  name: string;
  label: string;
  primary: boolean;
  better: ReturnType<typeof metricText>['better'];
  candidate: string;
  interval: string;
  champion: string;
  championInterval: string;
  difference: string;
  differenceInterval: string;
  p: string;
  method: string;
  note: string;
  /** null if the difference's interval contains 0, or there is none. */
  effect: 'better' | 'worse' | null;
  result: MetricResult;
}

/** The primary metric first, then in the gate's order. */
export function metricRows(verdict: Verdict): MetricRow[] {
  return Object.entries(verdict.metrics)
    .map(([name, result]) => metricRow(name, result, name === verdict.primary))
    .sort((a, b) => Number(b.primary) - Number(a.primary));
}

function metricRow(name: string, result: MetricResult, primary: boolean): MetricRow {
  const { label, better } = metricText(name);
  const decimals = decimalsFor(result.candidate, result.champion);
  return {
    name,
    label,
    primary,
    better,
    candidate: formatValue(result.candidate, decimals),
    interval: formatInterval(result.interval, decimals),
    champion: formatValue(result.champion, decimals),
    championInterval: formatInterval(result.champion_interval, decimals),
    difference: formatSigned(result.difference, decimals),
    differenceInterval: formatInterval(result.difference_interval, decimals, formatSigned),
    p: formatP(result.p_value),
    method: result.method === 'none' ? '' : result.method,
    note: result.note ?? '',
    effect: effectOf(result, better),
    result,
  };
}

function effectOf(result: MetricResult, better: MetricRow['better']): MetricRow['effect'] {
  if (result.difference_interval === null || better.startsWith('near')) return null;
  const [low, high] = result.difference_interval;
  if (low <= 0 && high >= 0) return null;
  return low > 0 === (better === 'higher') ? 'better' : 'worse';
}

export function hasChampion(verdict: Verdict): boolean {
  return Object.values(verdict.metrics).some((metric) => metric.champion !== null);
}

const CHECK_ORDER = { fail: 0, inconclusive: 1, pass: 2, not_judged: 3 };

/** Checks in the order failed, inconclusive, passed, not judged. */
export function orderedChecks(verdict: Verdict): Check[] {
  return [...verdict.checks].sort((a, b) => CHECK_ORDER[a.outcome] - CHECK_ORDER[b.outcome]);
}

/** Whether a check failed or could not be concluded: a reader sees it first, and unfolded. */
export const isOpen = ({ outcome }: Check): boolean => outcome === 'fail' || outcome === 'inconclusive';

/** The mark of each outcome, in a page and in a terminal. */
export const OUTCOME_MARKS = { pass: '✓', fail: '✗', inconclusive: '?', not_judged: '–' };

/** "1 fails, 1 inconclusive, 3 pass, 10 not judged" */
export const checkCounts = ({ checks }: Verdict): string => countsText(countChecks(checks));

export interface SliceRow {
  column: string;
  value: string;
  candidate: string;
  champion: string;
  difference: string;
  interval: string;
  differenceInterval: string;
  note: string;
  outcome: Check['outcome'];
  result: SliceResult;
}

/** The gate's order, with failed and inconclusive slices first. */
export function sliceRows(verdict: Verdict): SliceRow[] {
  return verdict.slices
    .map((result) => {
      const decimals = decimalsFor(result.candidate, result.champion);
      return {
        column: result.column,
        value: result.value,
        candidate: formatValue(result.candidate, decimals),
        champion: formatValue(result.champion, decimals),
        difference: formatSigned(result.difference, decimals),
        interval: formatInterval(result.interval, decimals),
        differenceInterval: formatInterval(result.difference_interval, decimals, formatSigned),
        note: result.note ?? '',
        outcome: result.outcome,
        result,
      };
    })
    .sort((a, b) => CHECK_ORDER[a.outcome] - CHECK_ORDER[b.outcome]);
}

export interface GapRow {
  column: string;
  /** "Male less Female" */
  groups: string;
  gap: string;
  interval: string;
  /** Whether the interval leaves out 0. */
  isClear: boolean;
}

/** How far each slice is from the largest of its column, where that has an interval. */
export function gapRows({ slices }: Verdict): GapRow[] {
  return slices.flatMap(({ column, value, candidate, gap }) => {
    if (!gap?.interval) return [];
    const decimals = decimalsFor(candidate);
    return {
      column,
      groups: `${value} less ${gap.reference}`,
      gap: formatSigned(gap.value, decimals),
      interval: formatInterval(gap.interval, decimals, formatSigned),
      isClear: gap.interval[0] > 0 || gap.interval[1] < 0,
    };
  });
}

/** "255 rows, 41 positive", "255 rows in 90 groups, 41 positive" */
export function countsOf(rows: number, positives: number | null, groups?: number): string {
  const counted = [
    formatCountOf(rows, 'row'),
    ...(groups === undefined ? [] : [formatCountOf(groups, 'group')]),
  ];
  return positives === null
    ? counted.join(' in ')
    : `${counted.join(' in ')}, ${formatCountOf(positives, 'positive', 'positive')}`;
}

/** How rows were divided, unless by a hash of each: "by group, nr". */
export function splitText({ split }: DataFacts): string | null {
  switch (split?.by) {
    case 'group':
      return `by group, ${split.column}: a group is on one side for ever`;
    case 'time': {
      const left = `; ${formatCountOf(split.embargoed ?? 0, 'row')} within ${formatDuration(split.embargo ?? 0)} before it left out of training`;
      return `by time, ${split.column}: the newest rows${split.boundary === undefined ? '' : `, from ${split.boundary} on`}${split.embargo ? left : ''}`;
    }
    case 'file':
      return `by file: the rows of ${split.source}`;
    default:
      return null;
  }
}

/** Sentences on what the holdout can show. */
export const powerOf = (verdict: Verdict, groups?: number): string[] => [
  `Holdout: ${countsOf(verdict.n, verdict.positives, groups)}.`,
  ...powerText(verdict),
];

/** The same, and how often the holdout was looked at. */
export function evidence(verdict: Verdict, groups?: number): string[] {
  const { holdout_uses: looks } = verdict;
  return [
    ...powerOf(verdict, groups),
    looks <= 1
      ? 'First look at this holdout that this machine knows of.'
      : `Look ${looks} at rows of this holdout that this machine knows of.`,
  ];
}

/** The power of the question that was asked: of the margin, or else of any gain. */
function powerText({
  smallest_detectable_difference: smallest,
  power,
  primary,
  metrics,
  n,
  positives,
}: Verdict) {
  if (smallest === null || smallest === 0) return [];
  const { label } = metricText(primary);
  const decimals = decimalsFor(metrics[primary]?.candidate);
  if (power === null)
    return [`It shows a gain of ${formatValue(smallest, decimals)} in ${label} with 80 % power.`];
  const { margin, equal_passes: chance, rows_for_80: needed } = power;
  const passes = `A candidate as good as the champion passes the margin of ${formatValue(margin, decimals)} with a chance of ${formatPercent(Math.round(chance * 100) / 100)}`;
  if (chance >= 0.8) return [`${passes}.`];
  const rarer =
    positives === null ? '' : `, about ${formatCount(Math.ceil((needed * positives) / n))} of them positive`;
  return [`${passes}; 80 % would need about ${formatCountOf(needed, 'row')}${rarer}.`];
}

/** "95 % intervals (score test for ROC AUC, bootstrap for the others)" */
export function intervalsText(verdict: Verdict): string {
  const rows = metricRows(verdict).filter((row) => row.method !== '');
  const methods = [...new Set(rows.map((row) => row.method))];
  if (methods.length === 0) return '';
  const words = (method: string) => method.replace('score', 'score test');
  const level = `${formatConfidence(verdict.confidence)} intervals`;
  const scored = methods.find((method) => method.endsWith('score'));
  const other = methods.find((method) => method !== scored);
  if (scored === undefined || other === undefined) return `${level} (by ${words(methods[0] ?? '')})`;
  const named = rows.filter((row) => row.method === scored).map((row) => row.label);
  return `${level} (${words(scored)} for ${named.join(' and ')}, ${other} for the others)`;
}

/** Column heading of the model that the candidate is compared with. */
export function rivalName(report: Report): 'Champion' | 'Baseline' {
  return report.champion?.origin === 'baseline' ? 'Baseline' : 'Champion';
}

const CHANGE_KINDS = {
  code: '',
  config: '',
  data: 'data',
  image: 'image',
  hyperparameters: 'hyperparameter',
};

/** "training.max_runtime" "1h → 2h", "hyperparameter" "C" "1 → 0.3", "model/train.py" "edited". */
export function changeRows(report: Report): { kind: string; path: string; how: string }[] {
  const changes = report.changes ?? [];
  const settings = new Set(changes.map(({ path, from, to }) => `${path} ${from} ${to}`));
  // A hyperparameter set in the configuration appears as two changes; one is dropped.
  const told = changes.filter(
    ({ what, path, from, to }) =>
      what !== 'hyperparameters' || !settings.has(`training.hyperparameters.${path} ${from} ${to}`),
  );
  return told.map(({ what, path, from, to }) => {
    // Only hashes of a file's content are known, and they do not help a reader.
    const values = what !== 'code';
    const how =
      from === null && to !== null
        ? `added${values ? `: ${to}` : ''}`
        : from !== null && to === null
          ? `removed${values ? `: ${from}` : ''}`
          : from === null || !values
            ? 'edited'
            : `${shortNumber(from)} → ${shortNumber(to ?? '')}`;
    return { kind: CHANGE_KINDS[what], path, how };
  });
}

/** The primary metric and those that clearly moved: "ROC AUC +.012", "PR AUC +.047" better, "6 more: no clear difference" */
export function movedLines(
  verdict: Verdict | null,
): { text: string; effect: 'better' | 'worse' | 'not clear' | null }[] {
  if (verdict?.sealed) return [{ text: 'Sealed until the candidate is promoted.', effect: null }];
  const measured = (verdict === null ? [] : metricRows(verdict)).filter(
    (row) => row.result.difference !== null,
  );
  if (measured.length === 0) return [{ text: 'Not measured.', effect: null }];
  const told = measured.filter((row) => row.effect !== null || row.primary);
  const rest = measured.length - told.length;
  return [
    ...told.map((row) => ({
      text: `${row.label} ${row.difference}`,
      effect: row.effect ?? ('not clear' as const),
    })),
    ...(rest > 0 ? [{ text: `${rest} more: no clear difference`, effect: null }] : []),
  ];
}

export interface Timing {
  total: string;
  /** One sentence; empty if nothing was reused. */
  reuse: string;
  /** Empty if the actual and the estimated cost are 0. */
  cost: string;
}

export function timingOf(report: Report): Timing {
  const reused = report.steps.filter((step) => step.reused);
  const saved = reused.reduce((sum, step) => sum + step.saved_seconds, 0);
  const { estimated_usd: estimated, actual_usd: actual } = report.cost;
  const saving = `saving ${formatSeconds(saved)}`;
  return {
    total: formatSeconds(report.run.seconds),
    reuse:
      reused.length === 0
        ? ''
        : reused.length === report.steps.length
          ? `Nothing ran again: ${reused.length === 1 ? 'the only step was' : `all ${reused.length} steps were`} reused, ${saving}.`
          : `${reused.length} of ${report.steps.length} steps reused, ${saving}.`,
    cost:
      (actual ?? 0) === 0 && (estimated ?? 0) === 0
        ? ''
        : [
            actual === null ? '' : `${formatUsd(actual)} spent`,
            estimated === null ? '' : `${formatUsd(estimated)} estimated`,
          ]
            .filter((text) => text !== '')
            .join(', '),
  };
}

/**
 * What a promotion would release, where and for how much, in one sentence; empty where there is nothing to release, or where the
 * verdict is no or was obeyed already. Of a sealed verdict it does not tell a hold from a reject.
 */
export function releaseText({ release, run, verdict, backend }: Report): string {
  if (!release || verdict === null || run.status !== 'succeeded' || run.promotion.promoted) return '';
  if (verdict.outcome === 'reject' || (verdict.sealed && verdict.outcome === 'hold')) return '';
  const isPullRequest = run.trigger === 'pull_request';
  const when =
    verdict.outcome === 'hold'
      ? 'If a person promotes it, it is released'
      : isPullRequest
        ? 'A merge would release it'
        : 'Promoted, it would be released';
  const rows = release.rows === null ? 'the rows' : formatCountOf(release.rows, 'row');
  const what = {
    batch: `batch predictions of ${rows} of ${release.source ?? 'data.scoring'}`,
    endpoint: 'on an endpoint',
    serverless: 'on a serverless endpoint',
    serve: 'as the model that mlops serve answers with',
  }[release.mode !== 'batch' && backend === 'embedded' ? 'serve' : release.mode];
  const here = isPullRequest ? 'on the runner, as an artifact' : 'on this machine';
  return `${when}: ${what}, ${backend === 'embedded' ? here : placesText(release.places)}.`;
}

/** "on staging, then production: $0.02; at rest $0/month each" */
function placesText(places: { environment: string; cost: string }[]): string {
  const costs = new Set(places.map(({ cost }) => cost));
  const [cost] = costs;
  if (costs.size === 1)
    return `on ${places.map(({ environment }) => environment).join(', then ')}: ${cost}${places.length > 1 ? ' each' : ''}`;
  return `on ${places.map((place) => `${place.environment} (${place.cost})`).join(', then ')}`;
}

/** Features grouped by class (if any), in the order of the labels; each group is sorted by size, largest first. */
export function featureGroups({
  features,
}: Explanation): { class: string | null; features: Explanation['features'] }[] {
  const groups = Map.groupBy(features, (feature) => feature.class ?? null);
  return [...groups]
    .map(([name, own]) => ({
      class: name,
      features: own.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)),
    }))
    .sort((a, b) => byCodePoint(a.class ?? '', b.class ?? ''));
}

/** Trials, strategy (the one that ran and the one asked for), objective and warm start of a tuning job. */
export function tuningTitle({ strategy: asked, ran_as, objective, trials, warm_start }: TuningFacts): string {
  const strategy = ran_as === asked ? asked : `${ran_as} (asked for: ${asked})`;
  const title = `${formatCountOf(trials.length, 'trial')}, ${strategy}, ${objective.goal} ${objective.metric}`;
  if (warm_start === undefined) return title;
  const { parents, best } = warm_start;
  const decimals = decimalsFor(best, ...trials.map((trial) => trial.value));
  return `${title}; warm start: ${formatCountOf(parents, 'parent')}, best known value ${formatValue(best, decimals)}`;
}

/**
 * What guided a search, and whether guidance beat random trials so far: two sentences at most, none where tuning.guided is off.
 */
export function guidanceLines({ guidance, ran_as }: TuningFacts): string[] {
  if (guidance === undefined) return [];
  const { guide, why, standing } = guidance;
  const compared = standingLine(standing, ran_as);
  if (guide === null)
    return [
      `The search was not guided yet: ${why ?? 'no reason is known'}.`,
      ...(standing.runs > 0 ? [compared] : []),
    ];
  const { runs, trials, parts, ranges } = guide;
  return [
    `The search was guided by ${formatCountOf(trials, 'trial')} of ${formatCountOf(runs, 'earlier run')} on like data: ` +
      `the best known again, ${parts.guided} where past ones were good (${rangesText(ranges)}), ${parts.random} at random over the full ranges.`,
    compared,
  ];
}

function standingLine({ runs, guided, random, won, better, interval }: Standing, ran_as: string): string {
  if (better === null || interval === null)
    return `Guided against random trials: too few runs to say (${runs} so far, expected ${leastRuns}).`;
  const [low, high] = interval.map(formatPercent);
  const says =
    interval[0] > 0.5
      ? 'guidance helps'
      : interval[1] < 0.5
        ? 'guidance does worse than chance, so past trials mislead: set tuning.guided: off'
        : 'that shows no difference';
  const also =
    ran_as === 'bayesian' ? ' Guided trials are also chosen by bayesian search: both are credited.' : '';
  return (
    `Guided against random trials, over ${runs} runs (${guided} guided, ${random} random trials): the guided one was better in ` +
    `${formatPercent(better)} of pairs (95 % interval ${low} to ${high}), and the best of all in ${won} of ${runs} runs: ${says}.${also}`
  );
}

const rangesText = (ranges: Guide['ranges']): string =>
  Object.entries(ranges)
    .map(([name, range]) =>
      Array.isArray(range)
        ? `${name} ${range.join(', ')}`
        : `${name} ${shortNumber(range.min)} to ${shortNumber(range.max)}`,
    )
    .join('; ');

/** Hyperparameters as text, without those that SageMaker adds (`_tuning_objective_metric`). */
export function settingsText(settings: Record<string, string>): string {
  return Object.entries(settings)
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, value]) => `${name} ${shortNumber(value)}`)
    .join(', ');
}

/** Rounds a number drawn by a search, which has 16 digits, to four. */
function shortNumber(text: string): string {
  return /^-?\d+\.\d{6,}(e-?\d+)?$/.test(text) ? String(Number(Number(text).toPrecision(4))) : text;
}

/** The report's subject: the project, followed by the model if there are several. */
export const subjectOf = ({ project, model }: Pick<Report, 'project' | 'model'>): string =>
  model === project ? project : `${project} / ${model}`;

/** "attrition · evaluate · pull_request · feature/x at 0123456 with uncommitted edits" as its parts. */
export function runParts(report: Report): string[] {
  const { commit, mode, trigger } = report.run;
  const at =
    commit === null
      ? ''
      : `${commit.ref === null ? '' : `${commit.ref} at `}${commit.sha.slice(0, 7)}${commit.dirty ? ' with uncommitted edits' : ''}`;
  return [subjectOf(report), mode, trigger.replaceAll('_', ' '), at].filter((part) => part !== '');
}

/** All notes, without duplicates. */
export const notesOf = (report: Report): string[] => [
  ...new Set([
    ...(report.verdict?.notes ?? []),
    ...report.notes,
    ...(report.model_notes ?? []),
    ...(releaseText(report) === '' || !report.release?.note ? [] : [report.release.note]),
  ]),
];

function joined(error: string, cause: string): string {
  if (error === '' || cause.startsWith(error)) return cause;
  return cause === '' ? error : `${error}: ${cause}`;
}
