import { readFile } from 'node:fs/promises';
import { removeAbandonedModels, startModel } from '../backends/embedded/serving/model-process.ts';
import { openModelHost } from '../backends/embedded/serving/open-host.ts';
import { useBackend } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import { DataContractError, InputError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import type { Answer } from '../serve/answer.ts';
import { PackageClient } from '../serve/client.ts';
import type { RecordProblem } from '../serve/records.ts';
import { recordsOf } from '../serve/records-file.ts';
import { type Champion, championId, championKind, type StepContext } from '../steps/context.ts';
import { currentId, type Pointer, pointerKind } from '../steps/release/records.ts';
import { home } from './home.ts';
import { predictionTable } from './prediction-table.ts';
import { note, print, printJson } from './print.ts';
import { table } from './table.ts';

interface PredictOptions {
  package?: string;
  url?: string;
  containers?: boolean;
  config: string;
  model?: string;
  json?: boolean;
}

/** A service did not answer as expected. */
class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

/** Records of a request: few enough for the body that SageMaker and the service take. */
const AT_A_TIME = 1000;
const MOST_BYTES = 4 * 2 ** 20;

/** `mlops predict`. */
export async function predict(file: string, options: PredictOptions): Promise<void> {
  const { config } = await loadConfig(options.config, { ...options, set: [] });
  const name = file === '-' ? 'standard input' : file;
  const { records, lines } = await recordsOf(await bytesOf(file), name, config.data.csv);
  const refuse = (problems: readonly RecordProblem[]) => refuseAt(problems, name, lines);
  const answers =
    options.url === undefined
      ? await askHere(records, refuse, options)
      : await askService(records, refuse, options.url);
  if (options.json) return printJson({ predictions: answers });
  for (const line of table(predictionTable(answers, config.data.row_id))) print(line);
  const packages = [...new Set(answers.map((answer) => answer.package))];
  print(`\n${formatCountOf(answers.length, 'prediction')} by ${packages.join(', ')}`);
}

async function bytesOf(file: string): Promise<Uint8Array> {
  if (file !== '-')
    return await readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new InputError(
        `FILE: got ${JSON.stringify(file)}, which cannot be read (${error.code}); expected CSV, JSON or JSON Lines, or - for standard input`,
      );
    });
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Starts the model for this one question. */
async function askHere(records: object[], refuse: Refuse, options: PredictOptions): Promise<Answer[]> {
  const { config } = await loadConfig(options.config, { ...options, set: [] });
  const place = { home: home(), onNote: note };
  const abort = new AbortController();
  const stop = () => abort.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const release = await useBackend({ backend: 'embedded' }, place);
  try {
    await removeAbandonedModels(place.home);
    const host = await openModelHost(config, { ...place, containers: options.containers ?? false });
    const name = options.package ?? (await answering(host.context));
    const model = await startModel(name, host, abort.signal);
    try {
      const client = new PackageClient(model.contract);
      const { rows, problems } = client.read(records);
      refuse(problems);
      const answers: Answer[] = [];
      for (const part of parts(rows, (row) => row.cells.join().length))
        answers.push(...(await client.ask(model, part)));
      return answers;
    } finally {
      await model.stop(abort.signal.aborted ? 0.7 : 5);
    }
  } finally {
    release();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }
}

/** The released package, or the champion where nothing is released yet. */
async function answering({ ledger }: Pick<StepContext, 'ledger'>): Promise<string> {
  const pointer = await ledger.get<Pointer>(pointerKind, currentId);
  if (pointer !== null) return pointer.value.package;
  const champion = await ledger.get<Champion>(championKind, championId);
  if (champion === null)
    throw new InputError(
      'no model is released and none was promoted, expected one: `npm start` trains and promotes, `npx mlops release` releases; or name one by --package',
    );
  note(`Nothing is released yet: the champion ${champion.value.package} answers.`);
  return champion.value.package;
}

/** Asks a service that runs. */
async function askService(records: object[], refuse: Refuse, given: string): Promise<Answer[]> {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new InputError(
      `--url: got ${JSON.stringify(given)}, expected the address of a service, such as http://127.0.0.1:8080`,
    );
  const answers: Answer[] = [];
  const problems: RecordProblem[] = [];
  for (const part of parts(records, (record) => JSON.stringify(record).length)) {
    const first = answers.length;
    const { predictions, errors } = await post(url, part);
    problems.push(
      ...errors.map((error) => ({ ...error, record: error.record === null ? null : first + error.record })),
    );
    // Also after an error, so that later records keep their numbers.
    answers.push(...(predictions ?? (part.map(() => null) as never[])));
  }
  refuse(problems);
  return answers;
}

async function post(
  url: URL,
  records: object[],
): Promise<{ predictions: Answer[] | null; errors: RecordProblem[] }> {
  const address = new URL('predict', url.href.endsWith('/') ? url : `${url.href}/`);
  let response: Response;
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ records }),
    });
  } catch (error) {
    const { cause, message } = error as Error;
    throw new ServiceError(
      `${address.href} does not answer: ${(cause as Error | undefined)?.message || message}`,
    );
  }
  const text = await response.text();
  const { predictions, errors } = answered(text);
  if (response.status === 400 && errors !== undefined) return { predictions: null, errors };
  if (response.ok && predictions?.length === records.length) return { predictions, errors: [] };
  const why = errors?.map(({ message }) => message).join('; ') ?? text.slice(0, 200);
  throw new ServiceError(
    `${address.href}: got status ${response.status}, expected 200 with a prediction for each record: ${why}`,
  );
}

function answered(text: string): { predictions?: Answer[]; errors?: RecordProblem[] } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Throws every problem at once; does nothing if there is none. */
type Refuse = (problems: readonly RecordProblem[]) => void;

/** @param lines the line of each record in the file; null: records are counted */
function refuseAt(problems: readonly RecordProblem[], file: string, lines: readonly number[] | null): void {
  if (problems.length === 0) return;
  throw new DataContractError(
    problems.map(({ record, column, message }) => {
      const line = record === null ? undefined : lines?.[record - 1];
      const where = [
        ...(record === null ? [] : [line === undefined ? `record ${record}` : `line ${line}`]),
        ...(column === null ? [] : [`column ${JSON.stringify(column)}`]),
      ].join(', ');
      return { path: '', message: `${file}: ${where === '' ? '' : `${where}: `}${message}` };
    }),
  );
}

/** The items in parts that one request takes. */
function* parts<T>(items: readonly T[], bytesOfItem: (item: T) => number): Generator<T[]> {
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = bytesOfItem(item);
    if (part.length > 0 && (part.length >= AT_A_TIME || bytes + more > MOST_BYTES)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(item);
    bytes += more;
  }
  if (part.length > 0) yield part;
}
