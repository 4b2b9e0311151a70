/**
 * Finds the model image that a pull request's run reviewed, in its verified report REPORT: outputs its `uri` and `digest` if it is
 * in a repository from which a deployment of ENVIRONMENT may copy it, otherwise nothing.
 */
import { readFileSync } from 'node:fs';
import { reviewedRepositories } from '../../../pipeline/config/environment.ts';
import { loadProject } from '../../../pipeline/config/load.ts';
import { parseReport } from '../../../pipeline/report/parse-report.ts';
import { give } from '../github.ts';

const { REPORT = '', ENVIRONMENT = '' } = process.env;

const { candidate } = parseReport(readFileSync(REPORT, 'utf8'));
if (candidate === null) throw new Error(`${REPORT}: got no candidate, expected the one that was reviewed`);
const { image } = candidate;
const [repository = '', digest = ''] = image.split('@');
const known = reviewedRepositories(await loadProject('mlops.yaml'), ENVIRONMENT);
const found = known.some(({ host, name }) => repository === `${host}/${name}`);
give({ uri: found ? image : '', digest: found ? digest : '' });
