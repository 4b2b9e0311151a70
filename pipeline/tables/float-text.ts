/** The precision in which a number is stored, in bits. */
export type Precision = 16 | 32 | 64;

/**
 * The shortest text that reads back as the same number at its precision, as Python writes it: `1.0`, `1e+16`, `1e-05`.
 * NaN is "", which stands for a missing value.
 */
export function floatText(value: number, precision: Precision): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '', power = '0'] = shortest(Math.abs(value), precision).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** The number with the fewest decimal digits that rounds to the value at its precision. */
function shortest(value: number, precision: Precision): number {
  if (precision === 64) return value;
  const round = precision === 32 ? Math.fround : roundToFloat16;
  for (let digits = 1; digits < 9; digits++) {
    const near = rounded(value, digits);
    if (round(near) === value) return near;
    // The gap above a power of two is twice the gap below, so that the second nearest may read back.
    const above = Number((near + unitOf(value, digits)).toPrecision(digits));
    if (precision === 32 && near < value && round(above) === value) return above;
  }
  return rounded(value, 9);
}

/** Rounded to so many digits; halfway to the even digit, as Python and C do, not up, as `toPrecision` does. */
function rounded(value: number, digits: number): number {
  const up = value.toPrecision(digits);
  const exact = value.toPrecision(40).replace(/e.*/, '').replace('.', '').replace(/^0+/, '');
  const isHalfway = /^50*$/.test(exact.slice(digits));
  const isOdd = Number(up.replace(/e.*/, '').at(-1)) % 2 === 1;
  if (!isHalfway || !isOdd) return Number(up);
  return Number((Number(up) - unitOf(value, digits)).toPrecision(digits));
}

/** The worth of the last of so many digits. */
const unitOf = (value: number, digits: number): number =>
  Number(`1e${Number(value.toExponential().split('e')[1]) - digits + 1}`);

/** The nearest number that 16 bits hold (IEEE 754 binary16: 10 bits of fraction, exponents from -14). */
function roundToFloat16(value: number): number {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(value))) - 10);
  const units = Math.round(value / unit);
  const isHalfway = units - value / unit === 0.5;
  return (isHalfway && units % 2 === 1 ? units - 1 : units) * unit;
}
