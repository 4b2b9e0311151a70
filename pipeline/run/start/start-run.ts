import type { Backend, Progress, PushedImages } from '../../backends/backend.ts';
import { openBackend, useBackend } from '../../backends/open.ts';
import { loadConfig } from '../../config/load.ts';
import { ConfigError, InputError } from '../../errors.ts';
import { baselineOf, noBaseline } from './baseline.ts';
import { missingFiles } from './check-project.ts';
import { makeRequest, type RequestOptions } from './request.ts';
import { type RunOutcome, runPipeline } from './run.ts';

/** What a person or a workflow asks for: the options of `mlops run`, the inputs of run-pipeline. */
export interface RunOptions {
  /** Which of the project's models; undefined where it has only one. */
  model?: string | undefined;
  backend: Backend['name'];
  /** On AWS: one of mlops.yaml's; undefined where it has only one. */
  environment?: string | undefined;
  mode: 'evaluate' | 'promote';
  /** A git ref, to compare with where there is no champion. */
  baseline?: string | undefined;
  /** The path of mlops.yaml. */
  config: string;
  /** Overrides `path=value`. */
  set: string[];
  data?: string | undefined;
  /** A ready image by digest. */
  image?: string | undefined;
  /** On AWS: this checkout's images by digest, as they were pushed; default: looked for by their content's tag. */
  pushed?: PushedImages | undefined;
  containers?: boolean | undefined;
}

export interface RunChoices extends RunOptions {
  /** With mode promote: whether the run itself promotes. */
  promote: boolean;
  trigger: RequestOptions['trigger'];
}

export interface RunSurroundings {
  /** The folder where runs on this machine keep all their state. */
  home: string;
  /** Executions on AWS are named after this; null: after their input. */
  runId: string | null;
  signal: AbortSignal;
  onNote: (line: string) => void;
  onProgress: (progress: Progress) => void;
  /** Called once data and code are staged, before anything is recorded or started; what it throws ends the run. */
  onStaged?: (() => Promise<void>) | undefined;
  /** Called with the run's name, not with its baseline run's, before it starts. */
  onStart?: (execution: string) => void;
}

/** Does one run, from mlops.yaml to the report. Throws ConfigError, SetupError or InputError before it starts. */
export async function startRun(choices: RunChoices, surroundings: RunSurroundings): Promise<RunOutcome> {
  const leave = await useBackend(choices, surroundings);
  try {
    const { request, shared } = await prepareRun(choices, surroundings);
    await surroundings.onStaged?.();
    return await runPipeline(request, { ...shared, onStart: surroundings.onStart });
  } finally {
    leave();
  }
}

/** Starts a run on AWS without following it, so mode promote includes the promotion. Returns its name. */
export async function handOver(choices: RunChoices, surroundings: RunSurroundings): Promise<string> {
  if (choices.backend !== 'aws') {
    throw new InputError(
      'wait: got false with the embedded backend, whose jobs end with this process; expected true',
    );
  }
  const { request, shared } = await prepareRun({ ...choices, promote: true }, surroundings);
  return await shared.backend.begin(request);
}

async function prepareRun(choices: RunChoices, surroundings: RunSurroundings) {
  const { mode, promote, trigger } = choices;
  const { signal, onNote, onProgress } = surroundings;
  const set = settingsOf(choices);
  const loaded = await loadConfig(choices.config, { set, model: choices.model });
  const { config, path: file } = loaded;
  const missing = await missingFiles(loaded);
  if (missing.length > 0) throw new ConfigError(file, missing);
  const backend = await openBackend(config, choices, {
    ...surroundings,
    containers: choices.containers ?? false,
  });
  const where = backend.name === 'embedded' ? 'this machine' : `AWS, ${backend.environment}`;
  onNote(`${config.name}: ${mode} on ${where}`);
  const shared = { backend, signal, onProgress };
  const baseline =
    choices.baseline === undefined
      ? noBaseline
      : await baselineOf(choices.baseline, choices, { ...shared, onNote });
  const request = await makeRequest({
    backend,
    loaded,
    mode,
    promote,
    trigger,
    pushed: choices.pushed ?? {},
    baseline: baseline.package,
    notes: [
      ...baseline.notes,
      // The next run of the same commit is made without them.
      ...(set.length === 0 ? [] : [`Set for this run only, not in mlops.yaml: ${set.join('; ')}`]),
    ],
  });
  return { request, shared };
}

function settingsOf({ set, data, image }: RunChoices): string[] {
  return [
    ...set,
    ...(data === undefined ? [] : [`data.source=${JSON.stringify(data)}`]),
    // An empty value counts as no folder.
    ...(image === undefined ? [] : ['model.context=', `model.image=${JSON.stringify(image)}`]),
  ];
}
