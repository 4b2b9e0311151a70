/** Finds the pull request that the commit COMMIT merged: output `pull-request`, empty if there is none. */
import { give } from '../github.ts';
import { mergedBy } from '../merged-by.ts';

const { COMMIT = '' } = process.env;
if (!/^[0-9a-f]{40}$/.test(COMMIT))
  throw new Error(`COMMIT: got ${JSON.stringify(COMMIT)}, expected a commit, 40 hexadecimal digits`);
const number = await mergedBy(COMMIT);
console.log(
  number === ''
    ? `${COMMIT.slice(0, 7)} merged no pull request: nothing is posted.`
    : `${COMMIT.slice(0, 7)} merged #${number}.`,
);
give({ 'pull-request': number });
