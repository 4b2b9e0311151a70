/**
 * npm run misbehave [-- NAME...]: runs the pipeline with every program in scripts/misbehave that misbehaves, by default all,
 * and prints a table of what it said, how long it took and what it left. Fails if any is not as it should be. Linux only.
 */
import { Argument, Command } from 'commander';
import { note, print } from '../pipeline/cli/print.ts';
import { cases } from './misbehave/cases.ts';
import { misbehavingProject, runCase } from './misbehave/run-case.ts';

const program = new Command('npm run misbehave --')
  .description(
    'Runs the pipeline with programs that misbehave and prints what it said, how long it took and what it left, as Markdown.',
  )
  .addArgument(new Argument('[names...]', 'only these').choices(cases.map(({ name }) => name)))
  .addHelpText(
    'after',
    `
Programs:
${cases.map(({ name, of, does }) => `  ${name.padEnd(20)} ${of} ${does}`).join('\n')}

Exit code: 0 all is as it should be, 1 something is not, 2 bad input.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();
const chosen = cases.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
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
