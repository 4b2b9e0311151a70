/** [x, y] pairs, at most 200 per curve. */
export type Curve = [x: number, y: number][];

/** The highest y at x of a curve with ascending x, by linear interpolation. */
export function heightAt(curve: Curve, x: number): number {
  const before = Math.max(
    0,
    curve.findLastIndex(([px]) => px <= x),
  );
  const [x0, y0] = curve[before] ?? [0, 0];
  const [x1, y1] = curve[before + 1] ?? [x0, y0];
  return x1 === x0 ? y0 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
