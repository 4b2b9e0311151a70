import type { StepContext } from '../context.ts';

type Context = Pick<StepContext, 'images' | 'registry'>;

/**
 * Holds the image of a package for as long as it may be served, compared with, or gone back to. Returns sentences for the
 * report on what cannot be held.
 */
export async function holdPackage(name: string, { images, registry }: Context): Promise<string[]> {
  const found = await registry.get(name);
  return found === null ? [] : await holdImage(found.image, 'always', { images });
}

/** Holds an image. Returns a sentence for the report if it cannot be held. */
export async function holdImage(
  image: string,
  how: 'judged' | 'always',
  { images }: Pick<StepContext, 'images'>,
): Promise<string[]> {
  switch (await images.hold(image, how)) {
    case 'held':
      return [];
    case 'elsewhere':
      return [
        `${image} is in a repository outside this environment, whose own rules decide how long it stays: keep it there as ` +
          'long as its package may be used.',
      ];
    case 'gone':
      return [`${image} is no longer in its repository: its package can be neither served nor scored again.`];
  }
}
