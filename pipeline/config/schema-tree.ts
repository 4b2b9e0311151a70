import * as z from 'zod';

/** The concrete alternatives of a schema, without its defaults, `off` and transforms. */
export function alternatives(schema: unknown): unknown[] {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  )
    return alternatives(schema.unwrap());
  if (schema instanceof z.ZodPipe) return alternatives(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternatives);
  return [schema];
}

/** The fields of a schema that may be an object; undefined if it may not. */
export function fieldsOf(schema: unknown): Record<string, unknown> | undefined {
  const object = alternatives(schema).find((one) => one instanceof z.ZodObject);
  return object?.shape;
}

/** The schema of a key, or of a list's items; undefined if there is none. */
export function childOf(schema: unknown, key: string): unknown {
  for (const one of alternatives(schema)) {
    if (one instanceof z.ZodObject && Object.hasOwn(one.shape, key)) return one.shape[key];
    if (one instanceof z.ZodRecord) return one.valueType;
    if (one instanceof z.ZodArray && /^\d+$/.test(key)) return one.element;
  }
  return undefined;
}

export const schemaAt = (schema: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => childOf(inner, key), schema);

/** Whether the value is text that is kept as written, even where YAML reads a number or a boolean. */
export function isText(schema: unknown): boolean {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return isText(schema.unwrap());
  return schema instanceof z.ZodPipe && schema.in instanceof z.ZodUnion;
}
