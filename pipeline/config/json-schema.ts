import * as z from 'zod';
import { modelFile, rootFile } from './models.ts';
import { configSchema } from './schema.ts';

/**
 * JSON Schemas of mlops.yaml as people write it, for editors: keys, values and descriptions while typing. The root's file
 * describes the only model, or names the models, each of which then has a file of its own.
 */
export const configJsonSchema = (): object => jsonSchema('mlops.yaml', z.union([configSchema, rootFile]));

export const modelJsonSchema = (): object => jsonSchema("A model's mlops.yaml", modelFile);

function jsonSchema(title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return { $schema, title, ...rest };
}
