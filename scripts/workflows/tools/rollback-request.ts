/**
 * Reads the request to roll back: outputs `name` (the environment of mlops.yaml, empty on the runner), `approval` (the GitHub
 * environment that the request passes first: NAME-approval where mlops.yaml says `approval: true`, otherwise NAME, on the
 * runner `approval`), `model`, `package` and `reason`. Which package it may be the release machine decides.
 */
import { readFileSync } from 'node:fs';
import { annotateError } from '../../../actions/shared/annotate.ts';
import { deploymentOf, environmentsOf } from '../../../pipeline/config/environment.ts';
import { loadConfig, loadProject } from '../../../pipeline/config/load.ts';
import { causedByInput, InputError } from '../../../pipeline/errors.ts';
import { at, give } from '../github.ts';

const { AWS, GITHUB_EVENT_PATH } = process.env;
const event: unknown = JSON.parse(readFileSync(GITHUB_EVENT_PATH ?? '', 'utf8'));
const asked = (name: string): string => String(at(event, `inputs.${name}`) ?? '').trim();

try {
  const reason = asked('reason');
  if (reason === '')
    throw new InputError('reason: got nothing, expected why, which the record and the pull request say');
  const model = asked('model');
  await loadConfig('mlops.yaml', { model: model || undefined });
  give({ ...(await where()), model, package: asked('to'), reason });
} catch (error) {
  if (!(error instanceof Error && causedByInput(error.name))) throw error;
  annotateError(error.message, { title: 'Input' });
  process.exitCode = 1;
}

async function where(): Promise<{ name: string; approval: string }> {
  const given = asked('environment');
  if (AWS !== 'true') {
    if (given !== '')
      throw new InputError(
        `environment: got ${JSON.stringify(given)}, expected none: the variable AWS_PULL_REQUEST_ROLE is not set, so models are on the runner`,
      );
    return { name: '', approval: 'approval' };
  }
  const project = await loadProject('mlops.yaml');
  const { environment: name } = deploymentOf(project, given || undefined, 'environment');
  const found = environmentsOf(project).find(({ deployment }) => deployment.environment === name);
  return { name, approval: found?.settings.approval ? `${name}-approval` : name };
}
