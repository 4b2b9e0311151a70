import { basename } from 'node:path/posix';
import { sha256Json } from './hash.ts';
import type { PackageDescription } from './ports.ts';

/**
 * Equal for packages that serve alike: the same artifact with the same settings, code and place of
 * the image. An evaluation and a promotion stage
 * the same code in folders of their own, so only the name of its list counts, which is a hash of its content.
 */
export const packageKey = ({
  fingerprint,
  artifact,
  config,
  code,
  image,
}: Pick<PackageDescription, 'fingerprint' | 'artifact' | 'config' | 'code' | 'image'>): string =>
  sha256Json([fingerprint, artifact, config, basename(code), image]);
