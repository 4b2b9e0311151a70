import type { Config } from '../config/schema.ts';
import type { Manifest } from '../steps/context.ts';
import type { DecimalMark } from '../tables/dialect.ts';

/** A column that the model takes. */
export interface Feature {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'category';
  /** The texts of a category that training knew; null where the manifest does not list them. */
  readonly values: readonly string[] | null;
  /** Whether data.sensitive names it: nothing shows or keeps its values. */
  readonly sensitive: boolean;
}

/** How a package is asked and what it answers: everything that the service knows of it. */
export interface Contract {
  readonly project: string;
  readonly model: string;
  readonly package: string;
  readonly problem: Manifest['problem'];
  readonly target: string;
  /** Binary: [negative, positive]; regression: none. */
  readonly labels: readonly string[];
  readonly contentType: Manifest['content_type'];
  /** In the order in which the model takes them. */
  readonly features: readonly Feature[];
  /** The column of ids, which a record may have; an answer repeats it. */
  readonly rowId: string | null;
  /** Further columns of the data that a record may have and the model does not get. */
  readonly ignored: readonly string[];
  /** Of a binary model: the positive class is decided from this probability on. */
  readonly threshold: number;
  readonly output: Config['model']['output'];
  /** The names of the columns that follow the prediction in the model's answer. */
  readonly extra: readonly string[];
  readonly decimal: DecimalMark;
  readonly sensitive: readonly string[];
  /** Whether a script made the columns before training. The service does not run it: records have the columns that it made. */
  readonly scripted: boolean;
}

/** A package's documents that a contract is made from. */
export interface ContractSource {
  name: string;
  threshold: number | null;
  manifest: Manifest;
  /** The mlops.yaml with which the package was made. */
  config: Pick<Config, 'project' | 'name' | 'data' | 'model' | 'prepare'>;
}

export function contractOf({ name, threshold, manifest, config }: ContractSource): Contract {
  const { data, model } = config;
  const features = manifest.features.map(
    ({ name: column, type }): Feature => ({
      name: column,
      type: type === 'number' || type === 'boolean' ? type : 'category',
      values: type === 'category' ? (manifest.categories?.[column] ?? null) : null,
      sensitive: data.sensitive.includes(column),
    }),
  );
  const taken = new Set(features.map((feature) => feature.name));
  const columns = [
    manifest.target,
    manifest.group ?? null,
    ...manifest.slices,
    ...(manifest.id_columns ?? []),
    ...data.exclude,
    ...data.features_exclude,
    ...data.slices,
    ...Object.keys(manifest.columns ?? {}),
    'column' in data.split ? (data.split.column ?? null) : null,
  ];
  return {
    project: config.project,
    model: config.name,
    package: name,
    problem: manifest.problem,
    target: manifest.target,
    labels: manifest.labels,
    contentType: manifest.content_type,
    features,
    rowId: manifest.row_id !== null && taken.has(manifest.row_id) ? null : manifest.row_id,
    ignored: [...new Set(columns)].filter(
      (column): column is string => column !== null && column !== manifest.row_id && !taken.has(column),
    ),
    threshold: threshold ?? 0.5,
    output: model.output,
    extra: model.extra,
    decimal: data.csv.decimal,
    sensitive: data.sensitive,
    scripted: config.prepare.script !== null,
  };
}
