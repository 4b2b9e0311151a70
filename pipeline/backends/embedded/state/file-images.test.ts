import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { imagesContract } from '../../../ports.contract.ts';
import { temporaryFolder } from '../images/python-context.fixture.ts';
import { FileImages } from './file-images.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

imagesContract('FileImages', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, '1'.repeat(64)));
  return {
    images: new FileImages(root),
    there: `model@${digest('1')}`,
    gone: `model@${digest('2')}`,
    elsewhere: `registry.example/team/model@${digest('3')}`,
  };
});
