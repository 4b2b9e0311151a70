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
  const documents = {
    train: () => trainMachine(embeddedResources),
    release: () => releaseMachine(embeddedReleaseResources),
    monitor: () => monitorMachine(embeddedMonitorResources),
  };
  printJson(documents[machine]());
}
