import { join } from 'node:path';
import type { Backend } from '../../backends/backend.ts';

/** Where people find what is at an `s3://` URI: there on AWS, in a folder of `home` (`.mlops`) on this machine. */
export const placeOf = (uri: string, { name }: Pick<Backend, 'name'>, home: string): string =>
  name === 'embedded' ? join(home, 's3', uri.replace('s3://', '')) : uri;
