import { embeddedResources } from '../backends/embedded/embedded-backend.ts';
import { InputError } from '../errors.ts';
import { trainMachine } from '../machines/train.ts';
import { printJson } from './print.ts';

/** `mlops definition MACHINE`. */
export function definition(machine: string): void {
  if (machine !== 'train') throw new InputError(`the ${machine} machine is not built yet; train is`);
  printJson(trainMachine(embeddedResources));
}
