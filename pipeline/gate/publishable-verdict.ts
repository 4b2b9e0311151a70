import { namesNoneOf, type Privacy } from './privacy.ts';
import { type Check, type CheckOutcome, NO_NUMBERS, type SliceResult, type Verdict } from './verdict.ts';

/** Two checks in place of those of slices that are not shown. Their names begin as those of all slices do. */
const groups = {
  sensitive: {
    name: 'slices of sensitive columns',
    detail: {
      fail: 'A group of a sensitive column falls behind the champion by more than gate.slices.max_drop, or cannot be judged; the private report names it.',
      inconclusive:
        'A group of a sensitive column may fall behind the champion; the private report names it.',
      pass: 'No group of a sensitive column is shown to fall behind the champion by more than gate.slices.max_drop.',
      not_judged: 'No group of a sensitive column was judged; the private report says why.',
    },
  },
  small: {
    name: 'slices of few rows',
    detail: {
      fail: 'A slice of fewer rows than report.min_group falls behind the champion by more than gate.slices.max_drop, or cannot be judged; the private report names it.',
      inconclusive:
        'A slice of fewer rows than report.min_group may fall behind the champion; the private report names it.',
      pass: 'No slice of fewer rows than report.min_group is shown to fall behind the champion by more than gate.slices.max_drop.',
      not_judged: 'Slices of fewer rows than report.min_group were not judged; the private report has them.',
    },
  },
} as const;

/** The verdict without slices of sensitive columns, and of fewer rows than `min_group`. Outcomes stay as they are. */
export function publishableVerdict(verdict: Verdict, privacy: Omit<Privacy, 'row_id'>): Verdict {
  const kindOf = ({ column, n }: SliceResult): keyof typeof groups | null =>
    privacy.sensitive.includes(column) ? 'sensitive' : n < privacy.min_group ? 'small' : null;
  const kinds = new Map<string, keyof typeof groups | null>();
  for (const slice of verdict.slices) {
    // Two columns may give one name, such as `a=b` and `a` with the value `b=c`: what hides one hides both.
    const name = `slices ${slice.column}=${slice.value}`;
    const [known, own] = [kinds.get(name) ?? null, kindOf(slice)];
    kinds.set(name, known === 'sensitive' ? known : (own ?? known));
  }
  const isTold = namesNoneOf(privacy.sensitive);
  const hiddenOf = (kind: keyof typeof groups) =>
    verdict.checks.filter(
      ({ name }) =>
        kinds.get(name) === kind ||
        // A check whose slice is not listed: only its name tells of its column.
        (kind === 'sensitive' &&
          !kinds.has(name) &&
          name.startsWith('slices ') &&
          name.includes('=') &&
          !isTold(name)),
    );
  const replaced = (['sensitive', 'small'] as const).flatMap((kind) => {
    const hidden = hiddenOf(kind);
    return hidden.length === 0 ? [] : [{ hidden, check: together(kind, hidden) }];
  });
  if (replaced.length === 0 && verdict.slices.every((slice) => kindOf(slice) === null))
    return { ...verdict, notes: verdict.notes.filter(isTold) };
  const hidden = new Set(replaced.flatMap(({ hidden }) => hidden));
  let { reason } = verdict;
  for (const { hidden, check } of replaced)
    for (const { detail } of hidden) reason = reason.replace(detail, () => check.detail);
  return {
    ...verdict,
    reason,
    slices: verdict.slices.filter((slice) => kindOf(slice) === null),
    checks: [...verdict.checks.filter((check) => !hidden.has(check)), ...replaced.map(({ check }) => check)],
    notes: verdict.notes.filter(isTold),
  };
}

const worstFirst: CheckOutcome[] = ['fail', 'inconclusive', 'pass', 'not_judged'];

/** One check with the worst outcome of several. */
function together(kind: keyof typeof groups, hidden: readonly Check[]): Check {
  const outcome = worstFirst.find((one) => hidden.some((check) => check.outcome === one)) ?? 'not_judged';
  const { name, detail } = groups[kind];
  return { name, outcome, detail: detail[outcome], ...NO_NUMBERS };
}
