import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { lastLines } from '../../pipeline/image/docker.ts';
import { cleanStream } from '../../pipeline/report/clean-text.ts';
import { repository } from '../../pipeline/repository.ts';
import type { Environment } from '../environment.ts';
import { compileCache } from './compile-cache.ts';

const keptOutput = 200_000;

interface CdkRun {
  environment: Environment;
  /** The context of the app that cdk.json names. */
  context?: Readonly<Record<string, string>>;
  /** A folder that `synth` wrote, to deploy without running the app. */
  assembly?: string;
  /** Folder of the package aws-cdk. Default: the locked one of this repository. */
  cdk?: string;
  /** Takes the command line's output. Default: prints it. */
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Interrupts the command line. CloudFormation itself finishes, or rolls back, what it has begun. */
  signal?: AbortSignal;
}

/**
 * Runs the CDK command line and returns its standard output. If it fails, throws CdkError with what to do about a known
 * reason, or with the last lines of its output; if the signal interrupted it, throws the signal's reason.
 */
export async function runCdk(
  args: readonly string[],
  {
    environment,
    context = {},
    assembly,
    cdk = join(repository, 'node_modules/aws-cdk'),
    onOutput = printer(),
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
      // The app runs on this process's Node.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      AWS_REGION: environment.region,
      // The command line and the app share one compile cache.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache,
      // The tests check the template's shape, and so does CloudFormation.
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
    // The output of a diff may contain the words of any failure, so only its errors are searched.
    const known = explain(args[0] === 'diff' ? errors : said, environment);
    throw new CdkError(known ?? `cdk ${args[0]}: exit code ${code}:\n${lastLines(errors)}`, code);
  }
  return Buffer.concat(written).toString();
}

/** Prints the command line's output clean: names in it come from mlops.yaml and from the account. */
function printer(): NonNullable<CdkRun['onOutput']> {
  const streams = {
    stdout: cleanStream((text) => process.stdout.write(text)),
    stderr: cleanStream((text) => process.stderr.write(text)),
  };
  return (chunk, stream) => streams[stream](chunk);
}

/** The arguments that create or update stacks and write their outputs to the file `outputs`. */
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

/**
 * The arguments that create or update stacks of an environment. A creation that failed, or a destroy, may have left resources
 * that hold data and belong to no stack: CloudFormation takes those with the template's names into the stack, instead of
 * failing because they exist. The CDK itself first deletes a stack whose creation failed, and no other
 * (ROLLBACK_COMPLETE, ROLLBACK_FAILED: such a stack has never succeeded).
 */
export const environmentArguments = (stacks: readonly string[], outputs: string): string[] => [
  ...deployArguments(stacks, outputs),
  '--import-existing-resources',
];

export class CdkError extends Error {
  override readonly name = 'CdkError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Explains a known error in the CDK's output and how to fix it; undefined for any other output. */
export function explain(output: string, { name, account, region, names }: Environment): string | undefined {
  const stack = `stack ${names.stack} in account ${account}, ${region}`;
  const known: [RegExp, (match: RegExpExecArray) => string][] = [
    [
      /SSM parameter \/cdk-bootstrap\/\S+ not found|has not been bootstrapped|Is account \d+ bootstrapped|bootstrap stack version|assume role.*cdk-m[0-9a-f]{9}/i,
      () =>
        `account ${account}, ${region} is not bootstrapped for ${name}, or this identity may not use it: ` +
        `a person with administrator access has to run npm run bootstrap -- --environment ${name} once`,
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
      /already exists|(?:need a|must have the) DeletionPolicy/i,
      () =>
        `a resource that ${names.stack} creates exists already, named above, and could not be taken into it: it belongs to another ` +
        'stack, or it holds no data and so was not meant to be kept. Delete it, and deploy again',
    ],
    [
      /is in (\w+) state|in (\w+_IN_PROGRESS) state/,
      ([, state = '']) =>
        state.includes('IN_PROGRESS')
          ? `${stack} is ${state}: another deployment is running; wait for it and run this again`
          : `${stack} is ${state}: see its events in the CloudFormation console for the first failure`,
    ],
    [
      /(UPDATE_ROLLBACK_FAILED)/,
      ([, state]) =>
        `${stack} is ${state}: an earlier update failed and could not be rolled back; in the CloudFormation console choose ` +
        '"Continue update rollback", then deploy again',
    ],
    [
      /(?:current|failed) state\b[^\n]*(DELETE_FAILED)/,
      ([, state]) =>
        `${stack} is ${state}: its creation failed, and a resource of it cannot be deleted, which its events name. Delete the ` +
        'stack in the CloudFormation console without that resource, and deploy again',
    ],
    [
      /(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED)/,
      ([, state]) =>
        `${stack} is ${state}: the first failed resource above says why. Fix it and deploy again: a deployment deletes a stack ` +
        'whose creation failed, and takes back what it left',
    ],
    [
      /(?:not authorized to perform|AccessDenied[^:]*:.*perform): ?(\S+)/,
      ([, action]) =>
        `the identity may not ${action}: the identity stack says what deployments may do; ` +
        `after an upgrade run npm run bootstrap -- --environment ${name} to update it`,
    ],
  ];
  for (const [pattern, say] of known) {
    const match = pattern.exec(output);
    if (match) return say(match);
  }
  return undefined;
}
