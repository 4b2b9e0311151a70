import type { Answer } from '../serve/answer.ts';

/** Contributions on a line of the table. */
const SHOWN = 3;

/**
 * Answers for a terminal: a header and a row for each. The last column is there only if an answer was made from a category that
 * training never saw, and names the columns that hold one.
 * @param rowId the column of ids, if mlops.yaml names one
 */
export function predictionTable(answers: readonly Answer[], rowId: string | null): string[][] {
  const named = answers.some(({ id }) => id !== undefined);
  const withUnseen = answers.some(({ unseen }) => unseen !== undefined);
  const header = [
    named ? (rowId ?? 'id') : '',
    'score',
    'decision',
    'strongest contributions',
    ...(withUnseen ? ['not seen in training'] : []),
  ];
  return [
    header,
    ...answers.map(({ id, score, decision, contributions, unseen = [] }, at) => [
      id ?? String(at + 1),
      score === null ? '' : Number(score.toPrecision(4)).toString(),
      decision ?? '',
      contributions
        .slice(0, SHOWN)
        .map(({ name, value }) => `${name} ${signed(value)}`)
        .join(', '),
      ...(withUnseen ? [unseen.join(', ')] : []),
    ]),
  ];
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${Number(value.toPrecision(3))}`;
