import { embeddedResources } from '../../backends/embedded/embedded-backend.ts';
import { execute } from '../../backends/embedded/engine/engine.ts';
import type { ExecutionEvent, ExecutionResult } from '../../backends/embedded/engine/execution.ts';
import { temporaryFolder } from '../../backends/embedded/images/python-context.fixture.ts';
import type { ProcessingJob } from '../../backends/embedded/jobs/api.ts';
import { embeddedEngine, prepareEngines } from '../../backends/embedded/prepare-engines.ts';
import { FileLedger } from '../../backends/embedded/state/file-ledger.ts';
import { FileStorage } from '../../backends/embedded/state/file-storage.ts';
import { LedgerRegistry } from '../../backends/embedded/state/ledger-registry.ts';
import { parseConfig } from '../../config/load.ts';
import { sha256 } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import { trainMachine } from '../../machines/train.ts';
import { ModelLedger } from '../../model-ledger.ts';
import type { TrainStep } from '../../names.ts';
import { folder, type Manifest, type StepContext } from '../context.ts';
import { steps } from '../steps.ts';
import { versionOfFiles } from './inputs.ts';

/** A job's parameters as a handler gets them. */
// biome-ignore lint/suspicious/noExplicitAny: the API's own JSON
export type Parameters = any;

export interface Call {
  state: string;
  /** The API's action: createTrainingJob. */
  action: string;
  parameters: Parameters;
}

export interface Run {
  execution: string;
  result: ExecutionResult;
  /** The jobs and services that were called, in order; functions are left out. */
  calls: Call[];
  events: ExecutionEvent[];
}

/** 60 rows, every other one positive. */
const rows = Array.from({ length: 60 }, (_, index) => ({ id: `r${index}`, label: index % 2 }));

/**
 * The train machine over its real functions, ledger, registry and storage, where jobs are a few lines: a prepared
 * holdout of 60 rows, a model that is as good as `skill` says.
 */
export class FakeSageMaker {
  readonly context: StepContext;
  /** By state: with what its next calls fail, one after the other, before they succeed. */
  readonly failures = new Map<string, string[]>();
  /** By state: the errors by which the service refuses its next calls, one after the other, before it takes one. */
  readonly refusedFirst = new Map<string, { name: string; message: string }[]>();
  /** By state: the error by which the service refuses its calls. */
  readonly refusals = new Map<string, string>();
  /** The images that were held, and for how long. */
  readonly held: [image: string, how: 'judged' | 'always'][] = [];
  /** How well a model's scores tell the classes apart, by its image. */
  readonly skill = new Map<string, number>();
  /** What a model answers instead of a score. */
  answer: (row: { id: string; label: number }, score: number) => string = (_, score) => score.toFixed(6);
  /** The objective's best value in a tuning job, by the job's parameters. */
  objective: (parameters: Parameters) => number = () => 0.9;
  /** Called with every event. */
  onEvent: (event: ExecutionEvent) => void = () => {};
  /** Of the prepare job. */
  manifest: Partial<Manifest> = {};
  readonly #models = new Map<string, Parameters>();
  readonly #taken = new Set<string>();
  #executions = 0;

  constructor(project = 'small', region: string | null = null) {
    const home = temporaryFolder();
    const ledger = new ModelLedger(new FileLedger(`${home}/ledger`), project);
    this.context = {
      storage: new FileStorage(`${home}/s3`),
      ledger,
      registry: new LedgerRegistry(ledger, project),
      jobs: { trials: async () => [], strategyOf: (asked) => asked },
      images: {
        hold: async (image, how) => {
          this.held.push([image, how]);
          return 'held';
        },
      },
      endpoints: {
        invoke: () => Promise.reject(new Error('expected no endpoint to be asked')),
        traffic: async () => null,
      },
      clock: { now: () => new Date('2026-01-01T00:00:00Z') },
      model: project,
      root: `s3://mlops/${project}`,
      jobPrefix: project,
      mostRunUsd: null,
      region,
    };
  }

  /** Runs the machine on a request, under the name of a new execution. */
  async run(request: Request): Promise<Run> {
    this.#executions += 1;
    const execution = `execution-${this.#executions}`;
    const calls: Call[] = [];
    const events: ExecutionEvent[] = [];
    const functions = new Map(
      Object.entries(steps).map(([name, step]) => [embeddedResources.functions[name as TrainStep], step]),
    );
    const service = (name: string, action: string) => ({
      [`arn:aws:states:::${name}`]: async (parameters: Parameters, { state }: { state: string }) => {
        calls.push({ state, action, parameters });
        const failure = this.failures.get(state)?.shift();
        if (failure !== undefined) throw taskFailed(failure);
        const first = this.refusedFirst.get(state)?.shift();
        if (first !== undefined) throw Object.assign(new Error(), first);
        const refusal = this.refusals.get(state);
        if (refusal !== undefined) throw Object.assign(new Error('refused'), { name: refusal });
        return await this.#answers(action, parameters);
      },
    });
    const result = await execute(
      trainMachine({ ...embeddedResources, engine: embeddedEngine(request) }),
      { request },
      {
        name: execution,
        signal: new AbortController().signal,
        onEvent: (event) => {
          events.push(event);
          this.onEvent(event);
        },
        handlers: {
          'arn:aws:states:::lambda:invoke': async (parameters: Parameters, { state }) => {
            const failure = this.failures.get(state)?.shift();
            if (failure !== undefined) throw taskFailed(failure);
            const step = functions.get(parameters.FunctionName);
            return { StatusCode: 200, Payload: await step?.(parameters.Payload as never, this.context) };
          },
          ...prepareEngines({
            image: request.images.prepare,
            storage: this.context.storage,
            process: async (parameters) => {
              await this.#answers('createProcessingJob', parameters);
              const [started, ended] = [1000, 91_000].map((time) => new Date(time).toISOString());
              return {
                ...parameters,
                ProcessingStartTime: started,
                ProcessingEndTime: ended,
              } as ProcessingJob;
            },
          }),
          ...service('sagemaker:createModel', 'createModel'),
          ...service('aws-sdk:sagemaker:deleteModel', 'deleteModel'),
          ...service('aws-sdk:sagemaker:describeTrainingJob', 'describeTrainingJob'),
          ...service('sagemaker:createProcessingJob.sync', 'createProcessingJob'),
          ...service('sagemaker:createTrainingJob.sync', 'createTrainingJob'),
          ...service('sagemaker:createHyperParameterTuningJob.sync', 'createHyperParameterTuningJob'),
          ...service('sagemaker:createTransformJob.sync', 'createTransformJob'),
        },
      },
    );
    return { execution, result, calls, events };
  }

  async #answers(action: string, parameters: Parameters): Promise<unknown> {
    switch (action) {
      case 'createProcessingJob':
        this.#take(parameters.ProcessingJobName);
        await this.#prepare(
          parameters.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri,
          parameters.ProcessingInputs.some(({ InputName }: { InputName: string }) => InputName === 'view'),
        );
        return { ...parameters, ProcessingStartTime: 1000, ProcessingEndTime: 2000 };
      case 'createTrainingJob':
        this.#take(parameters.TrainingJobName);
        return await this.#trained(parameters.TrainingJobName, parameters);
      case 'createHyperParameterTuningJob': {
        const { HyperParameterTuningJobName: name, TrainingJobDefinition: definition } = parameters;
        this.#take(name);
        const best = `${name}-001`;
        this.#models.set(best, definition);
        return {
          ...parameters,
          BestTrainingJob: {
            TrainingJobName: best,
            FinalHyperParameterTuningJobObjectiveMetric: { Value: this.objective(parameters) },
          },
          CreationTime: 1000,
          HyperParameterTuningEndTime: 2000,
        };
      }
      case 'describeTrainingJob':
        return await this.#trained(parameters.TrainingJobName, this.#models.get(parameters.TrainingJobName));
      case 'createModel':
        this.#take(`model ${parameters.ModelName}`);
        this.#models.set(parameters.ModelName, parameters);
        return { ModelArn: parameters.ModelName };
      case 'createTransformJob': {
        this.#take(parameters.TransformJobName);
        const skill = this.skill.get(this.#models.get(parameters.ModelName).PrimaryContainer.Image) ?? 1;
        const lines = rows.map((row, index) => {
          const score = 0.5 + 0.4 * (skill * (row.label - 0.5) + 0.9 * (((index * 0.618) % 1) - 0.5));
          return `${row.id},${row.label},${this.answer(row, score)}\n`;
        });
        const output = `${parameters.TransformOutput.S3OutputPath}holdout.csv.out`;
        await this.context.storage.write(output, lines.join(''));
        return { ...parameters, TransformStartTime: 1000, TransformEndTime: 2000 };
      }
      default:
        return {};
    }
  }

  /** A name is used once, for ever. */
  #take(name: string): void {
    if (this.#taken.has(name)) throw new Error(`${name}: taken`);
    this.#taken.add(name);
  }

  /** @param isView the holdout is written as another model's preparation writes it */
  async #prepare(output: string, isView: boolean): Promise<void> {
    const manifest: Manifest = {
      problem: 'binary',
      target: 'y',
      positive: 'yes',
      positive_defaulted: false,
      labels: ['no', 'yes'],
      content_type: 'text/csv',
      features: [{ name: 'x', type: 'number' }],
      slices: [],
      row_id: 'id',
      files: {
        train: { path: 'train/train.csv', rows: 240, positives: 120, sha256: sha256('train') },
        holdout: { path: 'holdout/holdout.csv', rows: 60, positives: 30, sha256: sha256('holdout') },
      },
      holdout_sha256: sha256('rows'),
      warnings: [],
      ...this.manifest,
    };
    const { storage } = this.context;
    for (const part of ['train', 'holdout'] as const)
      await storage.write(folder(output) + manifest.files[part].path, part);
    const { rows } = manifest.files.holdout;
    const view = { rows, holdout_rows: rows, trained_by: 'list', trained_on: 0, dropped: 0, other_label: 0 };
    await storage.write(
      `${folder(output)}manifest/manifest.json`,
      JSON.stringify(isView ? { ...manifest, view } : manifest),
    );
  }

  async #trained(name: string, parameters: Parameters): Promise<unknown> {
    const artifact = `${parameters.OutputDataConfig.S3OutputPath}${name}/output/model.tar.gz`;
    await this.context.storage.write(artifact, name);
    return {
      TrainingJobName: name,
      ModelArtifacts: { S3ModelArtifacts: artifact },
      HyperParameters: parameters.HyperParameters ?? parameters.StaticHyperParameters,
      TrainingStartTime: 1000,
      TrainingEndTime: 2000,
      ResourceConfig: parameters.ResourceConfig,
      BillableTimeInSeconds: 1,
    };
  }
}

function taskFailed(cause: string): Error {
  const error = new Error(cause);
  error.name = 'States.TaskFailed';
  return error;
}

/** What a run gave the function of a state. */
export function payloadOf<Event>({ events }: Run, state: string): Event {
  const started = events.find((event) => event.type === 'TaskStarted' && event.state === state);
  if (started === undefined) throw new Error(`${state}: not started`);
  return structuredClone((started.parameters as { Payload: Event }).Payload);
}

/** A sound request; `settings` are lines of mlops.yaml. */
export async function requestOf(
  world: FakeSageMaker,
  settings = '',
  changes: Partial<Request> = {},
): Promise<Request> {
  const { storage, root } = world.context;
  const mode = changes.mode ?? 'promote';
  const code = `${stagedIn(world, mode)}code/1.json`;
  const project = root.slice(root.lastIndexOf('/') + 1);
  const config = parseConfig(
    `project: ${project}\nproblem: binary\ndata: { source: data.csv, target: y, positive: "yes" }\n${settings}`,
  );
  await storage.write(code, '[]');
  return {
    model: config.name,
    mode: 'promote',
    promote: true,
    trigger: { kind: 'manual', ref: null, commit: null, dirty: false, actor: null, reason: null },
    config,
    seed: 0,
    images: { model: 'model@sha256:1', prepare: 'prepare@sha256:1' },
    data: changes.data ?? (await dataOf(world, undefined, mode)),
    script: null,
    code,
    baseline: null,
    notes: [],
    ...changes,
  };
}

const stagedIn = ({ context: { root, model } }: FakeSageMaker, mode: Request['mode']): string =>
  `${root}/inputs-${mode}/${model}/`;

/** Stages data as a run does. */
export async function dataOf(
  world: FakeSageMaker,
  content = 'x,y\n1,yes\n2,no\n3,yes\n4,no\n',
  mode: Request['mode'] = 'promote',
): Promise<Request['data']> {
  const version = versionOfFiles([{ name: 'data.csv', sha256: sha256(content) }]);
  const uri = `${stagedIn(world, mode)}data/${version}/`;
  await world.context.storage.write(`${uri}data.csv`, content);
  return { source: 'data.csv', uri, version };
}

/** Stages a prepare script as a run does. */
export async function scriptOf(
  world: FakeSageMaker,
  content: string,
  mode: Request['mode'] = 'promote',
): Promise<NonNullable<Request['script']>> {
  const uri = `${stagedIn(world, mode)}scripts/${sha256(content)}/prepare.py`;
  await world.context.storage.write(uri, content);
  return { uri, sha256: sha256(content) };
}

/** Settings that search instead of training once. */
export const tuned = `training: { metrics: { auc: 'auc=([0-9.]+)' } }
tuning:
  objective: { metric: auc, goal: maximize }
  ranges: { C: { min: 0.1, max: 1 } }
`;
