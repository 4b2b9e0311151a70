/** Compares two texts by code point, as S3, DynamoDB and Python do: for Array.sort. `<` compares UTF-16, which puts 😀 before ｡ */
export const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
