import * as z from 'zod';
import { modelYaml } from './model-yaml.ts';
import { modelFile, rootFile } from './models.ts';
import { configSchema } from './schema.ts';

/**
 * The JSON Schema from which editors complete and check mlops.yaml. The root's file describes the only model, or names
 * the folders of several models, each with its own file.
 */
export const configJsonSchema = (): object => jsonSchema('mlops.yaml', z.union([configSchema, rootFile]));

export const modelJsonSchema = (): object => jsonSchema("A model's mlops.yaml", modelFile);

export const modelYamlJsonSchema = (): object => jsonSchema('model.yaml', modelYaml);

function jsonSchema(title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return { $schema, title, ...rest };
}
