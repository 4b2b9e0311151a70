import { Argument, Command } from 'commander';
import { embeddedResources } from '../backends/embedded/embedded-backend.ts';
import { InputError } from '../errors.ts';
import { trainMachine } from '../machines/train.ts';
import { printJson } from './errors.ts';

export function definitionCommand(): Command {
  return new Command('definition')
    .description('Print a state machine as Amazon States Language, the document that every backend runs.')
    .addArgument(new Argument('<machine>').choices(['train', 'release', 'monitor']))
    .option('--json', 'as always: the document is JSON')
    .action((machine: string) => {
      if (machine !== 'train') throw new InputError(`the ${machine} machine is not part of this version yet`);
      printJson(trainMachine(embeddedResources));
    });
}
