/**
 * Finds the pull request whose merge had promoted the model that the rollback RESULT, run-pipeline's JSON, left: output
 * `pull-request`, empty if there is none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseReleaseResult } from '../../../pipeline/report/parse-release-result.ts';
import { give } from '../github.ts';
import { mergedBy } from '../merged-by.ts';

const { RESULT = '' } = process.env;
// A rollback that died left none, and post-report says so.
const left = existsSync(RESULT) ? parseReleaseResult(readFileSync(RESULT, 'utf8')).left : null;
const commit = left?.commit ?? null;
const number = commit === null ? '' : await mergedBy(commit);
console.log(
  commit === null
    ? 'No model was left whose commit is known: nothing is posted.'
    : number === ''
      ? `${commit.slice(0, 7)} merged no pull request: nothing is posted.`
      : `${commit.slice(0, 7)} merged #${number}.`,
);
give({ 'pull-request': number });
