import { createHash, randomUUID } from 'node:crypto';

/**
 * A new UUID, or for a request with an idempotency key one that every repeat of it within the same scope gets again, so that
 * a crash between the effect and its answer doubles nothing.
 */
export function keyedId(scope: readonly string[], key: string | undefined): string {
  if (key === undefined) return randomUUID();
  const hex = createHash('sha256')
    .update(JSON.stringify([...scope, key]))
    .digest('hex');
  const variant = '89ab'[parseInt(hex.charAt(16), 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
