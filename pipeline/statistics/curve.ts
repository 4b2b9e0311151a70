/** [x, y] pairs, at most 200 a curve. */
export type Curve = [x: number, y: number][];

/** The highest y that a curve of ascending x reaches at x, on straight lines between its points. */
export function heightAt(curve: Curve, x: number): number {
  const before = Math.max(
    0,
    curve.findLastIndex(([px]) => px <= x),
  );
  const [x0, y0] = curve[before] ?? [0, 0];
  const [x1, y1] = curve[before + 1] ?? [x0, y0];
  return x1 === x0 ? y0 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
