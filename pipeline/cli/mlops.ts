#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiling takes half of a short command's time, so its result is cached if the folder can be written.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/mlops'));
await import('./program.ts');
