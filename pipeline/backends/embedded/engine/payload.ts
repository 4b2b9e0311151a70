import type { Json } from '../../../machines/asl.ts';
import { TaskError } from './task-error.ts';

/** The value as JSON, as it goes over the wire. @throws TaskError beyond the 256 KB that AWS carries between states */
export function payload(value: unknown, what: string): Json {
  const text = JSON.stringify(value ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes > 262_144) {
    throw new TaskError('States.DataLimitExceeded', `${what} has ${bytes} bytes of JSON; 262144 is the most`);
  }
  return JSON.parse(text) as Json;
}
