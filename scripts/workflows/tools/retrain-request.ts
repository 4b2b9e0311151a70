/**
 * Reads the request of a retrain: outputs `name`, `region`, `release` and `approval` of the environment, `data`, `set`,
 * `mode` and `reason`. A dispatch from outside gives `data`, `environment` and `reason` in its client_payload. Fails if, in
 * mode promote, it names settings or data that nobody has reviewed.
 */
import { readFileSync } from 'node:fs';
import { annotateError } from '../../../actions/shared/annotate.ts';
import { deploymentOf, environmentsOf } from '../../../pipeline/config/environment.ts';
import { requireReviewed } from '../../../pipeline/config/reviewed.ts';
import { causedByInput } from '../../../pipeline/errors.ts';
import { environmentOf, type WorkflowEnvironment } from '../environment.ts';
import { at, give } from '../github.ts';

const { AWS, GITHUB_EVENT_NAME, GITHUB_EVENT_PATH } = process.env;
const event: unknown = JSON.parse(readFileSync(GITHUB_EVENT_PATH ?? '', 'utf8'));
const from = GITHUB_EVENT_NAME === 'repository_dispatch' ? 'client_payload' : 'inputs';
const asked = (name: string): string =>
  String(at(event, `${from}.${name}`) ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();

const mode = asked('dry-run') === 'true' || asked('mode') === 'evaluate' ? 'evaluate' : 'promote';
// A sender from outside may not change settings.
const set = from === 'inputs' ? settings(asked('set')) : [];
const data = asked('data');
try {
  await requireReviewed({ mode, set, data, config: 'mlops.yaml' });
} catch (error) {
  if (!(error instanceof Error && causedByInput(error.name))) throw error;
  annotateError(error.message, { title: 'Input' });
  process.exit(1);
}
give({
  ...(AWS === 'true' ? await environment() : { name: '', region: '', release: '', approval: 'false' }),
  data,
  set: set.join('\n'),
  mode,
  reason: asked('reason') || String(at(event, 'action') ?? GITHUB_EVENT_NAME),
});

/** The settings of GitHub's form, which has a single line for them. */
function settings(text: string): string[] {
  return text
    .split(';')
    .map((setting) => setting.trim())
    .filter((setting) => setting !== '');
}

/** The environment of the request; by default the first one that Deploy deploys. */
async function environment(): Promise<Record<keyof WorkflowEnvironment | 'approval', string>> {
  let approval = false;
  const chosen = await environmentOf((config) => {
    const [first] = environmentsOf(config);
    const deployment = deploymentOf(
      config,
      asked('environment') || first?.deployment.environment,
      'environment',
    );
    approval = config.environments[deployment.environment]?.approval ?? false;
    return deployment;
  });
  return { ...chosen, approval: String(approval) };
}
