import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/* The bodies that GitHub accepts, from its own description of its API (request-bodies.fixture.json says which). */
const { bodies } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'request-bodies.fixture.json'), 'utf8'),
) as { bodies: Record<string, { properties?: object }> };

const schemas = new Map(
  Object.entries(bodies).map(([route, schema]) => [
    route,
    z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema, { defaultTarget: 'openapi-3.0' }),
  ]),
);

/**
 * Why GitHub would refuse a body; undefined if it would not, or the route is not in the description. A field that GitHub does
 * not know is a reason too, although GitHub ignores it: a test wants to hear of it.
 * @param route `METHOD /path` without `/repos/{owner}/{repo}`
 */
export function whyInvalid(route: string, body: Record<string, unknown>): string | undefined {
  const schema = schemas.get(route);
  if (schema === undefined) return undefined;
  const known = Object.keys(bodies[route]?.properties ?? {});
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  if (unknown.length > 0) return `Invalid request: ${unknown.join(', ')} unknown`;
  const { error } = schema.safeParse(body);
  return error === undefined ? undefined : `Invalid request.\n\n${JSON.stringify(error.issues)}`;
}
