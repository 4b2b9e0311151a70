import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { emptyDatabase, type SpecDatabase } from '@aws-cdk/service-spec-types';

/*
 * Replaces @aws-cdk/aws-service-spec in bundles. The specification of AWS's resources is too large for a bundle, and the
 * CDK's command line, which deploys, brings its own.
 */

let folder = '';

/** @param cdk - the folder of the package aws-cdk */
export function readSpecificationOf(cdk: string): void {
  folder = cdk;
}

export function loadAwsServiceSpecSync(): SpecDatabase {
  const database = emptyDatabase();
  database.load(JSON.parse(gunzipSync(readFileSync(join(folder, 'db.json.gz'))).toString()));
  return database;
}
