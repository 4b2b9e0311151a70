import { setTimeout as delay } from 'node:timers/promises';
import type { ECRClient } from '@aws-sdk/client-ecr';
import { DescribeHyperParameterTuningJobCommand, type SageMakerClient } from '@aws-sdk/client-sagemaker';
import { type SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import pLimit from 'p-limit';
import { cloudWatchLogsClient, ecrClient, sageMakerClient, sfnClient } from '../../aws/clients.ts';
import { SetupError } from '../../errors.ts';
import { canonicalJson, sha256Json } from '../../hash.ts';
import { hashContext } from '../../image/context.ts';
import { monitorSteps } from '../../machines/monitor.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import { releaseSteps } from '../../machines/release.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { Request } from '../../machines/request.ts';
import { trainSteps } from '../../machines/train.ts';
import { type Deployment, imageTag, type ResourceNames, resourceNames } from '../../names.ts';
import { prepareContext } from '../../repository.ts';
import { type Champion, championId, championKind } from '../../steps/context.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import type {
  AnyRequest,
  Backend,
  FailedJob,
  ImageOptions,
  Progress,
  PushedImages,
  RunOptions,
  RunResult,
  StagedFile,
} from '../backend.ts';
import { logTail, MOST_LINES } from '../log-tail.ts';
import { findImage, requireImage } from './aws-images.ts';
import { executionLink } from './console-links.ts';
import { deployedContext, requireDeployed } from './deployed-context.ts';
import { ExecutionHistory } from './executions/execution-history.ts';
import { follow } from './executions/follow.ts';
import { describeExecution, type Execution, eventsSince } from './executions/read-execution.ts';
import type { StartedJob } from './executions/started-job.ts';
import { stopJobs } from './executions/stop-jobs.ts';

export interface AwsBackendOptions {
  deployment: Deployment;
  model: string;
  /**
   * Runs are named after this, such as the id of a workflow run: the same id and input continue the same execution.
   * null: runs are named after their input.
   */
  runId: string | null;
  onNote: (line: string) => void;
}

/** The deployed pipeline: Step Functions, SageMaker, S3 and DynamoDB. */
export class AwsBackend implements Backend {
  readonly name = 'aws';
  readonly environment: string;
  readonly context: ReturnType<typeof deployedContext>;
  readonly #options: AwsBackendOptions;
  readonly #names: ResourceNames;
  readonly #executions: SFNClient;
  readonly #jobs: SageMakerClient;
  readonly #images: ECRClient;

  /** Makes no call to AWS; `openAwsBackend` also checks the account. */
  constructor(options: AwsBackendOptions) {
    const { region, environment } = options.deployment;
    this.environment = environment;
    this.#options = options;
    this.#names = resourceNames(options.deployment);
    this.#executions = sfnClient(region);
    this.#jobs = sageMakerClient(region);
    this.#images = ecrClient(region);
    this.context = deployedContext(options.deployment, options.model);
  }

  async images({ context, image, pushed = {} }: ImageOptions) {
    const prepare = await this.#find('prepare', prepareContext, pushed);
    const model =
      context === null
        ? { uri: await requireImage(image ?? ''), files: [] }
        : await this.#find('model', context, pushed);
    return { prepare: prepare.uri, model: model.uri, code: model.files };
  }

  async prepareImage(): Promise<string> {
    return (await this.#find('prepare', prepareContext, {})).uri;
  }

  async #find(name: 'model' | 'prepare', folder: string, pushed: PushedImages) {
    const { digest, files } = await hashContext(folder);
    const tag = imageTag(name, digest.slice('sha256:'.length));
    const given = pushed[name];
    const uri = given ? await requireImage(given) : await findImage(this.#images, tag, this.#names);
    return { uri, files: [...files] };
  }

  async stage(files: StagedFile[], prefix: string): Promise<void> {
    const { storage } = this.context;
    const limit = pLimit(8);
    const staged = files.map((file) =>
      limit(() =>
        'text' in file
          ? storage.create(`${prefix}${file.name}`, file.text)
          : storage.copyIn(file.path, `${prefix}${file.name}`),
      ),
    );
    await Promise.all(staged);
  }

  /** RUNID-N, with the first N that is unused, or whose execution has this input and is running or has succeeded. */
  async executionName(request: AnyRequest): Promise<string> {
    const id = runIdOf(this.#options.runId, request);
    for (let n = 1; ; n++) {
      const name = `${id}-${n}`;
      const execution = await describeExecution(this.#executions, this.#arnOf(name, request));
      if (execution === null) return name;
      if (!sameRequest(execution, request)) continue;
      if (execution.status === 'RUNNING') return name;
      if (execution.status === 'SUCCEEDED' && !(await this.#isOutdated(name, request))) return name;
    }
  }

  async begin(request: AnyRequest): Promise<string> {
    const execution = await this.executionName(request);
    await this.#start(execution, request);
    this.#options.onNote(`execution ${execution}: ${this.linkOf(execution, request)}`);
    return execution;
  }

  linkOf(execution: string, request: AnyRequest): string {
    return executionLink(this.#options.deployment.region, this.#arnOf(execution, request));
  }

  async run(request: Request, options: RunOptions): Promise<RunResult> {
    return await this.#follow(request, options);
  }

  async release(request: ReleaseRequest, options: RunOptions): Promise<RunResult> {
    return await this.#follow(request, options);
  }

  async look(request: MonitorRequest, options: RunOptions): Promise<RunResult> {
    return await this.#follow(request, options);
  }

  async #follow(request: AnyRequest, { execution, signal, onProgress }: RunOptions): Promise<RunResult> {
    const { region } = this.#options.deployment;
    const arn = this.#arnOf(execution, request);
    if (signal.aborted) return { status: 'cancelled', steps: [], error: null };
    await this.#start(execution, request);
    this.#options.onNote(`execution ${execution}: ${this.linkOf(execution, request)}`);
    const history = new ExecutionHistory(region, shownSteps[machineOf(request)]);
    try {
      await follow({
        history,
        signal,
        onProgress,
        eventsSince: (lastId) => eventsSince(this.#executions, arn, lastId),
        tuningProgress: (job) => this.#tuningProgress(job),
        wait: (seconds, until) => delay(seconds * 1000, undefined, { signal: until }).catch(() => {}),
      });
    } catch (error) {
      this.#options.onNote(`execution ${execution} continues; run the same command to follow it again`);
      throw error;
    }
    if (history.end !== null) return { ...history.end, steps: history.steps };
    await this.#stop(arn, history);
    return { status: 'cancelled', steps: history.steps, error: null };
  }

  async logTail({ kind, name }: FailedJob): Promise<string[]> {
    const { jobLog } = await import('./executions/job-log.ts');
    // A tuning job writes no log, so this reads that of its first failed trial.
    const failed =
      kind === 'tuning'
        ? (await this.context.jobs.trials(name)).find(({ status }) => status === 'failed')
        : null;
    const job = failed ? ({ kind: 'training', name: failed.name } as const) : { kind, name };
    const client = await cloudWatchLogsClient(this.#options.deployment.region);
    return logTail(await jobLog(client, job, MOST_LINES));
  }

  /** Stops an execution that nobody follows; the event of its end makes close-run stop its jobs. */
  async stop(execution: string, request: Startable): Promise<void> {
    await this.#stop(this.#arnOf(execution, request), new ExecutionHistory(this.#options.deployment.region));
  }

  /** Does nothing: only the machine, or close-run if the machine cannot, may write the record. */
  async keep(): Promise<void> {}

  /** Like keep. */
  async keepRelease(): Promise<void> {}

  /** Like keep. */
  async keepLook(): Promise<void> {}

  async #start(execution: string, request: AnyRequest): Promise<void> {
    const { project, environment, account, region } = this.#options.deployment;
    try {
      await this.#executions.send(
        new StartExecutionCommand({
          stateMachineArn: this.#machineOf(request).arn,
          name: execution,
          input: canonicalJson({ request }),
        }),
      );
    } catch (error) {
      const { name } = error as Error;
      if (name === 'StateMachineDoesNotExist' || name === 'StateMachineDeleting') {
        throw new SetupError(
          `${project} is not deployed to ${environment} (account ${account}, ${region}): got no state machine ` +
            `${this.#machineOf(request).name}; run \`npm run deploy -- --environment ${environment}\``,
        );
      }
      if (name !== 'ExecutionAlreadyExists') throw error;
      // Either it has ended and its result is used, or another run has just taken the name.
      const found = await describeExecution(this.#executions, this.#arnOf(execution, request));
      if (found === null || !sameRequest(found, request)) {
        throw new Error(
          `execution ${execution}: another run has just taken this name; start the command again`,
        );
      }
    }
  }

  /** Stops the execution first, so that it starts no more jobs, then its jobs. */
  async #stop(executionArn: string, history: ExecutionHistory): Promise<void> {
    const cause = 'stopped by the process that followed it';
    try {
      await this.#executions.send(new StopExecutionCommand({ executionArn, error: 'Cancelled', cause }));
    } catch (error) {
      // Another process has already stopped it.
      if ((error as Error).name !== 'ExecutionNotRunning') throw error;
    } finally {
      history.add(await eventsSince(this.#executions, executionArn, history.lastId));
      await stopJobs(this.#jobs, history.openJobs());
    }
  }

  async #tuningProgress({ name, state }: StartedJob): Promise<Progress> {
    const found = await this.#jobs.send(
      new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }),
    );
    const { Completed = 0, Stopped = 0, NonRetryableError = 0 } = found.TrainingJobStatusCounters ?? {};
    return {
      kind: 'trial',
      state,
      done: Completed + Stopped + NonRetryableError,
      total: found.HyperParameterTuningJobConfig?.ResourceLimits?.MaxNumberOfTrainingJobs ?? 0,
      best: found.BestTrainingJob?.FinalHyperParameterTuningJobObjectiveMetric?.Value ?? null,
    };
  }

  /** Whether a run that is named after its input was judged against a former champion. */
  async #isOutdated(execution: string, request: AnyRequest): Promise<boolean> {
    if (this.#options.runId !== null) return false;
    // Rows, champion or labels may be others now, and releasing or looking again costs nothing.
    if (machineOf(request) !== 'train') return true;
    const { ledger } = this.context;
    const record = (await ledger.get<RunRecord>(runKind, execution))?.value;
    const champion = await ledger.get<Champion>(championKind, championId);
    const judged = record?.state.promotion?.version ?? record?.state.plan?.champion.version;
    return judged !== (champion?.version ?? 0);
  }

  #machineOf(request: Startable) {
    if ('promote' in request) return this.#names.machines[request.promote ? 'promote' : 'evaluate'];
    return machineOf(request) === 'release' ? this.#names.releaseMachine : this.#names.monitorMachine;
  }

  #arnOf(execution: string, request: Startable): string {
    const { arn } = this.#machineOf(request);
    return `${arn.replace(':stateMachine:', ':execution:')}:${execution}`;
  }
}

/** What tells which machine takes a request. */
type Startable = Pick<Request, 'promote'> | Pick<ReleaseRequest, 'kind'> | Pick<MonitorRequest, 'at'>;

function machineOf(request: Startable): 'train' | 'release' | 'monitor' {
  if ('promote' in request) return 'train';
  return 'kind' in request ? 'release' : 'monitor';
}

const shownSteps = { train: trainSteps, release: releaseSteps, monitor: monitorSteps };

/** Opens the backend of an environment. Throws SetupError if it is not deployed or the credentials do not fit. */
export async function openAwsBackend(options: AwsBackendOptions): Promise<AwsBackend> {
  await requireDeployed(options.deployment);
  return new AwsBackend(options);
}

/** At most 70 characters of [a-zA-Z0-9-], because an execution's name, which adds the number, may have 80. */
function runIdOf(runId: string | null, request: AnyRequest): string {
  const { model, trigger } = request;
  const id = runId?.replaceAll(/[^a-zA-Z0-9-]/g, '-').slice(0, 40) ?? sha256Json(request).slice(0, 16);
  // A workflow run has one execution per model, and another if it also trains a baseline.
  const isOnly = 'config' in request && model === request.config.project;
  const what = whatOf(request, trigger.kind);
  const parts = [id, isOnly ? '' : model, what];
  return parts.filter((part) => part !== '').join('-');
}

/** What a request asks for, where its machine or another run of the same id does not say it. */
function whatOf(request: AnyRequest, trigger: Request['trigger']['kind']): string {
  if ('kind' in request) return request.kind;
  if (!('promote' in request)) return 'monitor';
  return trigger === 'baseline' ? 'baseline' : '';
}

const sameRequest = (execution: Execution, request: AnyRequest): boolean =>
  canonicalJson(execution.request) === canonicalJson(request);
