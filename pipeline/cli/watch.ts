import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { openContext } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import { formatDuration } from '../format.ts';
import { batchName } from '../run/start/landed.ts';
import { lastPredicted, lastTrained } from '../run/start/last-data.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import { type Batch, batchesOf, standsStill, watchable } from '../run/start/watch-folder.ts';
import { exitCodeOf, reportError } from './errors.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { note, print, printJsonLine } from './print.ts';
import { printRelease, exitCode as releaseExitCode, releaseOnce, releaseSummary } from './release.ts';
import { promoteUnasked } from './run.ts';
import { Stopping } from './stopping.ts';

interface Options {
  scoring?: boolean;
  /** Milliseconds. */
  quiet: number;
  once?: boolean;
  config: string;
  model?: string;
  set: string[];
  containers?: boolean;
  json?: boolean;
}

/** The data changed between the moment when they stood still and the start of the run, which would have a part of them. */
class LandedMeanwhile extends Error {
  override readonly name = 'LandedMeanwhile';
}

/** `mlops watch FOLDER`. */
export async function watch(given: string, options: Options): Promise<void> {
  const folder = await watchable(given, home());
  const setting = options.scoring ? 'data.scoring' : 'data.source';
  const { model } = options;
  const { path } = await loadConfig(options.config, { model });
  // A report names the folder as mlops.yaml would, not by its place on this machine.
  const inside = relative(dirname(resolve(path)), folder);
  const source = inside.startsWith('..') || isAbsolute(inside) ? folder : inside;
  const set = [...options.set, `${setting}=${JSON.stringify(source)}`];
  const { config } = await loadConfig(options.config, { model, set });
  const context = await openContext(config, { backend: 'embedded' }, home());
  const said = sayer(options);
  const stopping = new Stopping(new RunProgress(process.stderr), true);
  const { quiet } = options;
  said(
    'watching',
    { folder, setting, quiet_seconds: quiet / 1000 },
    () =>
      `Watching ${given} for ${options.scoring ? 'rows to predict' : 'training data'}; files count once they stand still for ` +
      `${formatDuration(quiet / 1000)}. Ctrl-C ends.`,
  );
  const onWait = () => said('landing', {}, () => 'New files: waiting until they stand still ...');
  try {
    for await (const batch of batchesOf(folder, { quiet, signal: stopping.signal, onWait })) {
      const ended = await handle(batch);
      stopping.running = false;
      if (ended && options.once) return;
    }
  } finally {
    stopping.end();
  }

  /** Returns whether the batch needs no further try. */
  async function handle(batch: Batch): Promise<boolean> {
    const name = batchName(batch.files);
    const many = (count: number) => (count === 1 ? '1 file' : `${count} files`);
    const reason = `${many(batch.landed.length)} landed in ${given}`;
    const same = await (options.scoring ? lastPredicted : lastTrained)(context, sayLeftOut);
    if (same?.version === batch.version) {
      said(
        'same',
        { batch: name, version: batch.version, execution: same.execution },
        () => `${reason}, but the data are those of ${same.execution}: nothing to do.`,
      );
      return true;
    }
    said(
      'landed',
      { batch: name, files: batch.files.length, landed: batch.landed.length, version: batch.version },
      () =>
        `${reason}${batch.files.length > batch.landed.length ? `, which holds ${many(batch.files.length)} now` : ''}.`,
    );
    try {
      const { summary, code } = await start(reason, batch);
      process.exitCode = code;
      said('ended', { batch: name, code, ...(options.scoring ? { release: summary } : { run: summary }) });
    } catch (error) {
      if (error instanceof LandedMeanwhile) {
        said('landing', { batch: name }, () => error.message);
        batch.again = true;
        return false;
      }
      process.exitCode = exitCodeOf(error);
      reportError(error, false);
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      said('failed', { batch: name, code: process.exitCode, error: { name: kind, message } });
    }
    return true;
  }

  async function start(reason: string, batch: Batch): Promise<{ summary: object; code: number }> {
    const onStaged = async () => {
      if (await standsStill(folder, batch)) return;
      throw new LandedMeanwhile('More landed while the run was about to start: it waits for that too.');
    };
    const { config: file, containers, json } = options;
    const common = { model, config: file, set, containers };
    if (!options.scoring)
      return await promoteUnasked({ ...common, json }, { kind: 'data', reason, actor: null }, stopping, {
        onStaged,
      });
    const done = await releaseOnce(
      {
        ...common,
        kind: 'release',
        package: null,
        backend: 'embedded',
        reason,
        trigger: { kind: 'data', actor: null },
      },
      stopping,
      { onStaged },
    );
    if (!json) printRelease(done);
    return { summary: releaseSummary(done), code: releaseExitCode(done.outcome) };
  }
}

/** Tells of an event: a line of JSON, or a sentence for people if there is one. */
const sayer =
  ({ json }: Options) =>
  (event: string, facts: object, sentence?: () => string): void => {
    if (json) printJsonLine(JSON.stringify({ event, at: new Date().toISOString(), ...facts }));
    else if (sentence !== undefined) note(sentence());
    else print();
  };
