/** Fails unless CHANGELOG.md has a section for VERSION, so that nothing is built for a release that nobody has described. */
import { readFile } from 'node:fs/promises';
import { annotateError } from '../../../actions/shared/annotate.ts';
import { changesOf } from '../changelog.ts';

try {
  changesOf(await readFile('CHANGELOG.md', 'utf8'), process.env.VERSION ?? '');
} catch (error) {
  annotateError((error as Error).message, { file: 'CHANGELOG.md', title: 'Release' });
  process.exitCode = 1;
}
