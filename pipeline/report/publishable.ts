import { namesNoneOf, type Privacy, usualPrivacy } from '../gate/privacy.ts';
import { publishableVerdict } from '../gate/publishable-verdict.ts';
import type { SliceResult } from '../gate/verdict.ts';
import { publishableExplanation, publishablePlots } from '../steps/train/publishable-evidence.ts';
import type { Failure, Report } from './report.ts';

/*
 * A publishable report has what everybody may see of a run. Comments, summaries, pages, logs and artifacts of a public
 * repository are public, so all of them are made from one; only the private report has the rest.
 */

/**
 * The report without what data.sensitive, report.min_group and the rows' privacy keep from publication: cells and groups
 * of sensitive columns, groups of few rows, row ids, single rows. Made from a publishable report, it is the same one.
 */
export function publishable(report: Report): Report {
  const privacy = report.privacy ?? usualPrivacy;
  const { verdict, failure, data, plots, explanation, model_notes = [], notes, ...rest } = report;
  const isTold = namesNoneOf(privacy.sensitive);
  const hasSensitive = privacy.sensitive.length > 0;
  const toldNotes = notes.filter(isTold);
  const isOfSensitive = ({ column }: { column: string }) => privacy.sensitive.includes(column);
  const isSmall = (slice: SliceResult) => !isOfSensitive(slice) && slice.n < privacy.min_group;
  const explained = explanation && publishableExplanation(explanation, verdict, privacy);
  // Without numbers: how many features or slices are left out would tell how many groups a sensitive column has.
  const kept = [
    ...(verdict?.slices.some(isOfSensitive) ? ['slices of sensitive columns'] : []),
    ...(verdict?.slices.some(isSmall) ? [`slices of fewer than ${privacy.min_group} rows`] : []),
    ...((explained?.features.length ?? 0) < (explanation?.features.length ?? 0)
      ? ['features of such columns and groups']
      : []),
    ...(toldNotes.length < notes.length ? ['notes on sensitive columns'] : []),
    ...(hasSensitive && model_notes.length > 0 ? ["the model's own notes"] : []),
  ];
  return {
    ...rest,
    verdict: verdict && publishableVerdict(verdict, privacy),
    failure: failure && publishableFailure(failure, privacy),
    data: data && { ...data, ...(data.split && { split: publishableSplit(data.split, privacy) }) },
    plots: plots && publishablePlots(plots, privacy),
    explanation: explained,
    ...(!hasSensitive && model_notes.length > 0 && { model_notes }),
    notes: [...toldNotes, ...(kept.length > 0 ? [`Only the private report has ${kept.join(', ')}.`] : [])],
  };
}

/** Failures whose texts are our own and quote no cell of a sensitive column; all others may come from a program that read rows. */
const ownErrors =
  /^(ConfigError|DataContractError|InputChangedError|RewrittenError|ArtifactChangedError|BudgetError|ConflictError|LeaseHeldError|LeaseLostError|SetupError|NothingToCompareError|SmokeError|States\..*)$/;

/** What a storage says of an object that is gone: its name is no data. */
const missingObject = /^s3:\/\/[^\s"]+: no such object$/;

/** The failure without what its texts may quote of sensitive columns, and without row ids. */
export function publishableFailure(failure: Failure, { sensitive, row_id }: Privacy): Failure {
  const { error, cause, log } = failure;
  if (error === 'NotFoundError' && missingObject.test(cause) && namesNoneOf(sensitive)(cause))
    return sensitive.length > 0 ? { ...failure, log: [] } : failure;
  if (sensitive.length > 0 && !ownErrors.test(error))
    return {
      ...failure,
      cause:
        'The reason may quote the data, of which data.sensitive hides columns: only the private report has it.',
      log: [],
    };
  if (error !== 'DataContractError' && error !== 'DeliveryError') return failure;
  const without = (text: string) => withoutIds(text, row_id);
  // A job's script read the rows, so its log may quote them; the log of another step is the message itself.
  const isJob = /^(Prepare|Lay out rows|Deliver)/.test(failure.step);
  return {
    ...failure,
    cause:
      sensitive.length > 0 && isJob ? without(cause).replace(moreBelow, ' (and $1 more)') : without(cause),
    log: sensitive.length > 0 && isJob ? [] : log.map(without),
  };
}

/** Where the log that has them is not shown. */
const moreBelow = / \(and (\d+) more, below\)$/;

/** A message on row ids without them; the lines that it names tell them to those who have the data. */
function withoutIds(text: string, rowId: string | null): string {
  const quoted = String.raw`"(?:[^"\\]|\\.)*"`;
  const byLine = text.replace(new RegExp(`${quoted}(?= on .*?(?:line|row)s? \\d)`, 'g'), 'an id');
  if (rowId === null) return byLine;
  const at = `column ${rowId}: got `;
  return byLine
    .split(at)
    .map((part, index) => (index === 0 ? part : part.replace(new RegExp(`^${quoted}`), 'an id')))
    .join(at);
}

function publishableSplit(
  split: NonNullable<NonNullable<Report['data']>['split']>,
  { sensitive }: Privacy,
): typeof split {
  const { boundary, ...rest } = split;
  const isHidden = split.column !== undefined && sensitive.includes(split.column);
  return isHidden || boundary === undefined ? rest : split;
}
