#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Half of a short command's time is compiling: kept from the first run on, where the folder can be written.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/mlops'));
await import('./program.ts');
