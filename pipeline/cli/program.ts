import { Command, CommanderError } from 'commander';
import { commands } from './commands.ts';
import { exitCodeOf, printError, reportError } from './errors.ts';
import { note } from './print.ts';

const program = new Command('mlops')
  .description('Train, judge and ship a model with the same state machine on this machine and on AWS.')
  .addHelpText(
    'after',
    `
Exit codes: 0 done; 1 failed; 2 bad input (configuration, arguments, score files, data).
\`mlops gate\` also: 3 reject, 4 hold.

Start with \`mlops run --mode promote\`, which is \`npm start\`.`,
  )
  .showHelpAfterError('(add --help for the options)');

for (const command of commands()) program.addCommand(command);
const output = { outputError: (text: string) => note(text.trimEnd()) };
for (const command of [program, ...program.commands]) command.exitOverride().configureOutput(output);

// A reader that closes the pipe early (`mlops history | head`) changes neither the work nor the exit code.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const json = process.argv.includes('--json');
// Errors outside any promise, such as a log that cannot be written. The jobs end with this process.
process.on('uncaughtException', (error) => {
  reportError(error, json);
  process.exit(exitCodeOf(error));
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already printed it.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    if (json && process.exitCode === 2) printError('InputError', error.message);
  } else {
    reportError(error, json);
    process.exitCode = exitCodeOf(error);
  }
}
