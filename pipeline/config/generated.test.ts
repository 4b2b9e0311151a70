import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { sample } from '../../fixtures/sample.fixture.ts';
import { configJsonSchema, modelJsonSchema, modelYamlJsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';
import { configSchema } from './schema.ts';
import { alternatives } from './schema-tree.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

// Where these fail: node pipeline/config/generate.ts
test('mlops.schema.json is what the schema makes', () => {
  expect(JSON.parse(read('mlops.schema.json'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

test('model.schema.json is what the schema makes', () => {
  expect(JSON.parse(read('model.schema.json'))).toEqual(JSON.parse(JSON.stringify(modelJsonSchema())));
});

test('model-yaml.schema.json is what the schema makes, and the sample names it', () => {
  const schema = JSON.parse(read('model-yaml.schema.json'));
  expect(schema).toEqual(JSON.parse(JSON.stringify(modelYamlJsonSchema())));
  const said = parse(readFileSync(join(sample, 'model/model.yaml'), 'utf8'));
  expect(z.fromJSONSchema(schema).safeParse(said).success).toBe(true);
  expect(z.fromJSONSchema(schema).safeParse({ ...said, context: 'model' }).success).toBe(false);
});

test('README.md is what the schema makes', () => {
  expect(read('README.md')).toBe(configReference());
});

test('an editor finds the schema beside the sample, takes the sample and marks a misspelt key', () => {
  const text = readFileSync(join(sample, 'mlops.yaml'), 'utf8');
  const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
  const schema = z.fromJSONSchema(JSON.parse(read(`../../${path}`)));
  const settings = parse(text);
  expect(schema.safeParse(settings).success).toBe(true);
  expect(schema.safeParse({ ...settings, budgt: 1 }).success).toBe(false);
  expect(schema.safeParse({ ...settings, gate: { ...settings.gate, confidence: 2 } }).success).toBe(false);
});

test('every setting has a description', () => {
  const bare: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    for (const one of alternatives(schema)) {
      if (one instanceof z.ZodRecord) walk(one.valueType, `${path}.NAME`);
      if (!(one instanceof z.ZodObject)) continue;
      for (const [key, field] of Object.entries(one.shape)) {
        const inner = `${path}.${key}`;
        if (!(field instanceof z.ZodType && field.description) && !/^\.gate\.thresholds\.\w+$/.test(inner))
          bare.push(inner);
        walk(field, inner);
      }
    }
  };
  walk(configSchema, '');
  expect(bare).toEqual([]);
});
