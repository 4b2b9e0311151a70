/** npm run soak: kills or stops runs, or takes their disk, at every moment of the train machine, and checks what is left. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { note, print, printJson } from '../pipeline/cli/print.ts';
import { table } from '../pipeline/cli/table.ts';
import { type FaultName, faults } from './soak/faults.ts';
import { type SoakOptions, type SoakResult, soak } from './soak/soak.ts';
import { type StartName, starts } from './soak/starts.ts';

const namesOf = <Name extends string>(known: Record<Name, unknown>) => Object.keys(known) as Name[];
const list = (known: Record<string, { says: string }>) =>
  Object.entries(known)
    .map(([name, { says }]) => `  ${name.padEnd(17)} ${says}`)
    .join('\n');
const several =
  <Name extends string>(known: Record<Name, unknown>) =>
  (text: string): Name[] => {
    const names = text.split(',') as Name[];
    const unknown = names.find((name) => !Object.hasOwn(known, name));
    if (unknown !== undefined)
      throw new InvalidArgumentError(`Expected some of ${namesOf(known).join(', ')}, with commas.`);
    return names;
  };
const whole = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
};

const program = new Command('npm run soak --')
  .description(
    'Stops runs of a small project at every moment of the train machine, brings a fault, and checks what is left: no process, ' +
      'no damage, the champion as it was, and a next run that ends as if nothing had happened. It takes an hour or more.',
  )
  .addOption(
    new Option('--fault <names>', 'only these')
      .argParser(several<FaultName>(faults))
      .default(namesOf(faults), 'all'),
  )
  .addOption(
    new Option('--start <names>', 'only these')
      .argParser(several<StartName>(starts))
      .default(namesOf(starts), 'all'),
  )
  .option('--point <text>', 'only moments whose name holds this, such as Promote')
  .addOption(new Option('--every <n>', 'every n-th moment only').argParser(whole).default(1))
  .addOption(
    new Option('--slack <n>', 'allow n times the seconds: the machine is busy').argParser(whole).default(1),
  )
  .option('--writes', 'before every change of a file too')
  .option('--list', 'only name the cases')
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    `
Faults:
${list(faults)}

Starts:
${list(starts)}

A full or read-only disk needs root, or sudo without a password; without, these cases are left out, which is said.
Linux only. Exit code: 0 all is sound, 1 something is not, 2 bad input.`,
  );

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
const { json, ...options } = program.parse().opts<SoakOptions & { json?: boolean }>();
const result = await soak(options, note);
if (json) printJson(result);
else if (options.list !== true) show(result);
process.exitCode = result.unsound.length === 0 ? 0 : 1;

function show({ faults: tallies, unsound, left_out }: SoakResult): void {
  print();
  const rows = tallies.map(({ fault, cases, sound, worst_seconds, worst_gone }) => [
    fault,
    String(cases),
    String(sound),
    worst_seconds.toFixed(1),
    worst_gone.toFixed(1),
  ]);
  for (const line of table([
    ['fault', 'cases', 'sound', 'ended after (s)', 'processes gone after (s)'],
    ...rows,
  ]))
    print(line);
  for (const reason of left_out) print(`Left out: ${reason}`);
  for (const { name, problems } of unsound) print(`\n${name}\n  ${problems.join('\n  ')}`);
}
