/**
 * npm run bench [-- NAME...] [-- OPTION...]: runs the benches of these names, by default all, each with the options. A bench
 * prints its measures and fails if one is over its bound.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const benches: Record<string, string> = {
  gate: 'bench/gate.ts',
  serve: 'bench/serve.ts',
  synth: 'bench/synth.ts',
  functions: 'bench/functions.ts',
  calls: 'bench/calls.ts',
  data: 'bench/data.ts',
  delivery: 'bench/delivery.ts',
  batch: 'bench/batch.ts',
  actions: 'bench/actions.ts',
  query: 'bench/query.ts',
  monitor: 'bench/monitor.ts',
};
const here = Object.keys(benches).filter((name) => existsSync(join(root, benches[name] ?? '')));

const given = process.argv.slice(2);
const options = given.slice(given.findIndex((argument) => argument.startsWith('-')) >>> 0);
const names = given.slice(0, given.length - options.length);
const unknown = names.filter((name) => !here.includes(name));
if (unknown.length > 0) {
  console.error(`bench: got ${unknown.join(', ')}, expected some of ${here.join(', ')}`);
  process.exit(2);
}
const failed = (names.length > 0 ? names : here).filter((name) => {
  console.log(`\n${name}`);
  const args = [join(root, benches[name] ?? ''), ...options];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) console.error(`over their bounds: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
