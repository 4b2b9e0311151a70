/** npm run synth | deploy | diff | destroy -- --environment NAME [--config mlops.yaml] */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { loadModels } from '../pipeline/config/load.ts';
import { requireAccount } from './cli/account.ts';
import { failed } from './cli/failed.ts';
import { environmentArguments, runCdk } from './cli/run-cdk.ts';
import { environmentOf } from './environment.ts';

interface Options {
  environment?: string;
  config: string;
  outputs?: string;
  output?: string;
}

const program = new Command('cdk')
  .description('Synthesizes, deploys, compares or removes the stack of one environment of mlops.yaml.')
  .showHelpAfterError();

function command(
  name: string,
  description: string,
  run: (stack: string, options: Options) => readonly string[],
  { offline = false, after = () => {} }: { offline?: boolean; after?: () => void } = {},
): Command {
  return program
    .command(name)
    .description(description)
    .option('--environment <name>', 'an environment of mlops.yaml; default: the only one')
    .option('--config <file>', 'mlops.yaml', 'mlops.yaml')
    .action(async (options: Options) => {
      const config = resolve(options.config);
      const environment = environmentOf(await loadModels(config), options.environment);
      if (!offline) await requireAccount(environment);
      const { stack } = environment.names;
      const outputs = resolve(options.outputs ?? `.mlops/outputs/${stack}.json`);
      await mkdir(dirname(outputs), { recursive: true });
      const args = run(stack, { ...options, outputs });
      await runCdk(args, { environment, context: { config, environment: environment.name } });
      after();
    });
}

command(
  'synth',
  'writes the CloudFormation template, and the code of its functions, to a folder',
  (stack, { output = '' }) => ['synth', stack, '--quiet', '--output', resolve(output)],
  { offline: true },
).option('--output <folder>', 'the folder', 'cdk.out');
command('diff', 'shows what a deploy would change, state machine included', (stack) => ['diff', stack]);
command(
  'deploy',
  'creates or updates the environment; takes back what a destroy or a failed creation left',
  (stack, { outputs = '' }) => environmentArguments([stack], outputs),
).option('--outputs <file>', "JSON file for the stack's outputs; default: .mlops/outputs/STACK.json");
command(
  'destroy',
  'removes the environment, except the resources that hold data',
  (stack) => ['destroy', stack, '--force'],
  {
    after: () =>
      console.log(
        'Kept, because no deployment can restore their data: the data and artifact buckets, both image repositories, the run ledger ' +
          'and the model packages. Their storage still costs. `npm run deploy` puts them into a new stack; to remove them, empty and ' +
          'delete them in the console (the ledger: turn deletion protection off first).',
      ),
  },
);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}
