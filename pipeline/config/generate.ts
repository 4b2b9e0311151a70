import { writeFileSync } from 'node:fs';
import { configJsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';

// Writes what is made from the schema: mlops.schema.json for editors and README.md for people.
const beside = (name: string) => new URL(name, import.meta.url);
writeFileSync(beside('mlops.schema.json'), `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
writeFileSync(beside('README.md'), configReference());
