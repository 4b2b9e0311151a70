import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { openContext } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import { InputError } from '../errors.ts';
import type { Margin } from '../gate/policy.ts';
import { metricsOf } from '../metrics.ts';
import { renderPower } from '../report/power-terminal.ts';
import { planPower } from '../run/account/power-plan.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { print, printJson } from './print.ts';

interface PowerOptions {
  margin?: Margin;
  confidence?: number;
  metric?: string;
  power: number;
  lead?: number;
  correlation: number;
  backend: Backend['name'];
  environment?: string;
  config: string;
  model?: string;
  set: string[];
  json?: boolean;
}

/** `mlops power`. */
export async function power(options: PowerOptions): Promise<void> {
  const { config } = await loadConfig(options.config, options);
  const known: string[] = metricsOf(config.problem);
  if (options.metric !== undefined && !known.includes(options.metric))
    throw new InputError(
      `--metric: got ${JSON.stringify(options.metric)}, expected one of ${known.join(', ')}`,
    );
  const context = await openContext(config, options, home());
  const plan = await planPower(options, config, context, sayLeftOut);
  const folder = join(home(), 'power');
  const page = join(folder, `${config.name}.html`);
  await mkdir(folder, { recursive: true });
  // The charting library loads slowly, so it is imported only here.
  const { renderPowerPage } = await import('../report/power-html.ts');
  await writeFile(page, renderPowerPage(plan));
  if (options.json) return printJson({ ...plan, html: page });
  print(renderPower(plan));
  print(`\nPage: ${relative(process.cwd(), page)}`);
}
