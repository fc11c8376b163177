/** Ids in hexadecimal match too: it only decides whether to look closer. */
const MAY_GROW = /\d[eE][+-]?\d|\d{309}/;
const TEXT = /"(?:[^"\\]|\\.)*"/g;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE]([+-]?\d+))?/g;

/**
 * How many bytes longer a JSON text may become when its numbers are printed anew: `1e300` has 301 digits in Postgres,
 * `1e20` has 21 here. `Infinity` when a number is beyond what a double holds, since it would come back as null.
 */
export function growthOfNumbers(json: string): number {
  if (!MAY_GROW.test(json)) return 0;
  let bytes = 0;
  for (const [number, exponent = '0'] of json.replaceAll(TEXT, '""').matchAll(NUMBER)) {
    if (!Number.isFinite(Number(number))) return Infinity;
    bytes += Math.abs(Number(exponent));
  }
  return bytes;
}
