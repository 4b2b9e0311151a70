import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireAccount } from '../../infra/cli/account.ts';
import { deployedStack } from '../../infra/cli/deployed-stack.ts';
import { CdkError, environmentArguments, runCdk } from '../../infra/cli/run-cdk.ts';
import {
  isChanged,
  losses,
  type ResourceChange,
  type StackDiff,
  stackDiff,
  type Template,
} from '../../infra/cli/stack-diff.ts';
import { type Environment, environmentOf } from '../../infra/environment.ts';
import { stackLink } from '../../pipeline/backends/aws/console-links.ts';
import { loadModels } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';
import { group } from '../shared/log.ts';
import { readSpecificationOf } from '../shared/service-spec.ts';
import { ActionError, type Result } from '../shared/start.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { renderSummary } from './summary.ts';

export interface Surroundings {
  summary: { addRaw(text: string, newLine?: boolean): { write(): Promise<unknown> } };
  signal: AbortSignal;
}

export interface Inputs {
  environment?: string | undefined;
  mode: 'diff' | 'deploy';
  config: string;
  stacks?: string[] | undefined;
  'allow-replacement': boolean;
  app: string;
  cdk: string;
}

type Output = 'changed' | 'outputs' | 'summary';

/** The deployment would delete or replace a resource that holds data. */
class ReplacementError extends Error {
  override readonly name = 'ReplacementError';
}

/**
 * Shows what a deployment would change, and in mode deploy deploys it. An earlier job has synthesized the app, so nothing is
 * built and no code of the app runs here. Once there are outputs, errors are thrown in an ActionError.
 */
export async function run(inputs: Inputs, { summary, signal }: Surroundings): Promise<Result<Output>> {
  const environment = environmentOf(await loadModels(inputs.config), inputs.environment, 'input environment');
  const stacks = stacksOf(inputs, environment);
  const assembly = await readAssembly(inputs, environment, stacks);
  await requireAccount(environment);
  const surroundings = { environment, assembly, stacks, signal };

  readSpecificationOf(assembly.cdk);
  const diffs = await diff(surroundings);
  const lost = diffs.flatMap((one) => losses(one, assembly.templates[one.stack] as Template));
  const text = renderSummary(environment, diffs, lost);
  await summary.addRaw(text, true).write();
  const outputs = { changed: String(diffs.some(isChanged)), summary: text };
  if (inputs.mode === 'diff') return { outputs };
  if (lost.length > 0 && !inputs['allow-replacement']) throw new ActionError(refusal(lost), outputs);
  try {
    return { outputs: { ...outputs, outputs: await deploy(surroundings) } };
  } catch (error) {
    throw new ActionError(error, outputs);
  }
}

/** The named stacks, by default the environment's. Throws InputError for a stack that decides who may deploy. */
function stacksOf({ stacks }: Inputs, { name, names }: Environment): string[] {
  const chosen = stacks ?? [names.stack];
  const own = chosen.find((stack) => stack === names.identityStack || /--(identity|toolkit)$/.test(stack));
  if (own === undefined) return chosen;
  throw new InputError(
    `input stacks: got ${own}, expected no stack that decides who may deploy: a deployment could let anybody in. ` +
      `A person with administrator access deploys it: npm run bootstrap -- --environment ${name}`,
  );
}

interface Deployment {
  environment: Environment;
  assembly: Assembly;
  stacks: readonly string[];
  signal: AbortSignal;
}

/** Prints `cdk diff` for people, and computes the diff that decides about data. */
async function diff({ environment, assembly, stacks, signal }: Deployment): Promise<StackDiff[]> {
  try {
    return await group(`Changes to ${stacks.join(', ')}`, async (onOutput) => {
      await runCdk(
        ['diff', ...stacks, '--exclusively', '--ci', '--no-color'],
        options({ environment, assembly, signal, onOutput }),
      );
      const diffs: StackDiff[] = [];
      for (const stack of stacks) {
        const { [stack]: properties = {} } = assembly.properties;
        const deployed = await deployedStack({ environment, stack, properties, signal, say: onOutput });
        diffs.push(stackDiff(stack, assembly.templates[stack] as Template, deployed));
      }
      return diffs;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CdkError('Cancelled: nothing was changed.', 130);
  }
}

/** @returns the stacks' outputs, as JSON */
async function deploy({ environment, assembly, stacks, signal }: Deployment): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-outputs-'));
  const file = join(folder, 'outputs.json');
  try {
    await group(`Deployment of ${stacks.join(', ')}`, (onOutput) =>
      runCdk(
        [...environmentArguments(stacks, file), '--exclusively', '--ci', '--no-color'],
        options({ environment, assembly, signal, onOutput }),
      ),
    );
    return JSON.stringify(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CdkError(
      `Cancelled. CloudFormation itself finishes, or rolls back, what it has begun: ${stacks.map((stack) => stackLink(environment.region, stack)).join(' ')}`,
      130,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const options = ({
  environment,
  assembly: { folder, cdk },
  signal,
  onOutput,
}: Pick<Deployment, 'environment' | 'assembly' | 'signal'> & { onOutput: (chunk: Buffer) => void }) => ({
  environment,
  assembly: folder,
  cdk,
  signal,
  onOutput,
});

function refusal(lost: readonly ResourceChange[]): ReplacementError {
  const list = lost.map(
    ({ change, type, path, logicalId, because }) =>
      `  ${path || logicalId} (${type}): ${change === 'remove' ? 'removed' : change.replace(/replace$/, 'replaced')}${because.length > 0 ? `, because of ${because.join(', ')}` : ''}`,
  );
  return new ReplacementError(
    `Not deployed: this would replace or remove resources whose data no deployment can restore:\n${list.join('\n')}\n` +
      'Undo the change of the name, logical id or key in infra/; or copy the data and set allow-replacement: true for one deployment.',
  );
}
