/** The CDK app, for `cdk` and cdk.json. NODE_COMPILE_CACHE, if the user set it, overrides the folder named here. */
import { enableCompileCache } from 'node:module';
import { compileCache } from './cli/compile-cache.ts';

enableCompileCache(compileCache);
await import('./cli/synth.ts');
