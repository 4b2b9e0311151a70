/**
 * Finds the images that a pull request's run reviewed, in its verified report REPORT: outputs the model image's `uri` and
 * `digest` and the prepare image's URI as `prepare`, each empty unless it is in a repository from which a deployment of
 * ENVIRONMENT may copy it.
 */
import { readFileSync } from 'node:fs';
import { reviewedRepositories } from '../../../pipeline/config/environment.ts';
import { loadProject } from '../../../pipeline/config/load.ts';
import { parseReport } from '../../../pipeline/report/parse-report.ts';
import { give } from '../github.ts';

const { REPORT = '', ENVIRONMENT = '' } = process.env;

const { candidate } = parseReport(readFileSync(REPORT, 'utf8'));
if (candidate === null) throw new Error(`${REPORT}: got no candidate, expected the one that was reviewed`);
const known = reviewedRepositories(await loadProject('mlops.yaml'), ENVIRONMENT);
const copied = (image = ''): string =>
  known.some(({ host, name }) => image.startsWith(`${host}/${name}@`)) ? image : '';
const uri = copied(candidate.image);
give({ uri, digest: uri.slice(uri.indexOf('@') + 1), prepare: copied(candidate.prepare_image) });
