/** Synthesizes a stack: `-c environment=NAME -c config=mlops.yaml`. Only this file reads context and configuration. */
import { join } from 'node:path';
import {
  App,
  BootstraplessSynthesizer,
  DefaultStackSynthesizer,
  type IStackSynthesizer,
} from 'aws-cdk-lib/core';
import { note } from '../../pipeline/cli/print.ts';
import { loadModels } from '../../pipeline/config/load.ts';
import { causedByInput } from '../../pipeline/errors.ts';
import { environmentOf } from '../environment.ts';
import type { Identity } from '../identity/identity-stack.ts';
import { toolkitStack } from '../identity/toolkit-roles.ts';

async function main(): Promise<void> {
  const app = new App({ analyticsReporting: false });
  const context = (name: string): string | undefined => app.node.tryGetContext(name);
  const models = await loadModels(context('config') ?? 'mlops.yaml');
  const environment = environmentOf(models, context('environment'));
  const { names, account, region } = environment;
  const env = { account, region };

  const identity = context('identity');
  if (identity !== undefined) {
    const [{ IdentityStack }, { ToolkitStack }] = await Promise.all([
      import('../identity/identity-stack.ts'),
      import('../identity/toolkit-stack.ts'),
    ]);
    // They make what other stacks are deployed through, so they must not need it.
    const synthesizer = () => new BootstraplessSynthesizer() as IStackSynthesizer;
    const roles = new IdentityStack(app, names.identityStack, {
      env,
      synthesizer: synthesizer(),
      environment,
      identity: JSON.parse(identity) as Identity,
    });
    const toolkit = new ToolkitStack(app, toolkitStack(environment), {
      env,
      synthesizer: synthesizer(),
      environment,
    });
    // A role can trust only a role that exists.
    toolkit.addDependency(roles);
  } else {
    const { bundleFunctions } = await import('./bundles.ts');
    const { loadEngine } = await import('../features/train/prepare/load-engine.ts');
    // esbuild runs in a process of its own while the constructs load.
    const [folders, { EnvironmentStack }, { Code }, engine] = await Promise.all([
      bundleFunctions(join('.mlops', 'functions', names.stack)),
      import('../environment-stack.ts'),
      import('aws-cdk-lib/aws-lambda'),
      loadEngine(environment.engine),
    ]);
    new EnvironmentStack(app, names.stack, {
      env,
      // The command line checks the bootstrap's version. It reads the stack with the role that deploys it.
      synthesizer: new DefaultStackSynthesizer({
        qualifier: names.qualifier,
        lookupRoleArn: DefaultStackSynthesizer.DEFAULT_DEPLOY_ROLE_ARN,
        generateBootstrapVersionRule: false,
      }) as IStackSynthesizer,
      environment,
      engine,
      code: (name) => Code.fromAsset(folders[name]),
    });
  }
  app.synth();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Error && causedByInput(error.name))) throw error;
  note(error.message);
  process.exitCode = 2;
}
