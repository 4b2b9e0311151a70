import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.ts';

const cli = fileURLToPath(new URL('../node_modules/aws-cdk/bin/cdk', import.meta.url));
/** Where cdk.json is, which names the app. */
const root = fileURLToPath(new URL('..', import.meta.url));
const keptOutput = 200_000;

/**
 * Runs the locked CDK command line on the app and passes on what it says. Throws CdkError with what to do where it
 * fails for a reason that is known, else with its exit code.
 */
export async function runCdk(
  args: readonly string[],
  { environment, context }: { environment: Environment; context: Readonly<Record<string, string>> },
): Promise<void> {
  const given = Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]);
  const child = spawn(process.execPath, [cli, ...args, ...given, '--no-notices'], {
    cwd: root,
    stdio: ['inherit', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // The app runs on the Node that runs this.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      AWS_REGION: environment.region,
      // The template's shape is checked by the tests; the service checks it again.
      CDK_VALIDATION: process.env.CDK_VALIDATION ?? 'false',
    },
  });
  let output = '';
  const keep = (target: NodeJS.WriteStream) => (chunk: Buffer) => {
    target.write(chunk);
    output = (output + chunk.toString()).slice(-keptOutput);
  };
  child.stdout.on('data', keep(process.stdout));
  child.stderr.on('data', keep(process.stderr));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  if (code !== 0)
    throw new CdkError(explain(output, environment) ?? `cdk ${args[0]}: exit code ${code}`, code);
}

export class CdkError extends Error {
  override readonly name = 'CdkError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the CDK's output means and how to mend it; undefined where it speaks for itself. */
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
