import { embeddedReleaseResources, embeddedResources } from '../backends/embedded/embedded-backend.ts';
import { InputError } from '../errors.ts';
import { releaseMachine } from '../machines/release.ts';
import { trainMachine } from '../machines/train.ts';
import { printJson } from './print.ts';

/** `mlops definition MACHINE`. */
export function definition(machine: string): void {
  if (machine === 'train') printJson(trainMachine(embeddedResources));
  else if (machine === 'release') printJson(releaseMachine(embeddedReleaseResources));
  else throw new InputError(`the ${machine} machine is not built yet; train and release are`);
}
