/** Prints a bench's measures, each on a line with its bound if it has one. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The largest value allowed. */
  readonly most?: number;
}

/** Prints the measures; the process ends with exit code 1 if one is over its bound. */
export function report(measures: readonly Measure[]): void {
  const text = (value: number) =>
    Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(2);
  const rows = measures.map(({ name, value, unit, most }) => {
    const kept = most === undefined || value <= most;
    if (!kept) process.exitCode = 1;
    return [
      name,
      text(value),
      unit,
      most === undefined ? '' : `at most ${text(most)}${kept ? '' : ': NOT KEPT'}`,
    ];
  });
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  for (const [name = '', value = '', unit = '', bound = ''] of rows)
    console.log(
      `${name.padEnd(width(0))}  ${value.padStart(width(1))} ${unit.padEnd(width(2))}  ${bound}`.trimEnd(),
    );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
