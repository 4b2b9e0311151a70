import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { lastLines } from '../../pipeline/image/docker.ts';
import { repository } from '../../pipeline/repository.ts';
import type { Environment } from '../environment.ts';
import { compileCache } from './compile-cache.ts';

const keptOutput = 200_000;

interface CdkRun {
  environment: Environment;
  /** For the app, which cdk.json names. */
  context?: Readonly<Record<string, string>>;
  /** A folder that `synth` wrote: what is in it is deployed, and no app runs. */
  assembly?: string;
  /** Folder of the package aws-cdk. Default: the locked one of this repository. */
  cdk?: string;
  /** Takes what the command line says. Default: it is passed on. */
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Interrupts the command line. CloudFormation finishes, or rolls back, what it has begun. */
  signal?: AbortSignal;
}

/**
 * Runs the CDK command line. Returns what it wrote to standard output. Throws CdkError with what to do where it fails
 * for a reason that is known, else with its last words; the signal's reason where that interrupted it.
 */
export async function runCdk(
  args: readonly string[],
  {
    environment,
    context = {},
    assembly,
    cdk = join(repository, 'node_modules/aws-cdk'),
    onOutput = (chunk, stream) => process[stream].write(chunk),
    signal,
  }: CdkRun,
): Promise<string> {
  signal?.throwIfAborted();
  const given = Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]);
  const app = assembly === undefined ? given : ['--app', assembly];
  const child = spawn(process.execPath, [join(cdk, 'bin/cdk'), ...args, ...app, '--no-notices'], {
    cwd: repository,
    stdio: ['inherit', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // The app runs on the Node that runs this.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      AWS_REGION: environment.region,
      // For the command line and the app.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache,
      // The template's shape is checked by the tests; the service checks it again.
      CDK_VALIDATION: process.env.CDK_VALIDATION ?? 'false',
    },
  });
  const interrupt = () => child.kill('SIGINT');
  signal?.addEventListener('abort', interrupt);
  const written: Buffer[] = [];
  let said = '';
  let errors = '';
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      onOutput(chunk, stream);
      if (stream === 'stdout') written.push(chunk);
      else errors = (errors + chunk.toString()).slice(-keptOutput);
      said = (said + chunk.toString()).slice(-keptOutput);
    });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? 1));
  }).finally(() => signal?.removeEventListener('abort', interrupt));
  signal?.throwIfAborted();
  if (code !== 0) {
    // What is compared may hold the words of any failure.
    const known = explain(args[0] === 'diff' ? errors : said, environment);
    throw new CdkError(known ?? `cdk ${args[0]}: exit code ${code}:\n${lastLines(errors)}`, code);
  }
  return Buffer.concat(written).toString();
}

/** The arguments that make or update a stack; `outputs` is the file that its outputs go to. */
export const deployArguments = (stacks: readonly string[], outputs: string): string[] => [
  'deploy',
  ...stacks,
  '--require-approval',
  'never',
  '--progress',
  'events',
  '--outputs-file',
  outputs,
];

export class CdkError extends Error {
  override readonly name = 'CdkError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the CDK's output means and how to fix it; undefined where it speaks for itself. */
export function explain(output: string, { name, account, region, names }: Environment): string | undefined {
  const stack = `stack ${names.stack} in account ${account}, ${region}`;
  const known: [RegExp, (match: RegExpExecArray) => string][] = [
    [
      /SSM parameter \/cdk-bootstrap\/\S+ not found|has not been bootstrapped|Is account \d+ bootstrapped|bootstrap stack version|assume role.*cdk-m[0-9a-f]{9}/i,
      () =>
        `account ${account}, ${region} is not bootstrapped for ${name}, or this identity may not use it: ` +
        `a person with administrator access runs npm run bootstrap -- --environment ${name} once`,
    ],
    [
      /ExpiredToken|token (?:included in the request )?is expired|credentials have expired/i,
      () =>
        'the AWS credentials have expired: log in again (aws sso login), or have the workflow assume its role again',
    ],
    [
      /Unable to resolve AWS account|Could not load credentials|no credentials have been configured|CredentialsProviderError/i,
      () => 'there are no AWS credentials: set AWS_PROFILE, or log in (aws sso login)',
    ],
    [
      /already exists/i,
      () =>
        `what an earlier destroy of ${names.stack} kept is still there: npm run deploy -- --environment ${name} --take-back ` +
        'puts it into the new stack',
    ],
    [
      /is in (\w+) state|in (\w+_IN_PROGRESS) state/,
      ([, state = '']) =>
        state.includes('IN_PROGRESS')
          ? `${stack} is ${state}: another deployment is at work; wait for it and run this again`
          : `${stack} is ${state}: see its events in the CloudFormation console for the first failure`,
    ],
    [
      /(UPDATE_ROLLBACK_FAILED)/,
      ([, state]) =>
        `${stack} is ${state}: an earlier update could neither be made nor undone; in the CloudFormation console choose ` +
        '"Continue update rollback", then deploy again',
    ],
    [
      /(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED)/,
      ([, state]) =>
        `${stack} is ${state}: the first failed resource above says why. Mend that and deploy again; a stack that was ` +
        `never made whole is removed first (npm run destroy -- --environment ${name})`,
    ],
    [
      /(?:not authorized to perform|AccessDenied[^:]*:.*perform): ?(\S+)/,
      ([, action]) =>
        `the identity may not ${action}: deployments may do only what the identity stack lets them; ` +
        `npm run bootstrap -- --environment ${name} renews it after an upgrade`,
    ],
  ];
  for (const [pattern, say] of known) {
    const match = pattern.exec(output);
    if (match) return say(match);
  }
  return undefined;
}
