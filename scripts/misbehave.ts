/**
 * npm run misbehave [-- NAME...]: runs the pipeline with every program in scripts/misbehave that misbehaves, by default all,
 * and prints a table of what it said, how long it took and what it left. Fails if any is not as it should be. Linux only.
 */
import { parseArgs } from 'node:util';
import { note, print } from '../pipeline/cli/print.ts';
import { cases } from './misbehave/cases.ts';
import { misbehavingProject, runCase } from './misbehave/run-case.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !cases.some((known) => known.name === name));
if (unknown.length > 0) {
  note(`misbehave: got ${unknown.join(', ')}, expected some of ${cases.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const project = misbehavingProject();
let failed = 0;
try {
  print('| program | does | seen | seconds | processes left |\n|---|---|---|---|---|');
  for (const each of chosen) {
    const { problems, message, seconds, left } = await runCase(project.folder, each);
    const cells = [each.of, each.does, `\`${message.replaceAll('|', '\\|').replaceAll('`', "'")}\``];
    print(
      `| ${[...cells, `${seconds.toFixed(1)}${each.interrupted ? ' from Ctrl-C' : ''}`, left.length].join(' | ')} |`,
    );
    if (problems.length === 0) continue;
    failed += 1;
    note(`${each.name}: ${problems.join('; ')}`);
  }
} finally {
  project.remove();
}
process.exitCode = failed === 0 ? 0 : 1;
