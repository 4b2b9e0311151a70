import * as z from 'zod';
import { configSchema } from './schema.ts';

/** JSON Schema of mlops.yaml as people write it, for editors: keys, values and descriptions while typing. */
export function configJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return { $schema, title: 'mlops.yaml', ...rest };
}
