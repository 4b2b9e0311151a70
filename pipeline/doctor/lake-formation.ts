import { stsClient } from '../aws/clients.ts';
import { endpoint, sign } from '../aws/signed-call.ts';
import { type Check, ok, warning } from './check.ts';

/** The principal to which Lake Formation gives what IAM alone decides. */
const everybody = 'IAM_ALLOWED_PRINCIPALS';

/** Permissions on a resource, as Lake Formation lists them. */
export interface Granted {
  Principal?: { DataLakePrincipalIdentifier?: string };
  Permissions?: string[];
}

/**
 * Whether IAM decides who reads and changes a database of Glue. Where Lake Formation governs it, a policy of IAM allows nothing:
 * a release cannot add its partition, and readers see no table.
 */
export function lakeFormationCheck(database: string, granted: readonly Granted[], region: string): Check {
  const open = granted.some(
    ({ Principal, Permissions = [] }) =>
      Principal?.DataLakePrincipalIdentifier === everybody && Permissions.includes('ALL'),
  );
  if (open) return ok('Lake Formation', `IAM decides who reads the database ${database}`);
  const grant = (resource: object) =>
    `aws lakeformation grant-permissions --region ${region} --principal DataLakePrincipalIdentifier=${everybody} ` +
    `--permissions ALL --resource '${JSON.stringify(resource)}'`;
  return warning(
    'Lake Formation',
    `the database ${database} is governed by Lake Formation: it gives ${everybody} no ALL on it, so policies of IAM allow nothing there, ` +
      'and a release fails at Add partition',
    `Let IAM decide: \`${grant({ Database: { Name: database } })}\` and \`${grant({ Table: { DatabaseName: database, TableWildcard: {} } })}\`; ` +
      'or grant the roles of the environment what they need in Lake Formation.',
  );
}

/** What Lake Formation grants on a database (https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_ListPermissions.html). */
export async function grantedOn(database: string, region: string): Promise<Granted[]> {
  const body = JSON.stringify({ Resource: { Database: { Name: database } }, MaxResults: 1000 });
  const { credentials, sha256 } = stsClient(region).config;
  const { url, signingRegion } = endpoint('lakeformation', region);
  url.pathname = '/ListPermissions';
  const { host: _, ...headers } = await sign({
    signer: { service: 'lakeformation', region: signingRegion, credentials, sha256 },
    host: url.host,
    path: url.pathname,
    headers: { 'content-type': 'application/json' },
    body,
  });
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  if (!response.ok) {
    const name = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? `HTTP ${response.status}`;
    throw Object.assign(new Error(text.slice(0, 300)), { name });
  }
  return (
    (JSON.parse(text) as { PrincipalResourcePermissions?: Granted[] }).PrincipalResourcePermissions ?? []
  );
}

/** The check of an environment's database. What cannot be asked is said, and no problem: batches alone need it. */
export async function checkLakeFormation(database: string, region: string): Promise<Check> {
  try {
    return lakeFormationCheck(database, await grantedOn(database, region), region);
  } catch (error) {
    const { name, message } = error as Error;
    return warning(
      'Lake Formation',
      `not checked for the database ${database}: ${name}: ${message}`,
      'Use credentials that may list permissions of Lake Formation; if the database is not there yet, deploy first.',
    );
  }
}
