import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { recordedTables } from '../../../pipeline/queries/recorded-tables.ts';
import { savedQueries } from '../../../pipeline/queries/saved-queries.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import {
  currentSql,
  pointerColumns,
  predictionColumns,
  predictionPartitions,
  recordedColumns,
  viewColumns,
  viewText,
} from './tables.ts';

/** A query reads at most so much, in bytes: 100 GB cost half a dollar. Athena stops it there. */
const mostScanned = 100e9;

const asHive = (columns: readonly { name: string; hive: string }[]) =>
  columns.map(({ name, hive }) => ({ name, type: hive }));

const parquet = {
  inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  serdeInfo: {
    serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
  },
};

/**
 * The tables of predictions, pointers and what runs record in Glue, the view that joins them, and the workgroup in which people ask. A release
 * adds a partition and rewrites the pointer's object; nothing of this is changed by one.
 */
export class Catalog extends Construct {
  readonly predictions: CfnTable;

  constructor(scope: Construct, id: string, { environment, key }: EncryptedProps) {
    super(scope, id);
    const { names, account, project } = environment;
    const { catalog, root, artifactsBucket } = names;
    const database = new CfnDatabase(this, 'Database', {
      catalogId: account,
      databaseName: catalog.database,
      databaseInput: {
        name: catalog.database,
        description: `Predictions of ${project} in ${environment.name}`,
      },
    });
    const table = (tableId: string, tableInput: CfnTable.TableInputProperty) => {
      const made = new CfnTable(this, tableId, {
        catalogId: account,
        databaseName: catalog.database,
        tableInput,
      });
      made.addResourceDependency(database);
      return made;
    };
    this.predictions = table('Predictions', {
      name: catalog.predictions,
      description: 'The predictions of all releases, a partition each',
      tableType: 'EXTERNAL_TABLE',
      parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
      partitionKeys: asHive(predictionPartitions),
      storageDescriptor: {
        location: `${root}/predictions/`,
        columns: asHive(predictionColumns),
        ...parquet,
      },
    });
    for (const { name, about, columns } of recordedTables)
      table(`Recorded-${name}`, {
        name,
        description: `${about.charAt(0).toUpperCase()}${about.slice(1)}`,
        tableType: 'EXTERNAL_TABLE',
        parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
        // Athena reads the folders below a table's location too. Without partitions, a run adds a file and nothing else.
        storageDescriptor: {
          location: `${root}/${name}/`,
          columns: asHive(recordedColumns(columns)),
          ...parquet,
        },
      });
    const pointers = table('Pointers', {
      name: catalog.pointers,
      description: "Each model's current release",
      tableType: 'EXTERNAL_TABLE',
      parameters: { EXTERNAL: 'TRUE', classification: 'json' },
      storageDescriptor: {
        location: `${root}/pointers/`,
        columns: asHive(pointerColumns),
        inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
        outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
      },
    });
    const current = table('Current', {
      name: catalog.current,
      description: "The predictions of each model's current release",
      tableType: 'VIRTUAL_VIEW',
      parameters: { presto_view: 'true', comment: 'Presto View' },
      // Trino reads columns of a view from its definition alone; other readers of Glue see these.
      storageDescriptor: { columns: asHive(viewColumns), location: '', serdeInfo: {} },
      partitionKeys: [],
      viewOriginalText: viewText(currentSql(catalog), catalog.database),
      viewExpandedText: '/* Presto View */',
    });
    for (const read of [this.predictions, pointers]) current.addResourceDependency(read);

    const workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: catalog.workgroup,
      description: `Questions to the predictions of ${project} in ${environment.name}`,
      // Saved queries and the history of those that ran are no data.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: mostScanned,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${artifactsBucket}/${project}/${catalog.results}/`,
          expectedBucketOwner: account,
          encryptionConfiguration: key
            ? { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn }
            : { encryptionOption: 'SSE_S3' },
        },
      },
    });
    for (const { name, title, sql } of savedQueries()) {
      const saved = new CfnNamedQuery(this, `Query-${name}`, {
        name,
        description: title,
        database: catalog.database,
        queryString: sql,
        workGroup: catalog.workgroup,
      });
      saved.addResourceDependency(workgroup);
      saved.addResourceDependency(database);
    }
  }
}
