import type { Place } from '../../environment.ts';
import { arnOf } from '../../iam/arn.ts';

/**
 * The ARNs of the environment's database and its tables. Glue checks a call on a table also on the database and on the
 * account's catalog, which is named here too: a statement names each action, because some change the catalog itself.
 */
export const catalogArns = (place: Place, table = '*'): string[] => {
  const { database } = place.names.catalog;
  return [
    arnOf(place, 'glue', 'catalog'),
    arnOf(place, 'glue', `database/${database}`),
    arnOf(place, 'glue', `table/${database}/${table}`),
  ];
};
