/** The CDK app, for `cdk` and cdk.json. What the user set as NODE_COMPILE_CACHE goes before the folder named here. */
import { enableCompileCache } from 'node:module';
import { compileCache } from './cli/compile-cache.ts';

enableCompileCache(compileCache);
await import('./cli/synth.ts');
