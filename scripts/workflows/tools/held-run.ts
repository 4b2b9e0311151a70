/**
 * Reads the request to approve a held run: outputs `artifact` (that holds its report), `workflow` and `pull-request` (whose
 * comment is updated), on AWS `name`, `region` and `next` (the environment that Deploy goes on to), and `approval`, the
 * GitHub environment that has the reviewers. Fails unless it is a run of Deploy or Retrain on the newest commit of this
 * branch that still has its report.
 */
import { readFileSync } from 'node:fs';
import { annotateError } from '../../../actions/shared/annotate.ts';
import { deploymentOf, environmentsOf } from '../../../pipeline/config/environment.ts';
import { environmentOf } from '../environment.ts';
import { ask, at, give, listOf, repository } from '../github.ts';
import { headOf } from '../head-of.ts';
import { mergedBy } from '../merged-by.ts';

const { AWS, GITHUB_EVENT_PATH, GITHUB_REF_NAME = '' } = process.env;
const event: unknown = JSON.parse(readFileSync(GITHUB_EVENT_PATH ?? '', 'utf8'));
const asked = (name: string): string => String(at(event, `inputs.${name}`) ?? '').trim();
const base = `/repos/${repository()}`;
const workflows = new Map([
  ['.github/workflows/deploy.yml', 'Deploy'],
  ['.github/workflows/retrain.yml', 'Retrain'],
]);

const id = asked('run');
const problem = await read();
if (problem !== null) {
  annotateError(problem, { title: 'Nothing to approve' });
  process.exitCode = 1;
}

/** Gives the outputs; the problem if the run cannot be approved. */
async function read(): Promise<string | null> {
  if (!/^\d+$/.test(id))
    return `run: got ${JSON.stringify(id)}, expected the number of a run, the last part of its address (actions/runs/NUMBER)`;
  const run = await ask(`${base}/actions/runs/${id}`);
  const path = String(at(run, 'path') ?? '').replace(/@.*$/, '');
  const branch = at(run, 'head_branch');
  const from = at(run, 'head_repository.full_name');
  const workflow = workflows.get(path);
  if (workflow === undefined || branch !== GITHUB_REF_NAME || from !== repository())
    return `run ${id}: got ${JSON.stringify({ path, branch, from })}, expected one of ${[...workflows.keys()].join(', ')} on ${GITHUB_REF_NAME}`;
  const sha = String(at(run, 'head_sha'));
  const head = await headOf(GITHUB_REF_NAME);
  if (sha !== head)
    return `run ${id}: it is of ${sha.slice(0, 7)}, and ${GITHUB_REF_NAME} is at ${head.slice(0, 7)} now: what it held is out of date. Approve a run of ${head.slice(0, 7)}; to hold the same candidate again, run ${workflow} again, which reuses what has not changed`;
  const where = AWS === 'true' ? await environment() : { name: '', region: '', next: '' };
  const artifact = where.name === '' ? 'run' : `run-${where.name}`;
  const found = listOf(at(await ask(`${base}/actions/runs/${id}/artifacts?name=${artifact}`), 'artifacts'));
  if (!found.some((each) => at(each, 'expired') === false))
    return `run ${id}: got no artifact ${artifact}, which GitHub deletes after 30 days, expected the report of the held candidate`;
  give({
    ...where,
    next: workflow === 'Deploy' ? where.next : '',
    artifact,
    workflow,
    approval: where.name === '' ? 'approval' : `${where.name}-approval`,
    'pull-request': workflow === 'Deploy' ? await mergedBy(sha) : '',
  });
  return null;
}

async function environment(): Promise<{ name: string; region: string; next: string }> {
  let next = '';
  const { name, region } = await environmentOf((config) => {
    const chosen = deploymentOf(config, asked('environment') || undefined, 'environment');
    const names = environmentsOf(config).map(({ deployment }) => deployment.environment);
    next = names[names.indexOf(chosen.environment) + 1] ?? '';
    return chosen;
  });
  return { name, region, next };
}
