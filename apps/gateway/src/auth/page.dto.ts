import { pageQuery } from '../http/page.query.js';

export class AccountsQuery extends pageQuery({ usual: 100, max: 500 }) {}

/** Cuts a page from one row more than it has room for; `next` is the key of its last row when there is more. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}
