import { InvalidArgumentError } from 'commander';

/** An option's amount in US dollars. Throws commander's InvalidArgumentError unless it is above 0. */
export function dollars(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected an amount above 0');
  return value;
}
