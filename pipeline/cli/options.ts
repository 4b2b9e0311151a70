import { Option } from 'commander';

/*
 * Options that several commands share. A command's definition loads quickly; its code is loaded when it is called, so
 * that `mlops --help` does not load the pipeline.
 */

export const config = () => new Option('--config <file>', 'the configuration').default('mlops.yaml');

export const model = (more = '') =>
  new Option('--model <name>', `which of the project's models${more}; default: the only one`);

export const backend = (what: string) =>
  new Option('--backend <name>', what).choices(['embedded', 'aws']).default('embedded');

export const environment = () =>
  new Option('--environment <name>', 'with --backend aws: which of the environments in mlops.yaml');

export const set = (what = 'override a setting; may be repeated') =>
  new Option('--set <path=value>', what)
    .default([])
    .argParser((value: string, all: string[]) => [...all, value]);

export const json = (what = 'print one JSON object on standard output') => new Option('--json', what);
