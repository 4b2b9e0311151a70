/**
 * Reads the request of a retrain: outputs `name`, `region` and `release` of the environment, `data`, `set`, `mode` and
 * `reason`. A dispatch from outside gives `data`, `environment` and `reason` in its client_payload. If the request is to
 * promote a held run, checks that this is a run of Deploy or Retrain in this repository and branch.
 */
import { readFileSync } from 'node:fs';
import { deploymentOf, environmentsOf } from '../../../pipeline/config/environment.ts';
import { environmentOf, type WorkflowEnvironment } from '../environment.ts';
import { ask, at, give, repository } from '../github.ts';

const { AWS, GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, GITHUB_REF_NAME } = process.env;
const event: unknown = JSON.parse(readFileSync(GITHUB_EVENT_PATH ?? '', 'utf8'));
const from = GITHUB_EVENT_NAME === 'repository_dispatch' ? 'client_payload' : 'inputs';
const asked = (name: string): string =>
  String(at(event, `${from}.${name}`) ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();

const held = asked('promote');
if (held !== '' && from === 'inputs') await checkHeld(held);

const dry = asked('dry-run') === 'true';
give({
  ...(AWS === 'true' ? await environment() : { name: '', region: '', release: '' }),
  data: asked('data'),
  // A sender from outside may not change settings, which could switch the gate off.
  set: from === 'inputs' ? settings(asked('set')) : '',
  mode: dry || asked('mode') === 'evaluate' ? 'evaluate' : 'promote',
  reason: asked('reason') || String(at(event, 'action') ?? GITHUB_EVENT_NAME),
});

/** Puts each setting on a line, as run-pipeline takes them. GitHub's form has a single line. */
function settings(text: string): string {
  return text
    .split(';')
    .map((setting) => setting.trim())
    .filter((setting) => setting !== '')
    .join('\n');
}

/** The environment of the request; by default the first one that Deploy deploys. */
function environment(): Promise<WorkflowEnvironment> {
  return environmentOf((config) => {
    const [first] = environmentsOf(config);
    return deploymentOf(config, asked('environment') || first?.deployment.environment, 'environment');
  });
}

async function checkHeld(id: string): Promise<void> {
  if (!/^\d+$/.test(id))
    throw new Error(
      `promote: got ${JSON.stringify(id)}, expected the number of a run, the last part of its address (actions/runs/NUMBER)`,
    );
  const run = await ask(`/repos/${repository()}/actions/runs/${id}`);
  const found = {
    repository: at(run, 'head_repository.full_name'),
    workflow: String(at(run, 'path') ?? '').replace(/@.*$/, ''),
    branch: at(run, 'head_branch'),
  };
  const workflows = ['.github/workflows/deploy.yml', '.github/workflows/retrain.yml'];
  const own = found.repository === repository() && found.branch === GITHUB_REF_NAME;
  if (!own || !workflows.includes(found.workflow))
    throw new Error(
      `promote: run ${id}: got ${JSON.stringify(found)}, expected one of ${workflows.join(', ')} on ${GITHUB_REF_NAME}`,
    );
}
