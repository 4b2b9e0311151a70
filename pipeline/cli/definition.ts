import {
  embeddedMonitorResources,
  embeddedReleaseResources,
  embeddedResources,
} from '../backends/embedded/embedded-backend.ts';
import { monitorMachine } from '../machines/monitor.ts';
import { releaseMachine } from '../machines/release.ts';
import { trainMachine } from '../machines/train.ts';
import { printJson } from './print.ts';

/** `mlops definition MACHINE`. */
export function definition(machine: 'train' | 'release' | 'monitor'): void {
  switch (machine) {
    case 'train':
      return printJson(trainMachine(embeddedResources));
    case 'release':
      return printJson(releaseMachine(embeddedReleaseResources));
    case 'monitor':
      return printJson(monitorMachine(embeddedMonitorResources));
  }
}
