import { writeFileSync } from 'node:fs';
import { configJsonSchema, modelJsonSchema, modelYamlJsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';

// Writes the files made from the schema: JSON Schemas for editors and README.md for people.
const beside = (name: string) => new URL(name, import.meta.url);
const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
writeFileSync(beside('mlops.schema.json'), json(configJsonSchema()));
writeFileSync(beside('model.schema.json'), json(modelJsonSchema()));
writeFileSync(beside('model-yaml.schema.json'), json(modelYamlJsonSchema()));
writeFileSync(beside('README.md'), configReference());
