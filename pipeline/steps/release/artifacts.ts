import type { StepContext } from '../context.ts';

type Place = Pick<StepContext, 'root' | 'model'>;

/** The prefix of the Parquet files of a release's predictions, in the form that Athena and DuckDB read partitions from. */
export const predictionsFolder = ({ root, model }: Place, release: string): string =>
  `${root}/predictions/model=${model}/release=${release}/`;

/** The prefix of the Parquet files of the columns that the predictions were made from. */
export const inputsFolder = ({ root, model }: Place, release: string): string =>
  `${root}/inputs/model=${model}/release=${release}/`;

/** The object that says which release is current: `{model, release, package, mode, at}` as one line of JSON. */
export const pointerUri = ({ root, model }: Place): string => `${root}/pointers/${model}.json`;

/** The prefix of a release's page, rows and summary: `page.html`, `private.html`, `summary.json`, `rows/`. */
export const releaseFolder = ({ root, model }: Place, release: string): string =>
  `${root}/releases/${model}/${release}/`;

/** The prefix of what the prediction service was asked and answered, by day. */
export const capturesFolder = ({ root, model }: Place): string => `${root}/captures/${model}/`;
